/* SPDX-License-Identifier: MIT
 *
 * stress/tasks.c - trees of forks of random shape whose tasks, between fork and join, do all that a fiber may: compute,
 * yield, sleep, meet at channels, lock, spawn and join, open scopes, be cancelled. Each tree adds up to what a plain
 * recursion finds, each task runs once, and what waits until it is cancelled is cancelled: a lost one is a hang.
 *
 * Seen to find: a promotion that forgets the newest; a join that does not count what comes back; a task that does not
 * keep its scope; a thief that leaves what it took.
 */
#include "support/tasks.h"
#include "support/bodies.h"
#include "support/stress.h"

#include <errno.h>

enum { DEPTH = 6, KIDS = 4, LOCKS = 4 };

struct node {
	uint64_t seed;
	int depth;
};

static coir_mutex locks[LOCKS];
static long guarded[LOCKS];
static atomic_long locked;

static struct node kid_of(const struct node *n, int i)
{
	uint64_t seed = n->seed + (uint64_t)i * 77;
	return (struct node){chance(&seed), n->depth - 1};
}

static int kids_of(const struct node *n)
{
	uint64_t seed = n->seed;
	return n->depth > 0 ? (int)chance_below(&seed, KIDS + 1) : 0;
}

static intptr_t value_of(const struct node *n)
{
	return (intptr_t)(n->seed & 1023);
}

static intptr_t plain_sum(const struct node *n)
{
	intptr_t sum = value_of(n);
	for (int i = kids_of(n); i > 0; i--) {
		struct node kid = kid_of(n, i);
		sum += plain_sum(&kid);
	}
	return sum;
}

/* ---- what a task does besides ---- */

static intptr_t send_seven(void *chan)
{
	return coir_chan_send(chan, &(int){7});
}

/* With a task of one's own, of which nothing is known but that it must run while its forker waits. */
static void meet_a_task(uint64_t *dice)
{
	coir_chan *chan;
	struct probe p;
	int value = 0;
	must_ok(coir_chan_create(sizeof(int), chance_below(dice, 2), &chan));
	probe_fork(&p, send_seven, chan);
	must_ok(coir_chan_recv(chan, &value));
	must_eq(value, 7);
	must_ok(probe_join(&p));
	must_ok(coir_chan_destroy(chan));
}

static void lock_one(uint64_t *dice)
{
	unsigned i = chance_below(dice, LOCKS);
	must_ok(coir_mutex_lock(&locks[i]));
	long seen = guarded[i];
	if (chance_below(dice, 4) == 0)
		must_ok(coir_yield());
	guarded[i] = seen + 1;
	must_ok(coir_mutex_unlock(&locks[i]));
	atomic_fetch_add(&locked, 1);
}

static intptr_t wait_for_cancel(void *arg)
{
	uint64_t dice = (uint64_t)(uintptr_t)arg;
	struct probe p;
	switch (chance_below(&dice, 4)) {
	case 0:
		while (coir_cancelled() == 0)
			must_ok(coir_yield());
		return -ECANCELED;
	case 1: /* the task of a task */
		probe_fork(&p, wait_for_cancel, (void *)(uintptr_t)chance(&dice));
		if (chance_below(&dice, 2))
			must_ok(coir_yield());
		return probe_join(&p);
	default:
		return coir_sleep(3600 * COIR_SECOND);
	}
}

/* So many that wait for ever, and an end to it. */
static intptr_t wait_in_tasks(void *arg)
{
	uint64_t dice = (uint64_t)(uintptr_t)arg;
	struct probe p[KIDS];
	int n = 1 + (int)chance_below(&dice, KIDS);
	for (int i = 0; i < n; i++) {
		probe_fork(&p[i], wait_for_cancel, (void *)(uintptr_t)chance(&dice));
		if (chance_below(&dice, 4) == 0)
			must_ok(coir_yield());
	}
	while (n-- > 0)
		must_eq(probe_join(&p[n]), -ECANCELED);
	return -ECANCELED;
}

static void cancel_a_fiber(uint64_t *dice)
{
	coir_fiber f = must_spawn(wait_in_tasks, (void *)(uintptr_t)chance(dice));
	for (unsigned i = chance_below(dice, 4); i > 0; i--)
		must_ok(coir_yield());
	must_ok(coir_cancel(f));
	must_eq(must_join(f), -ECANCELED);
}

