/* SPDX-License-Identifier: MIT
 *
 * stress/chaos.c - a population of fibers that do everything in random order. After every step each checks what is its
 * own: id, name, storage, rounding mode, the bytes on its stack, its thread if it is sticky.
 */
#include "support/bodies.h"
#include "support/deep.h"
#include "support/stress.h"

#include <errno.h>
#include <fenv.h>
#include <stdatomic.h>
#include <string.h>

enum { POPULATION = 60, STEPS = 40 };

static coir_key key;
static atomic_long destroyed, born;

static void destructor(void *value)
{
	must(value != NULL);
	atomic_fetch_add(&destroyed, 1);
	must_ok(coir_yield());
}

struct life {
	uint64_t dice;
	int generation;
	bool sticky;
	/* what must not change under it */
	coir_fiber self;
	char name[COIR_NAME_MAX];
	int rounding;
	int thread;
};

static void check(const struct life *l)
{
	char name[COIR_NAME_MAX];
	void *value = NULL;
	must_eq(coir_id(), l->self.seq);
	must_ok(coir_name(name, sizeof name));
	must(strcmp(name, l->name) == 0, "'%s', wanted '%s'", name, l->name);
	must_ok(coir_get(key, &value));
	must(value == l);
	must_eq(fegetround(), l->rounding);
	must(!l->sticky || thread_id() == l->thread, "a sticky fiber moved");
}

static intptr_t live(void *arg);

static coir_fiber beget(struct life *parent, struct life *child)
{
	*child = (struct life){.dice = chance(&parent->dice), .generation = parent->generation - 1};
	child->sticky = chance_below(&parent->dice, 6) == 0;
	coir_attr attr = COIR_ATTR_INIT;
	attr.sticky = child->sticky;
	attr.stack_size = chance_below(&parent->dice, 8) ? 0 : (size_t)(64 + chance_below(&parent->dice, 512)) << 10;
	coir_fiber f;
	must_ok(coir_spawn(&attr, live, child, &f));
	return f;
}

static void have_children(struct life *l)
{
	struct life child[3];
	coir_fiber f[3];
	int n = l->generation > 0 ? (int)chance_below(&l->dice, 3) + 1 : 0;
	for (int i = 0; i < n; i++)
		f[i] = beget(l, &child[i]);
	if (chance_below(&l->dice, 2))
		must_ok(coir_yield());
	for (int i = n - 1; i >= 0; i--)
		must_eq(must_join(f[i]), 1);
}

static intptr_t act_on_big_stack(void *arg)
{
	struct life *l = arg;
	check(l);
	must(use_stack(150 << 10) >= 150 << 10);
	must_ok(coir_yield());
	have_children(l);
	check(l);
	return 12;
}

static void rename_itself(struct life *l)
{
	snprintf(l->name, sizeof l->name, "life %u", chance_below(&l->dice, 1000));
	must_ok(coir_set_name(l->name));
}

static intptr_t unpark_it(void *arg)
{
	must_ok(coir_unpark(*(coir_fiber *)arg));
	return 0;
}

static void wait_for_permit(struct life *l)
{
	coir_fiber waker = must_spawn(unpark_it, &l->self);
	must_ok(coir_park());
	must_join(waker);
}

static void step(struct life *l)
{
	static const int modes[4] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
	intptr_t out = 0;
	switch (chance_below(&l->dice, 9)) {
	case 0:
		have_children(l);
		break;
	case 1:
		must_ok(coir_call_with_stack(256 << 10, act_on_big_stack, l, &out));
		must_eq(out, 12);
		break;
	case 2:
		rename_itself(l);
		break;
	case 3:
		l->rounding = modes[chance_below(&l->dice, 4)];
		must_eq(fesetround(l->rounding), 0);
		break;
	case 4:
		wait_for_permit(l);
		break;
	case 5:
		must_ok(coir_detach(must_spawn(fiber_yield_often, NULL)));
		break;
	case 6:
		must(use_stack(30 << 10) >= 30 << 10);
		break;
	default:
		must_ok(coir_yield());
	}
}

static intptr_t live(void *arg)
{
	struct life *l = arg;
	volatile unsigned char pattern[200];
	l->self = must_self();
	l->thread = thread_id();
	l->rounding = FE_TONEAREST;
	memset((void *)pattern, (int)(l->self.seq & 255), sizeof pattern);
	must_ok(coir_set(key, l));
	atomic_fetch_add(&born, 1);
	for (int i = 0; i < STEPS >> (3 - l->generation); i++) {
		step(l);
		check(l);
	}
	for (size_t i = 0; i < sizeof pattern; i++)
		must_eq(pattern[i], l->self.seq & 255);
	return 1;
}

static intptr_t world(void *arg)
{
	const struct stress *s = arg;
	struct life *root = zeros(POPULATION, sizeof *root);
	coir_fiber f[POPULATION];
	struct life creator = {.dice = 3, .generation = 3};
	for (long round = 0; round < s->rounds; round++) {
		for (int i = 0; i < POPULATION; i++)
			f[i] = beget(&creator, &root[i]);
		must_eq(must_join_all(f, POPULATION), POPULATION);
		must_eq(atomic_load(&destroyed), atomic_load(&born));
	}
	free(root);
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 10);
	must_ok(coir_key_create(&key, destructor));
	with_workers(s.workers, world, &s);
	must(atomic_load(&born) >= POPULATION * s.rounds);
	return 0;
}
