/* SPDX-License-Identifier: MIT
 *
 * api/idle_test.c - an idle runtime uses no processor, and a busy one makes no needless system calls. The counters of
 * the runtime are what is measured; the waits in between are not for synchronisation.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <stdatomic.h>
#include <unistd.h>

/* ---- idle ---- */

static bool same_counts(const coir_stats *a, const coir_stats *b)
{
	return a->sleeps == b->sleeps && a->timed_sleeps == b->timed_sleeps && a->searches == b->searches &&
	       a->wakes == b->wakes && a->switches == b->switches;
}

/* Until nothing has been counted for a second. A worker that wakes up now and then never gets there. */
static void becomes_quiet(void)
{
	coir_stats before = must_stats();
	for (int quiet = 0; quiet < 10;) {
		usleep(100000);
		coir_stats now = must_stats();
		quiet = same_counts(&before, &now) ? quiet + 1 : 0;
		before = now;
	}
}

workers_test(idle, from_the_start)
{
	start_workers(workers);
	becomes_quiet();
	stop_workers();
}

workers_test(idle, after_work_with_parked_fibers)
{
	enum { N = 50 };
	coir_fiber parked[N], busy[N];
	start_workers(workers);
	for (int i = 0; i < N; i++) {
		parked[i] =
			i % 5 ? must_spawn(fiber_park_once, (void *)1) : must_spawn_sticky(fiber_park_once, (void *)1);
		busy[i] = must_spawn(fiber_yield_often, (void *)1);
	}
	must_eq(must_join_all(busy, N), N);
	becomes_quiet();
	for (int i = 0; i < N; i++) /* and it is not deaf */
		must_ok(coir_unpark(parked[i]));
	must_eq(must_join_all(parked, N), N);
	stop_workers();
}

/* ---- economy on one worker ---- */

static intptr_t wakes_and_sleeps(coir_fn fn, long n)
{
	coir_stats before = must_stats();
	fn((void *)n);
	coir_stats after = must_stats();
	must(after.futex_calls - before.futex_calls >= after.sleeps - before.sleeps, "all calls are counted");
	return (intptr_t)(after.futex_calls - before.futex_calls);
}

static intptr_t yield_n(void *arg)
{
	for (long i = (long)arg; i > 0; i--)
		must_ok(coir_yield());
	return 0;
}

static intptr_t yield_n_in_two(void *arg)
{
	coir_fiber f = must_spawn(yield_n, (void *)((intptr_t)arg / 2));
	yield_n((void *)((intptr_t)arg / 2));
	return must_join(f);
}

static intptr_t spawn_and_join_n(void *arg)
{
	for (long i = (long)arg; i > 0; i--)
		must_eq(must_join(must_spawn(fiber_give_back, (void *)i)), i);
	return 0;
}

static intptr_t pass_permits(void *arg)
{
	coir_fiber main = must_self();
	for (long i = (long)arg / 2; i > 0; i--) {
		coir_fiber f = must_spawn(fiber_park_once, (void *)i);
		must_ok(coir_unpark(f));
		must_eq(must_join(f), i);
		must_ok(coir_unpark(main));
		must_ok(coir_park());
	}
	return 0;
}

solo_test(idle, economy_of_yields)
{
	must(wakes_and_sleeps(yield_n, scaled(1000000)) < 10);
	must(wakes_and_sleeps(yield_n_in_two, scaled(1000000)) < 10);
}

solo_test(idle, economy_of_joins)
{
	must(wakes_and_sleeps(spawn_and_join_n, scaled_spawns(1000000)) < 10);
}

solo_test(idle, economy_of_permits)
{
	must(wakes_and_sleeps(pass_permits, scaled_spawns(1000000)) < 10);
}
