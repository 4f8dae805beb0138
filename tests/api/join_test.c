/* SPDX-License-Identifier: MIT
 *
 * api/join_test.c - SEMANTICS, "Fibers and handles": a handle is joined or detached exactly once, a stale one gives
 * -ESRCH and never a stranger.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

static void handle_is_stale(coir_fiber f)
{
	must_eq(coir_join(f, NULL), -ESRCH);
	must_eq(coir_detach(f), -ESRCH);
	must_eq(coir_unpark(f), -ESRCH);
}

static atomic_int ended;

static intptr_t count_end(void *arg)
{
	atomic_fetch_add(&ended, 1);
	return (intptr_t)arg;
}

static intptr_t park_and_count_end(void *arg)
{
	must_ok(coir_park());
	return count_end(arg);
}

/* For a fiber that will not park again. */
static void yield_until_ended(coir_fiber f)
{
	int rc;
	while ((rc = coir_unpark(f)) == 0)
		must_ok(coir_yield());
	must_eq(rc, -ESRCH); /* it has ended, joined or not */
}

fiber_test(join, once)
{
	coir_fiber f = must_spawn(fiber_give_back, (void *)6);
	must_eq(must_join(f), 6);
	handle_is_stale(f);
	f = must_spawn(fiber_give_back, (void *)7);
	for (int i = 0; i < 100; i++)
		must_ok(coir_yield()); /* this time it ended before */
	must_eq(must_join(f), 7);
	handle_is_stale(f);
}

fiber_test(join, leaves_out_alone_on_error)
{
	coir_fiber f = must_spawn(fiber_give_back, (void *)6);
	must_join(f);
	intptr_t out = 1234;
	must_eq(coir_join(f, &out), -ESRCH);
	must_eq(out, 1234);
}

static intptr_t join_self(void *arg)
{
	(void)arg;
	must_eq(coir_join(must_self(), NULL), -EDEADLK);
	must_ok(coir_yield());
	must_eq(coir_join(must_self(), NULL), -EDEADLK);
	return 5;
}

fiber_test(join, itself)
{
	must_eq(must_join(must_spawn(join_self, NULL)), 5); /* and that spoilt nothing */
	coir_fiber f = must_spawn(join_self, NULL);
	for (int i = 0; i < 100; i++)
		must_ok(coir_yield());
	must_eq(must_join(f), 5);
}

/* ---- detach ---- */

fiber_test(join, detached)
{
	coir_attr attr = COIR_ATTR_INIT;
	attr.detached = true;
	coir_fiber by_attr, by_call = must_spawn(park_and_count_end, NULL);
	must_ok(coir_spawn(&attr, park_and_count_end, NULL, &by_attr));
	must_ok(coir_detach(by_call));
	for (int i = 0; i < 3; i++) {
		must_eq(coir_join(by_attr, NULL), -EINVAL);
		must_eq(coir_detach(by_attr), -EINVAL);
		must_eq(coir_join(by_call, NULL), -EINVAL);
		must_eq(coir_detach(by_call), -EINVAL);
		must_ok(coir_yield()); /* unstarted the first time, parked then */
	}
	must_ok(coir_unpark(by_attr));
	must_ok(coir_unpark(by_call));
	yield_until_ended(by_attr);
	yield_until_ended(by_call);
	must_eq(atomic_load(&ended), 2);
	handle_is_stale(by_attr);
	handle_is_stale(by_call);
}

fiber_test(join, detach_after_the_end)
{
	coir_fiber f = must_spawn(count_end, NULL);
	yield_until_ended(f);
	must_ok(coir_detach(f));
	handle_is_stale(f);
}

static intptr_t join_it(void *arg)
{
	return must_join(*(coir_fiber *)arg);
}

/* Several fibers join one that parks: one waits, the others are told at once. */
struct rivals {
	coir_fiber child;
	atomic_int refused;
	atomic_int joined;
};

static intptr_t rival(void *arg)
{
	struct rivals *r = arg;
	intptr_t out = 0;
	int rc = coir_join(r->child, &out);
	must(rc == 0 || rc == -EINVAL, "%d", rc);
	if (rc == 0)
		must_eq(out, 77);
	atomic_fetch_add(rc == 0 ? &r->joined : &r->refused, 1);
	return rc;
}

