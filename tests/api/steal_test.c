/* SPDX-License-Identifier: MIT
 *
 * api/steal_test.c - SEMANTICS, "Wakes": whatever is runnable runs while a worker is idle, also when the worker whose
 * queue it lies in never comes back to the scheduler. All of these hang if a wake-up is lost.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int ran;

static intptr_t count(void *arg)
{
	atomic_fetch_add(&ran, 1);
	return (intptr_t)arg;
}

static intptr_t park_and_count(void *arg)
{
	must_ok(coir_park());
	return count(arg);
}

/* Computes without calling coir. sched_yield is the kernel's: more workers than processors are no excuse to wait long.
 * */
static void spin_until_ran(int n)
{
	while (atomic_load(&ran) < n)
		sched_yield();
}

crowd_test(steal, child_of_a_spinning_spawner)
{
	int rounds = (int)scaled(300);
	for (int i = 1; i <= rounds; i++) {
		must_ok(coir_go(count, NULL)); /* stands in run-next of a worker that does not come back */
		spin_until_ran(i);
	}
}

crowd_test(steal, children_of_a_spinning_spawner)
{
	int rounds = (int)scaled(50), batch = 40;
	for (int i = 1; i <= rounds; i++) {
		for (int k = 0; k < batch; k++)
			must_ok(coir_go(count, NULL));
		spin_until_ran(i * batch);
	}
}

crowd_test(steal, woken_by_a_spinning_fiber)
{
	enum { BATCH = 10 };
	int rounds = (int)scaled(100);
	for (int i = 1; i <= rounds; i++) {
		coir_fiber f[BATCH];
		for (int k = 0; k < BATCH; k++)
			f[k] = must_spawn(park_and_count, NULL);
		for (int k = 0; k < 3; k++)
			must_ok(coir_yield()); /* most of them park by now */
		for (int k = 0; k < BATCH; k++)
			must_ok(coir_unpark(f[k]));
		spin_until_ran(i * BATCH);
		must_join_all(f, BATCH);
	}
}

/* One that yielded lies in the ring of a worker that then never comes back. */
static atomic_bool spinning, over;

static intptr_t yield_until_spinning(void *arg)
{
	while (!atomic_load(&spinning))
		must_ok(coir_yield());
	return count(arg);
}

crowd_test(steal, yielders_beside_a_spinner)
{
	enum { YIELDERS = 20 };
	for (int i = 0; i < YIELDERS; i++)
		must_ok(coir_go(yield_until_spinning, NULL));
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	atomic_store(&spinning, true);
	spin_until_ran(YIELDERS);
}

/* All workers but one spin: that one must serve everybody. */
static intptr_t spin_to_the_end(void *arg)
{
	atomic_fetch_add((atomic_int *)arg, 1);
	while (!atomic_load(&over))
		sched_yield();
	return 0;
}

crowd_test(steal, all_others_spin)
{
	static atomic_int spinners;
	int n = (int)workers - 1;
	coir_fiber f[16];
	for (int i = 0; i < n; i++)
		f[i] = must_spawn(spin_to_the_end, &spinners);
	while (atomic_load(&spinners) < n)
		sched_yield(); /* so that each sits on a worker of its own, and none on this one */
	int rounds = (int)scaled(2000);
	for (int i = 1; i <= rounds; i++) {
		must_eq(must_join(must_spawn(fiber_yield_often, (void *)1)), 1);
		must_ok(coir_go(count, NULL));
	}
	while (atomic_load(&ran) < rounds)
		must_ok(coir_yield());
	atomic_store(&over, true);
	must_join_all(f, n);
}

/* From a quiet runtime, from outside, again and again: the first wake must not be lost. */
workers_test(steal, woken_from_outside_when_idle)
{
	start_workers(workers);
	int rounds = (int)scaled(5000);
	coir_fiber waits = must_spawn(fiber_park_once, NULL);
	for (int i = 0; i < rounds; i++)
		must_eq(must_join(must_spawn(fiber_give_back, (void *)5)), 5);
	for (int i = 0; i < rounds; i++) {
		must_ok(coir_unpark(waits));
		must_join(waits);
		waits = must_spawn(fiber_park_once, NULL);
	}
	must_ok(coir_unpark(waits));
	must_join(waits);
	stop_workers();
}

/* Two chains of wake-ups through all workers, with idle ones coming and going. */
static intptr_t wake_the_next(void *arg)
{
	coir_fiber *next = arg;
	for (long i = scaled(3000); i > 0; i--) {
		must_ok(coir_park());
		int rc = coir_unpark(*next);
		must(rc == 0 || (rc == -ESRCH && i == 1), "%d", rc); /* the ring closes on one that has ended */
	}
	return 1;
}

fiber_test(steal, rings_of_wakes)
{
	enum { LINKS = 7, RINGS = 3 };
	coir_fiber f[RINGS][LINKS];
	for (int r = 0; r < RINGS; r++)
		for (int i = 0; i < LINKS; i++)
			f[r][i] = (i % 3 ? must_spawn : must_spawn_sticky)(wake_the_next, &f[r][(i + 1) % LINKS]);
	for (int r = 0; r < RINGS; r++)
		must_ok(coir_unpark(f[r][0]));
	for (int r = 0; r < RINGS; r++)
		must_eq(must_join_all(f[r], LINKS), LINKS);
}
