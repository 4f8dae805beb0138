/* SPDX-License-Identifier: MIT
 *
 * api/task_self_test.c - a task acts as the fiber that forked it, wherever it runs: who it is, what it may read and not
 * write, how much stack it has, on which thread it runs.
 */
#include "support/bodies.h"
#include "support/deep.h"
#include "support/tasks.h"
#include "support/test.h"

#include <errno.h>
#include <string.h>

/* ---- identity ---- */

struct me {
	coir_fiber self;
	uint64_t id;
	char name[COIR_NAME_MAX];
	coir_key key;
	void *value;
};

static void look_at_me(struct me *me)
{
	me->self = must_self();
	me->id = coir_id();
	must_ok(coir_name(me->name, sizeof me->name));
	must_ok(coir_get(me->key, &me->value));
}

static intptr_t is_the_same(void *arg)
{
	const struct me *me = arg;
	struct me here = {.key = me->key};
	look_at_me(&here);
	must(here.self.fiber == me->self.fiber);
	must_eq(here.self.seq, me->self.seq);
	must_eq(here.id, me->id);
	must(strcmp(here.name, me->name) == 0, "%s", here.name);
	must(here.value == me->value);
	must_eq(coir_join(here.self, NULL), -EDEADLK);
	must(coir_worker() >= 0);
	return 0;
}

static intptr_t sameness(void *arg)
{
	for (enum way way = 0; way < WAYS; way++)
		must_ok(run_probe(way, is_the_same, arg));
	return is_the_same(arg);
}

static intptr_t be_somebody(void *arg)
{
	struct me me = {.key = *(coir_key *)arg};
	look_at_me(&me);
	must_ok(sameness(&me));
	must_ok(coir_set(me.key, &me));
	must_ok(coir_set_name("cocos nucifera"));
	look_at_me(&me);
	must(me.value == &me);
	must_ok(sameness(&me));
	for (enum way way = 0; way < WAYS; way++)
		must_ok(run_probe(way, sameness, &me));
	must_ok(coir_set_name("a rather long name that will be cut to what there is room for"));
	look_at_me(&me);
	must_ok(run_probe(TAKEN, sameness, &me));
	return 0;
}

fiber_test(task_self, identity)
{
	coir_key key;
	must_ok(coir_key_create(&key, NULL));
	be_somebody(&key);
	must_ok(coir_set(key, NULL));
	coir_fiber f[8];
	for (int i = 0; i < 8; i++)
		f[i] = must_spawn(be_somebody, &key);
	must_eq(must_join_all(f, 8), 0);
	must_join(must_spawn_sticky(be_somebody, &key));
	must_ok(coir_key_delete(key));
}

/* A child that a task spawns is somebody else. */
static intptr_t another_id(void *arg)
{
	must(coir_id() != *(uint64_t *)arg);
	return 0;
}

static intptr_t spawn_another(void *arg)
{
	must_eq(coir_id(), *(uint64_t *)arg);
	must_join(must_spawn(another_id, arg));
	must_eq(coir_id(), *(uint64_t *)arg);
	return 0;
}

fiber_test(task_self, children_of_tasks)
{
	uint64_t id = coir_id();
	for (enum way way = 0; way < WAYS; way++)
		must_ok(run_probe(way, spawn_another, &id));
}

/* ---- what a taken task does not do ---- */

static void nothing(void *arg)
{
	(void)arg;
}

static intptr_t try_what_is_refused(void *arg)
{
	coir_key key = *(coir_key *)arg;
	must_eq(coir_set(key, arg), -EPERM);
	must_eq(coir_set_name("thief"), -EPERM);
	for (int i = 0; i < 3; i++) {
		must_eq(coir_park(), -EPERM);
		must_eq(coir_try_park(), -EPERM);
		must_eq(coir_park_until(coir_after(COIR_SECOND)), -EPERM);
		must_eq(coir_park_until(COIR_NEVER), -EPERM);
		must_ok(coir_unpark(must_self()));
		must_ok(coir_yield());
	}
	must_eq(coir_defer(nothing, NULL), -EPERM);
	return 0;
}

fiber_test(task_self, refusals)
{
	coir_key key;
	must_ok(coir_key_create(&key, NULL));
	must_ok(run_probe(TAKEN, try_what_is_refused, &key));
	must_ok(coir_try_park()); /* the permit was for the owner */
	must_ok(coir_key_delete(key));
}

/* ... and what it does in a call of its owner's own, it does for the owner. */
static intptr_t set_value(void *arg)
{
	return coir_set(*(coir_key *)arg, arg);
}

solo_test(task_self, an_inlined_task_is_its_owner)
{
	coir_key key;
	void *value = NULL;
	must_ok(coir_key_create(&key, NULL));
	must_ok(run_probe(INLINED, set_value, &key));
	must_ok(coir_get(key, &value));
	must(value == &key);
	must_ok(coir_unpark(must_self()));
	must_ok(coir_park());
	must_ok(coir_key_delete(key));
}