static intptr_t cancel_scope(void *scope)
{
	must_ok(coir_yield());
	return coir_scope_cancel(scope);
}

static void cancel_a_scope(uint64_t *dice)
{
	coir_scope s;
	bool timed = chance_below(dice, 4) == 0;
	must_ok(coir_scope_begin_until(&s, timed ? coir_after(200 * COIR_MICROSECOND) : COIR_NEVER));
	coir_fiber f;
	if (!timed)
		f = must_spawn(cancel_scope, &s);
	must_eq(wait_in_tasks((void *)(uintptr_t)chance(dice)), -ECANCELED);
	if (!timed)
		must_ok(must_join(f));
	must_eq(coir_scope_wait(&s), timed ? -ETIMEDOUT : -ECANCELED);
}

static void do_something(uint64_t *dice)
{
	switch (chance_below(dice, 40)) {
	case 0:
		must_ok(coir_sleep(chance_below(dice, 20000)));
		break;
	case 1:
		meet_a_task(dice);
		break;
	case 2:
		cancel_a_fiber(dice);
		break;
	case 3:
		cancel_a_scope(dice);
		break;
	case 4:
	case 5:
		lock_one(dice);
		break;
	case 6:
	case 7:
	case 8:
		must_ok(coir_yield());
		break;
	default:
		chance_delay(dice, 400);
	}
}

/* ---- the tree ---- */

static intptr_t sum(void *arg);

/* A kid as a fiber that is joined, or in a scope; with forks of ours open or not. */
static intptr_t sum_as_fiber(const struct node *kid, uint64_t *dice)
{
	coir_scope s;
	if (chance_below(dice, 2)) {
		coir_fiber f = must_spawn(sum, (void *)kid);
		do_something(dice);
		return must_join(f);
	}
	coir_async slot;
	intptr_t out = 0;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_async(&s, &slot, sum, (void *)kid));
	do_something(dice);
	must_ok(coir_await(&slot, &out));
	must_ok(coir_scope_wait(&s));
	return out;
}

static intptr_t sum_in_scope(void *arg)
{
	struct probe p;
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	probe_fork(&p, sum, arg);
	must_eq(coir_scope_wait(&s), -EBUSY);
	intptr_t result = probe_join(&p);
	must_ok(coir_scope_wait(&s));
	return result;
}

static intptr_t sum(void *arg)
{
	const struct node *n = arg;
	struct node kid[KIDS];
	struct probe p[KIDS];
	int kids = kids_of(n), forked = 0;
	uint64_t dice = n->seed ^ 0xd1ce;
	intptr_t total = value_of(n);
	for (int i = 0; i < kids; i++) {
		kid[i] = kid_of(n, i + 1);
		unsigned how = chance_below(&dice, 8);
		if (how == 0)
			total += sum_as_fiber(&kid[i], &dice);
		else
			probe_fork(&p[forked++], how == 1 ? sum_in_scope : sum, &kid[i]);
		do_something(&dice);
		if (forked > 0 && chance_below(&dice, 4) == 0)
			total += probe_join(&p[--forked]);
	}
	while (forked > 0)
		total += probe_join(&p[--forked]);
	return total;
}

static intptr_t all_trees(void *arg)
{
	const struct stress *s = arg;
	for (long i = 0; i < s->rounds; i++) {
		struct node root = {(uint64_t)i * 7919 + 1, DEPTH};
		uint64_t dice = root.seed;
		struct probe p;
		intptr_t wanted = plain_sum(&root);
		switch (chance_below(&dice, 4)) {
		case 0:
			must_eq(must_join(must_spawn(sum, &root)), wanted);
			break;
		case 1:
			must_eq(must_join(must_spawn_sticky(sum, &root)), wanted);
			break;
		case 2:
			probe_give(&p, sum, &root);
			must_eq(probe_take(&p), wanted);
			break;
		default:
			must_eq(sum(&root), wanted);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_spawn_arguments(argc, argv, 5000);
	for (int i = 0; i < LOCKS; i++)
		must_ok(coir_mutex_init(&locks[i], 0));
	with_workers(s.workers, all_trees, &s);
	long all = 0;
	for (int i = 0; i < LOCKS; i++)
		all += guarded[i];
	must_eq(all, atomic_load(&locked));
	coir_stats stats = must_stats();
	must_eq(stats.spawned, stats.finished);
	return 0;
}