fiber_test(join, one_of_many_joiners_wins)
{
	for (int round = 0; round < 50; round++) {
		struct rivals r = {.child = must_spawn(fiber_park_once, (void *)77)};
		coir_fiber joiner[5];
		for (int i = 0; i < 5; i++)
			joiner[i] = must_spawn(rival, &r);
		while (atomic_load(&r.refused) < 4)
			must_ok(coir_yield());
		must_eq(coir_join(r.child, NULL), -EINVAL);
		must_eq(coir_detach(r.child), -EINVAL);
		must_eq(atomic_load(&r.joined), 0);
		must_ok(coir_unpark(r.child));
		must_eq(must_join_all(joiner, 5), 4 * -EINVAL);
		must_eq(atomic_load(&r.joined), 1);
		handle_is_stale(r.child);
	}
}

/* ---- stale handles never reach a stranger ---- */

enum { MANY = 2000 };

static coir_fiber old[MANY], young[MANY];

fiber_test(join, stale_handles_after_reuse)
{
	for (int i = 0; i < MANY; i++)
		old[i] = must_spawn(count_end, NULL);
	must_join_all(old, MANY);
	for (int i = 0; i < MANY; i++)
		young[i] = must_spawn(park_and_count_end, (void *)1);
	for (int i = 0; i < MANY; i++)
		handle_is_stale(old[i]);
	must(atomic_load(&ended) == MANY, "a stale unpark woke a stranger");
	for (int i = 0; i < MANY; i++) {
		must(young[i].seq != old[i].seq);
		must_ok(coir_unpark(young[i]));
	}
	must_eq(must_join_all(young, MANY), MANY);
}

/* One worker, one child at a time: its descriptor serves thousands, so this is about reuse indeed. */
Test(join, a_descriptor_serves_many)
{
	start_workers(1);
	int same = 0;
	coir_fiber before = must_spawn(count_end, NULL);
	must_join(before);
	for (int i = 0; i < MANY; i++) {
		coir_fiber now = must_spawn(fiber_park_once, NULL);
		same += now.fiber == before.fiber;
		cr_assert_neq(now.seq, before.seq);
		handle_is_stale(before);
		must_ok(coir_unpark(now));
		must_join(now);
		before = now;
	}
	stop_workers();
	cr_assert_gt(same, 0, "no descriptor was ever used again: this test tests nothing");
}

/* ---- foreign threads ---- */

struct late {
	coir_fiber child;
	int written; /* plain: the join orders it */
	atomic_int about_to_join;
};

static intptr_t park_then_write(void *arg)
{
	struct late *l = arg;
	must_ok(coir_park());
	l->written = 31;
	return 32;
}

static void *join_outside(void *arg)
{
	struct late *l = arg;
	atomic_store(&l->about_to_join, 1);
	must_eq(must_join(l->child), 32);
	must_eq(l->written, 31);
	handle_is_stale(l->child);
	return NULL;
}

static bool about_to_join(void *arg)
{
	return atomic_load(&((struct late *)arg)->about_to_join);
}

workers_test(join, from_a_foreign_thread_blocks)
{
	start_workers(workers);
	for (int i = 0; i < scaled(300); i++) {
		struct late l = {.written = 0};
		l.child = must_spawn(park_then_write, &l);
		pthread_t joiner = thread_start(join_outside, &l);
		if (i % 2)
			poll_until(about_to_join, &l);
		must_ok(coir_unpark(l.child));
		thread_end(joiner);
	}
	stop_workers();
}

workers_test(join, foreign_thread_and_fiber_join_across)
{
	start_workers(workers);
	coir_fiber child = must_spawn(fiber_park_once, (void *)8);
	coir_fiber joiner = must_spawn(join_it, &child);
	must_ok(coir_unpark(child));
	cr_assert_eq(must_join(joiner), 8);
	coir_fiber loose = must_spawn(fiber_park_once, NULL);
	cr_assert_eq(coir_detach(loose), 0);
	cr_assert_eq(coir_join(loose, NULL), -EINVAL);
	cr_assert_eq(coir_detach(loose), -EINVAL);
	cr_assert_eq(coir_unpark(loose), 0);
	while (coir_stop(0) == -EBUSY)
		usleep(100);
}
