/* SPDX-License-Identifier: MIT
 *
 * api/permit_test.c - SEMANTICS, "Permit": at most one, kept until coir_park takes it, touched by no other wait.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/stress.h"
#include "support/test.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

struct wake {
	coir_fiber target;
	atomic_int happened;
};

static intptr_t mark_and_unpark(void *arg)
{
	struct wake *w = arg;
	atomic_fetch_add(&w->happened, 1);
	must_ok(coir_unpark(w->target));
	return 0;
}

fiber_test(permit, given_before_the_park_is_kept)
{
	for (int i = 0; i < 100; i++) {
		must_ok(coir_unpark(must_self()));
		if (i % 2)
			must_ok(coir_yield()); /* no wait but park takes it */
		must_ok(coir_park());
	}
}

/* The second park must wait for the helper: what it did before its unpark is seen. */
fiber_test(permit, two_unparks_give_one)
{
	for (int i = 0; i < 200; i++) {
		struct wake w = {.target = must_self()};
		must_ok(coir_unpark(w.target));
		must_ok(coir_unpark(w.target));
		must_ok(coir_unpark(w.target));
		must_ok(coir_park());
		coir_fiber helper = must_spawn(mark_and_unpark, &w);
		must_ok(coir_park());
		must_eq(atomic_load(&w.happened), 1);
		must_join(helper);
	}
}

/* ---- other waits leave it alone ---- */

struct slow {
	coir_fiber self;
	atomic_bool parked;
	atomic_bool ended;
};

static intptr_t park_slowly(void *arg)
{
	struct slow *s = arg;
	s->self = must_self();
	atomic_store(&s->parked, true);
	must_ok(coir_park());
	atomic_store(&s->ended, true);
	return 3;
}

static intptr_t wake_slow(void *arg)
{
	struct slow *s = arg;
	while (!atomic_load(&s->parked))
		must_ok(coir_yield());
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	must_ok(coir_unpark(s->self));
	return 0;
}

fiber_test(permit, join_does_not_take_it)
{
	for (int i = 0; i < 100; i++) {
		struct slow s = {.parked = false};
		must_ok(coir_unpark(must_self()));
		coir_fiber waker = must_spawn(wake_slow, &s);
		coir_fiber child = must_spawn(park_slowly, &s);
		if (i % 2)
			must_ok(coir_yield()); /* then the child has started, and the join waits in a park of its own */
		must_eq(must_join(child), 3);
		must_eq(must_join(waker), 0);
		must_ok(coir_park()); /* still there, or this hangs */
	}
}

struct joiner {
	struct slow slow;
	coir_fiber child;
	atomic_bool joined;
};

static intptr_t join_then_park(void *arg)
{
	struct joiner *j = arg;
	must_eq(must_join(j->child), 3);
	must(atomic_load(&j->slow.ended), "a user's unpark ended the join");
	atomic_store(&j->joined, true);
	must_ok(coir_park()); /* the permit that came during the join */
	return 0;
}

fiber_test(permit, unpark_does_not_end_a_join)
{
	for (int i = 0; i < 100; i++) {
		struct joiner j = {.joined = false};
		j.child = must_spawn(park_slowly, &j.slow);
		coir_fiber joiner = must_spawn(join_then_park, &j);
		while (!atomic_load(&j.slow.parked))
			must_ok(coir_yield());
		for (int k = 0; k < 20; k++) {
			must_ok(coir_unpark(joiner));
			must_ok(coir_yield());
			must(!atomic_load(&j.joined));
		}
		must_ok(coir_unpark(j.slow.self));
		must_join(joiner);
	}
}

static intptr_t park_in_vain(void *arg)
{
	struct wake *w = arg;
	w->target = must_self();
	atomic_store(&w->happened, 1);
	must_ok(coir_park());
	atomic_store(&w->happened, 2);
	return 0;
}

/* The joiner's permit is not the child's, though the child may run on the joiner's stack. */
static intptr_t join_parked_child(void *arg)
{
	struct wake *w = arg;
	must_ok(coir_unpark(must_self()));
	must_join(must_spawn(park_in_vain, w));
	must_eq(atomic_load(&w->happened), 2);
	must_ok(coir_park());
	return 0;
}

fiber_test(permit, the_joiners_is_not_the_childs)
{
	for (int i = 0; i < 100; i++) {
		struct wake w = {.happened = 0};
		coir_fiber joiner = must_spawn(join_parked_child, &w);
		while (atomic_load(&w.happened) == 0)
			must_ok(coir_yield());
		for (int k = 0; k < 10; k++) {
			must_ok(coir_yield());
			must_eq(atomic_load(&w.happened), 1);
		}
		must_ok(coir_unpark(w.target));
		must_join(joiner);
	}
}

/* Children that end at the very moment they are joined, on another worker. Then as in two_unparks_give_one. */
struct ending {
	uint64_t dice;
	atomic_bool started;
};

static intptr_t end_soon(void *arg)
{
	struct ending *e = arg;
	atomic_store(&e->started, true);
	chance_delay(&e->dice, 500);
	return 5;
}

