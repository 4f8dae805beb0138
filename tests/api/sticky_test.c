/* SPDX-License-Identifier: MIT
 *
 * api/sticky_test.c - SEMANTICS, "Sticky": never leaves its kernel thread after its first run, whoever wakes it; and it
 * makes progress. Its place in the fairness bound is in order_test.c.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

struct home {
	int thread;
	int worker;
};

static struct home at_home(void)
{
	return (struct home){thread_id(), coir_worker()};
}

static void still_at(struct home h)
{
	must_eq(thread_id(), h.thread);
	must_eq(coir_worker(), h.worker);
}

/* ---- every kind of wait ---- */

static intptr_t yield_at_home(void *arg)
{
	struct home h = at_home();
	for (long i = scaled(5000); i > 0; i--) {
		must_ok(coir_yield());
		still_at(h);
	}
	return (intptr_t)arg;
}

static intptr_t join_at_home(void *arg)
{
	struct home h = at_home();
	for (long i = scaled(200); i > 0; i--) {
		coir_fiber f = must_spawn(i % 2 ? fiber_give_back : fiber_yield_often, (void *)1);
		if (i % 3 == 0)
			must_ok(coir_yield());
		still_at(h);
		must_eq(must_join(f), 1);
		still_at(h);
	}
	return (intptr_t)arg;
}

static intptr_t park_on_big_stack(void *arg)
{
	for (int i = 0; i < 10; i++) {
		must_ok(coir_yield());
		still_at(*(struct home *)arg);
	}
	return 9;
}

static intptr_t call_at_home(void *arg)
{
	struct home h = at_home();
	for (long i = scaled(200); i > 0; i--) {
		intptr_t out = 0;
		must_ok(coir_call_with_stack(256 << 10, park_on_big_stack, &h, &out));
		must_eq(out, 9);
		still_at(h);
	}
	return (intptr_t)arg;
}

/* Other fibers come and go, so that the idle workers look for something to steal all the time. */
static void beside_a_crowd(coir_fn sticky)
{
	enum { STICKY = 10, OTHERS = 20 };
	coir_fiber s[STICKY], o[OTHERS];
	for (int i = 0; i < OTHERS; i++)
		o[i] = must_spawn(fiber_yield_often, (void *)1);
	for (int i = 0; i < STICKY; i++)
		s[i] = must_spawn_sticky(sticky, (void *)1);
	must_eq(must_join_all(s, STICKY), STICKY);
	must_eq(must_join_all(o, OTHERS), OTHERS);
}

fiber_test(sticky, yields)
{
	beside_a_crowd(yield_at_home);
}

fiber_test(sticky, joins)
{
	beside_a_crowd(join_at_home);
}

fiber_test(sticky, calls_with_stack)
{
	beside_a_crowd(call_at_home);
}

fiber_test(sticky, alone_while_others_idle)
{
	must_eq(must_join(must_spawn_sticky(yield_at_home, (void *)1)), 1);
	must_eq(must_join(must_spawn_sticky(join_at_home, (void *)1)), 1);
}

/* ---- woken by fibers of other workers, and by foreign threads ---- */

struct pupil {
	coir_fiber fiber;
	atomic_long parks;
	long wanted;
};

static intptr_t park_at_home(void *arg)
{
	struct pupil *p = arg;
	struct home h = at_home();
	for (long i = 0; i < p->wanted; i++) {
		must_ok(coir_park());
		still_at(h);
		atomic_fetch_add(&p->parks, 1);
	}
	return 1;
}

static intptr_t wake_to_the_end(void *arg)
{
	struct pupil *p = arg;
	while (coir_unpark(p->fiber) == 0)
		must_ok(coir_yield());
	return 1;
}

static void *wake_from_outside(void *arg)
{
	struct pupil *p = arg;
	while (coir_unpark(p->fiber) == 0)
		sched_yield();
	return NULL;
}

enum { PUPILS = 4 };

workers_test(sticky, woken_from_everywhere)
{
	start_workers(workers);
	struct pupil p[PUPILS] = {{.wanted = 0}};
	coir_fiber waker[PUPILS][2];
	pthread_t thread[PUPILS];
	for (int i = 0; i < PUPILS; i++) {
		p[i].wanted = scaled(3000);
		p[i].fiber = must_spawn_sticky(park_at_home, &p[i]);
		waker[i][0] = must_spawn(wake_to_the_end, &p[i]);
		waker[i][1] = must_spawn_sticky(wake_to_the_end, &p[i]);
		thread[i] = thread_start(wake_from_outside, &p[i]);
	}
	for (int i = 0; i < PUPILS; i++) {
		must_eq(must_join(p[i].fiber), 1);
		cr_assert_eq(atomic_load(&p[i].parks), p[i].wanted);
		must_join_all(waker[i], 2);
		thread_end(thread[i]);
	}
	stop_workers();
}

/* ---- two of them on two workers: each wake must cross, and signal that worker ---- */

struct pair {
	coir_fiber far;
	atomic_long acknowledged;
	atomic_bool started;
	int far_worker;
	long rounds;
};

static intptr_t far_side(void *arg)
{
	struct pair *p = arg;
	struct home h = at_home();
	p->far_worker = h.worker;
	atomic_store(&p->started, true);
	for (long i = 1; i <= p->rounds; i++) {
		must_ok(coir_park());
		still_at(h);
		atomic_store(&p->acknowledged, i);
	}
	return 0;
}

static intptr_t near_side(void *arg)
{
	struct pair *p = arg;
	struct home h = at_home();
	p->far = must_spawn_sticky(far_side, p);
	while (!atomic_load(&p->started)) /* not started yet: another worker can have it, this one does not come back */
		sched_yield();
	must(p->far_worker != h.worker);
	for (long i = 1; i <= p->rounds; i++) {
		must_ok(coir_unpark(p->far));
		while (atomic_load(&p->acknowledged) < i)
			sched_yield();
	}
	must_join(p->far);
	still_at(h);
	return 1;
}

crowd_test(sticky, wakes_cross_workers)
{
	struct pair p = {.rounds = scaled(5000)};
	must_eq(must_join(must_spawn_sticky(near_side, &p)), 1);
}

/* ---- ping-pong between many, wherever they live ---- */

struct player {
	struct player *other;
	coir_fiber self;
};

static intptr_t play(void *arg)
{
	struct player *me = arg;
	struct home h = at_home();
	for (long i = scaled(2000); i > 0; i--) {
		must_ok(coir_park());
		still_at(h);
		int rc = coir_unpark(me->other->self);
		must(rc == 0 || (rc == -ESRCH && i == 1), "%d", rc);
	}
	return 1;
}

fiber_test(sticky, ping_pong)
{
	enum { PLAYERS = 12 };
	struct player p[PLAYERS];
	for (int i = 0; i < PLAYERS; i++)
		p[i] = (struct player){.other = &p[i ^ 1], .self = must_spawn_sticky(play, &p[i])};
	for (int i = 0; i < PLAYERS; i += 2)
		must_ok(coir_unpark(p[i].self));
	for (int i = 0; i < PLAYERS; i++)
		must_eq(must_join(p[i].self), 1);
}

/* Detached, ended and abandoned like any other. */
fiber_test(sticky, detached_and_left)
{
	static atomic_int started;
	coir_attr attr = COIR_ATTR_INIT;
	attr.sticky = true;
	attr.detached = true;
	for (int i = 0; i < 100; i++)
		must_ok(coir_spawn(&attr, i % 2 ? fiber_park_for_ever : fiber_yield_for_ever, &started, NULL));
	while (atomic_load(&started) < 100)
		must_ok(coir_yield());
}