/* Others read while the owner writes, a name of one length only. */
static intptr_t read_name(void *arg)
{
	atomic_int *stop = arg;
	char name[COIR_NAME_MAX];
	while (!atomic_load(stop)) {
		must_ok(coir_name(name, sizeof name));
		must(strcmp(name, "aaaaaaaa") == 0 || strcmp(name, "bbbbbbbb") == 0, "%s", name);
		must_ok(coir_yield());
	}
	return 0;
}

fiber_test(task_self, renamed_while_read)
{
	atomic_int stop = 0;
	struct probe p;
	must_ok(coir_set_name("aaaaaaaa"));
	probe_give(&p, read_name, &stop);
	for (long i = scaled(20000); i > 0; i--) {
		must_ok(coir_set_name(i % 2 ? "aaaaaaaa" : "bbbbbbbb"));
		if (i % 64 == 0)
			must_ok(coir_yield());
	}
	atomic_store(&stop, 1);
	probe_take(&p);
}

/* ---- stacks ---- */

enum { KIB = 1 << 10 };

static intptr_t needs_much(void *arg)
{
	intptr_t need = (intptr_t)arg;
	must(coir_stack_left() >= need, "%jd left", (intmax_t)coir_stack_left());
	use_stack((size_t)need);
	return 0;
}

static intptr_t task_with_much(void *arg)
{
	must_ok(run_probe(TAKEN, needs_much, arg));
	must_ok(run_probe(INLINED, needs_much, arg));
	return 0;
}

static intptr_t tasks_with_much(void *arg)
{
	intptr_t need = (intptr_t)arg;
	must_ok(run_probe(TAKEN, task_with_much, (void *)(need - 16 * KIB)));
	return task_with_much(arg);
}

fiber_test(task_self, as_much_stack)
{
	coir_attr attr = COIR_ATTR_INIT;
	for (attr.stack_size = 64 * KIB; attr.stack_size <= 4096 * KIB; attr.stack_size *= 4) {
		coir_fiber f;
		must_ok(coir_spawn(&attr, tasks_with_much, (void *)(attr.stack_size - 32 * KIB), &f));
		must_join(f);
	}
	must_ok(tasks_with_much((void *)(intptr_t)(coir_stack_left() - 64 * KIB)));
	must_join(must_spawn(tasks_with_much, (void *)(intptr_t)(64 * KIB)));
}

/* A child that runs inline on a large stack is promised what every fiber is, and so are its tasks. */
static intptr_t inlined_child(void *arg)
{
	return run_probe(TAKEN, needs_much, arg);
}

fiber_test(task_self, tasks_of_an_inlined_child)
{
	for (int i = 0; i < 20; i++)
		must_ok(must_join(must_spawn(inlined_child, (void *)(intptr_t)(64 * KIB))));
}

static intptr_t on_a_large_one(void *arg)
{
	return run_probe(TAKEN, needs_much, arg) + run_probe(INLINED, needs_much, (void *)(intptr_t)(512 * KIB));
}

fiber_test(task_self, call_with_stack)
{
	intptr_t out = 1;
	must_ok(coir_call_with_stack(1024 * KIB, on_a_large_one, (void *)(intptr_t)(64 * KIB), &out));
	must_ok(out);
}

/* ---- sticky ---- */

static intptr_t same_thread(void *arg)
{
	must_eq(thread_id(), (int)(intptr_t)arg);
	for (int i = 0; i < 5; i++)
		must_ok(coir_yield());
	must_ok(coir_sleep(50 * COIR_MICROSECOND));
	must_eq(thread_id(), (int)(intptr_t)arg);
	return 0;
}

static intptr_t same_thread_deep(void *arg)
{
	must_ok(run_probe(TAKEN, same_thread, arg));
	return run_probe(INLINED, same_thread, arg);
}

static intptr_t stick(void *arg)
{
	void *thread = (void *)(intptr_t)thread_id();
	struct probe p[20];
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 20; i++)
			probe_fork(&p[i], i % 2 ? same_thread : same_thread_deep, thread);
		for (int i = 0; i < 100; i++) /* long enough for a thief */
			for (volatile int spin = 0; spin < 1000; spin++)
				;
		if (round % 2)
			must_ok(coir_yield());
		for (int i = 20; i-- > 0;)
			must_ok(probe_join(&p[i]));
	}
	return (intptr_t)arg;
}

fiber_test(task_self, sticky)
{
	coir_fiber f[8];
	for (int i = 0; i < 8; i++)
		f[i] = must_spawn_sticky(stick, (void *)1);
	must_eq(must_join_all(f, 8), 8);
}