fiber_test(permit, join_gives_none)
{
	uint64_t dice = 3;
	for (long i = scaled_spawns(3000); i > 0; i--) {
		struct ending e = {.dice = chance(&dice)};
		coir_fiber child = must_spawn(end_soon, &e);
		while (workers > 1 && !atomic_load(&e.started))
			chance_delay(&dice, 50); /* a thief takes it */
		chance_delay(&dice, 500);
		must_eq(must_join(child), 5);
		struct wake w = {.target = must_self()};
		coir_fiber helper = must_spawn(mark_and_unpark, &w);
		must_ok(coir_park());
		must_eq(atomic_load(&w.happened), 1);
		must_join(helper);
	}
}

/* ---- who can be unparked ---- */

fiber_test(permit, an_unstarted_fiber_keeps_it)
{
	coir_fiber f[100];
	for (int i = 0; i < 100; i++) {
		f[i] = must_spawn(fiber_park_once, (void *)1);
		must_ok(coir_unpark(f[i]));
	}
	must_eq(must_join_all(f, 50), 50); /* inlined */
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	must_eq(must_join_all(f + 50, 50), 50);
}

fiber_test(permit, a_new_fiber_has_none)
{
	for (int i = 0; i < 200; i++) {
		coir_fiber f = must_spawn(fiber_give_back, NULL);
		int r = coir_unpark(f); /* its permit dies with it, */
		must(r == 0 || r == -ESRCH, "alive, or stolen and ended already");
		must_join(f);
		struct wake w = {.happened = 0};
		coir_fiber next = must_spawn(park_in_vain, &w); /* though the descriptor is used again */
		while (atomic_load(&w.happened) == 0)
			must_ok(coir_yield());
		for (int k = 0; k < 5; k++)
			must_ok(coir_yield());
		must_eq(atomic_load(&w.happened), 1);
		must_ok(coir_unpark(next));
		must_join(next);
	}
}

fiber_test(permit, an_ended_fiber_can_not_be_unparked)
{
	coir_fiber f = must_spawn(fiber_give_back, NULL);
	int rc = 0;
	while ((rc = coir_unpark(f)) == 0) /* kept until it ends, not joined yet */
		must_ok(coir_yield());
	must_eq(rc, -ESRCH);
	must_join(f);
	must_eq(coir_unpark(f), -ESRCH);
}

/* ---- across threads: a permit for each hand-over, and what was written before it ---- */

struct handover {
	coir_fiber fiber;
	atomic_int turn; /* 0: the fiber's, 1: the thread's */
	long cargo;      /* plain: unpark and turn order it */
	long rounds;
};

static intptr_t receive_cargo(void *arg)
{
	struct handover *h = arg;
	for (long i = 1; i <= h->rounds; i++) {
		must_ok(coir_park());
		must_eq(h->cargo, i);
		atomic_store_explicit(&h->turn, 1, memory_order_release);
	}
	return 0;
}

static void *send_cargo(void *arg)
{
	struct handover *h = arg;
	for (long i = 1; i <= h->rounds; i++) {
		h->cargo = i;
		must_ok(coir_unpark(h->fiber));
		while (atomic_load_explicit(&h->turn, memory_order_acquire) == 0)
			sched_yield();
		atomic_store_explicit(&h->turn, 0, memory_order_relaxed);
	}
	return NULL;
}

workers_test(permit, from_a_foreign_thread)
{
	start_workers(workers);
	struct handover h = {.rounds = scaled(5000)};
	h.fiber = must_spawn(receive_cargo, &h);
	pthread_t sender = thread_start(send_cargo, &h);
	must_ok(must_join(h.fiber));
	thread_end(sender);
	stop_workers();
}

/* Never more parks than permits, whatever else the fiber waits for. */
struct ledger {
	atomic_long given;
	atomic_bool done;
	coir_fiber fiber;
	long rounds;
};

static intptr_t count_permits(void *arg)
{
	struct ledger *l = arg;
	for (long taken = 1; taken <= l->rounds; taken++) {
		must_eq(must_join(must_spawn(taken % 8 ? fiber_give_back : fiber_yield_often, (void *)2)), 2);
		must_ok(coir_yield());
		must_ok(coir_park());
		must(atomic_load(&l->given) >= taken, "a park without a permit");
	}
	atomic_store(&l->done, true);
	return 0;
}

static void *give_permits(void *arg)
{
	struct ledger *l = arg;
	while (!atomic_load(&l->done)) {
		atomic_fetch_add(&l->given, 1);
		int rc = coir_unpark(l->fiber);
		must(rc == 0 || (rc == -ESRCH && atomic_load(&l->done)), "%d", rc);
	}
	return NULL;
}

workers_test(permit, no_park_without_one)
{
	start_workers(workers);
	struct ledger l = {.rounds = scaled(1000)};
	l.fiber = must_spawn(count_permits, &l);
	pthread_t giver = thread_start(give_permits, &l);
	must_ok(must_join(l.fiber));
	thread_end(giver);
	stop_workers();
}
