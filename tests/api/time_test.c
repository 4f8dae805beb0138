/* SPDX-License-Identifier: MIT
 *
 * time_test.c - clocks and sleeping: real, virtual, manual.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOUR (3600 * COIR_SECOND)

static coir_config clocked(coir_clock clock)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = clock;
	return cfg;
}

static intptr_t run_clocked(coir_clock clock, coir_fn fn)
{
	coir_config cfg = clocked(clock);
	intptr_t result = -1;
	must_ok(coir_run(&cfg, fn, NULL, &result));
	return result;
}

/* ---- real ---- */

Test(time, saturates)
{
	cr_assert_eq(coir_after(COIR_NEVER), COIR_NEVER);
	cr_assert_eq(coir_after(COIR_NEVER - 5), COIR_NEVER);
	cr_assert(coir_after(INT64_MIN) < 0);
	coir_time now = coir_now();
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	coir_time kernel = t.tv_sec * COIR_SECOND + t.tv_nsec;
	cr_assert(now <= kernel && kernel - now < HOUR);
}

Test(time, outside_a_runtime)
{
	cr_assert_eq(coir_sleep(1), -EPERM);
	cr_assert_eq(coir_sleep_until(0), -EPERM);
	cr_assert_eq(coir_clock_advance(1), -EPERM);
	cr_assert_eq(coir_clock_hold(), -EPERM);
	cr_assert_eq(coir_clock_release(), -EPERM);
}

static intptr_t sleep_some(void *arg)
{
	for (int64_t i = 0; i < 20; i++) {
		coir_time deadline = coir_after(i * 37777 + (intptr_t)arg);
		must_ok(i % 2 ? coir_sleep_until(deadline) : coir_sleep(deadline - coir_now()));
		must(coir_now() >= deadline, "early");
	}
	must_ok(coir_sleep(0));
	must_ok(coir_sleep(-5));
	must_ok(coir_sleep(INT64_MIN));
	must_ok(coir_sleep_until(INT64_MIN));
	return 1;
}

fiber_test(time, never_early)
{
	coir_fiber f[50];
	for (intptr_t i = 0; i < 50; i++)
		f[i] = must_spawn(sleep_some, (void *)(i * 1111));
	must_eq(must_join_all(f, 50), 50);
}

static void *sleep_outside(void *arg)
{
	return (void *)sleep_some(arg);
}

workers_test(time, plain_threads_sleep)
{
	start_workers(workers);
	pthread_t other = thread_start(sleep_outside, (void *)100);
	cr_assert_eq(sleep_some((void *)5), 1);
	cr_assert_eq((intptr_t)thread_end(other), 1);
	stop_workers();
}

static intptr_t sleep_for_ever(void *arg)
{
	(void)arg;
	return coir_sleep_until(COIR_NEVER);
}

fiber_test(time, sleeping_for_ever_ends_by_a_cancel)
{
	coir_fiber f = must_spawn(sleep_for_ever, NULL);
	must_ok(coir_sleep(COIR_MILLISECOND));
	must_ok(coir_cancel(f));
	must_eq(must_join(f), -ECANCELED);
}

static intptr_t sleep_an_hour(void *arg)
{
	(void)arg;
	return coir_sleep(HOUR);
}

fiber_test(time, a_long_sleep_ends_by_a_cancel)
{
	coir_fiber f[20];
	for (int i = 0; i < 20; i++)
		f[i] = must_spawn(sleep_an_hour, NULL);
	for (int i = 0; i < 20; i++) {
		if (i % 3)
			must_ok(coir_yield());
		must_ok(coir_cancel(f[i]));
	}
	must_eq(must_join_all(f, 20), -20 * ECANCELED);
}

static void *sleep_until_the_end(void *arg)
{
	atomic_fetch_add((atomic_int *)arg, 1);
	return (void *)(intptr_t)coir_sleep(HOUR);
}

workers_test(time, the_end_of_the_runtime_wakes_threads)
{
	for (int round = 0; round < 20; round++) {
		atomic_int begun = 0;
		start_workers(workers);
		pthread_t a = thread_start(sleep_until_the_end, &begun), b = thread_start(sleep_until_the_end, &begun);
		while (atomic_load(&begun) < 2)
			sched_yield();
		coir_fiber f = must_spawn(sleep_an_hour, NULL);
		if (round % 2)
			usleep(300);
		must_ok(coir_stop(COIR_STOP_FORCE));
		cr_assert_eq((intptr_t)thread_end(a), -EPERM);
		cr_assert_eq((intptr_t)thread_end(b), -EPERM);
		cr_assert_eq(coir_cancel(f), -EPERM);
		start_workers(workers);
		cr_assert_eq(coir_cancel(f), -ESRCH);
		cr_assert_eq(must_join(must_spawn(sleep_some, NULL)), 1);
		stop_workers();
	}
}

/* ---- virtual ---- */

static char trace[1 << 12];

static intptr_t tick(void *arg)
{
	intptr_t me = (intptr_t)arg;
	for (int i = 0; i < 5; i++) {
		must_ok(coir_sleep(me * HOUR));
		size_t used = strlen(trace);
		snprintf(trace + used, sizeof trace - used, "%d@%lld ", (int)me, (long long)(coir_now() / COIR_SECOND));
	}
	return me;
}

static intptr_t hours(void *arg)
{
	(void)arg;
	must_eq(coir_now(), COIR_SECOND);
	coir_fiber f[4];
	for (intptr_t i = 0; i < 4; i++)
		f[i] = must_spawn(tick, (void *)(4 - i));
	must_eq(must_join_all(f, 4), 10);
	must_eq(coir_now(), COIR_SECOND + 20 * HOUR);
	return 1;
}

Test(virtual, hours_at_once_and_the_same_every_time)
{
	char first[sizeof trace];
	for (int round = 0; round < 5; round++) {
		trace[0] = 0;
		cr_assert_eq(run_clocked(COIR_CLOCK_VIRTUAL, hours), 1);
		if (round == 0)
			memcpy(first, trace, sizeof first);
		cr_assert_str_eq(trace, first);
	}
	cr_assert(strncmp(first, "1@3601 ", 7) == 0);
}

/* Exactly to the nanosecond, and in order also within a tick of the wheel. */
static intptr_t exact_sleeps(void *arg)
{
	(void)arg;
	coir_time begin = coir_now();
	for (int i = 1; i < 200; i++) {
		must_ok(coir_sleep_until(begin + (int64_t)i * i * 7));
		must_eq(coir_now(), begin + (int64_t)i * i * 7);
	}
	must_eq(coir_park_until(coir_after(123)), -ETIMEDOUT);
	must_eq(coir_now(), begin + INT64_C(199) * 199 * 7 + 123);
	must_ok(coir_sleep_until(COIR_NEVER - 1));
	must_eq(coir_now(), COIR_NEVER - 1);
	return 2;
}

Test(virtual, exact)
{
	cr_assert_eq(run_clocked(COIR_CLOCK_VIRTUAL, exact_sleeps), 2);
}

static intptr_t workers_here(void *arg)
{
	(void)arg;
	return coir_workers();
}

Test(virtual, has_one_worker)
{
	coir_config cfg = clocked(COIR_CLOCK_VIRTUAL);
	cfg.workers = 2;
	cr_assert_eq(coir_run(&cfg, hours, NULL, NULL), -EINVAL);
	cfg.clock = COIR_CLOCK_MANUAL;
	cr_assert_eq(coir_run(&cfg, hours, NULL, NULL), -EINVAL);
	cfg.workers = 1;
	intptr_t n = 0;
	cr_assert_eq(coir_run(&cfg, workers_here, NULL, &n), 0);
	cr_assert_eq(n, 1);
	cr_assert_eq(run_clocked(COIR_CLOCK_VIRTUAL, workers_here), 1);
}

static atomic_int woken;

static intptr_t sleep_and_say(void *arg)
{
	must_ok(coir_sleep((intptr_t)arg));
	atomic_fetch_add(&woken, 1);
	return 0;
}

Test(virtual, a_hold_keeps_it)
{
	coir_config cfg = clocked(COIR_CLOCK_VIRTUAL);
	for (int round = 0; round < 200; round++) {
		cr_assert_eq(coir_start(&cfg), 0);
		cr_assert_eq(coir_clock_release(), -EINVAL);
		cr_assert_eq(coir_clock_hold(), 0);
		cr_assert_eq(coir_clock_hold(), 0);
		coir_fiber f = must_spawn(sleep_and_say, (void *)HOUR);
		if (round % 4 == 0)
			usleep(500);
		cr_assert_eq(coir_clock_release(), 0);
		cr_assert_eq(coir_now(), COIR_SECOND);
		cr_assert_eq(coir_clock_release(), 0);
		cr_assert_eq(coir_join_until(f, NULL, COIR_SECOND + 2 * HOUR), 0);
		cr_assert(coir_now() >= COIR_SECOND + HOUR);
		cr_assert_eq(coir_clock_release(), -EINVAL);
		cr_assert_eq(coir_clock_advance(1), -EINVAL);
		stop_workers();
	}
}

Test(virtual, threads_sleep_by_it)
{
	coir_config cfg = clocked(COIR_CLOCK_VIRTUAL);
	for (int round = 0; round < 200; round++) {
		cr_assert_eq(coir_start(&cfg), 0);
		cr_assert_eq(coir_sleep(5 * HOUR), 0);
		cr_assert_eq(coir_now(), COIR_SECOND + 5 * HOUR);
		coir_fiber f = must_spawn(fiber_park_once, NULL);
		cr_assert_eq(coir_join_until(f, NULL, COIR_SECOND + 6 * HOUR), -ETIMEDOUT);
		cr_assert_eq(coir_now(), COIR_SECOND + 6 * HOUR);
		cr_assert_eq(coir_unpark(f), 0);
		cr_assert_eq(coir_join_until(f, NULL, COIR_NEVER), 0);
		stop_workers();
	}
}

/* ---- manual ---- */

static int order[8], ordered;

static intptr_t sleep_in_order(void *arg)
{
	intptr_t me = (intptr_t)arg;
	must_ok(coir_sleep_until(COIR_SECOND + me * COIR_MILLISECOND));
	order[ordered++] = (int)me;
	return 0;
}

static intptr_t advance_inside(void *arg)
{
	(void)arg;
	coir_fiber f[8];
	for (intptr_t i = 0; i < 8; i++)
		f[i] = must_spawn(sleep_in_order, (void *)((i * 3) % 8 + 1));
	for (int i = 0; i < 20; i++)
		must_ok(coir_yield());
	must_eq(ordered, 0);
	must_ok(coir_clock_advance(3 * COIR_MILLISECOND - 1));
	must_ok(coir_yield());
	must_ok(coir_yield());
	must_ok(coir_yield());
	must_eq(ordered, 2);
	must_ok(coir_clock_advance(1));
	must_ok(coir_yield());
	must_ok(coir_yield());
	must_eq(ordered, 3);
	must_ok(coir_clock_advance(HOUR));
	must_join_all(f, 8);
	for (int i = 0; i < 8; i++)
		must_eq(order[i], i + 1);
	must_eq(coir_clock_advance(-1), -EINVAL);
	must_ok(coir_clock_advance(COIR_NEVER));
	must_eq(coir_now(), COIR_NEVER);
	must_ok(coir_clock_advance(COIR_NEVER));
	return 3;
}

Test(manual, fires_in_order)
{
	cr_assert_eq(run_clocked(COIR_CLOCK_MANUAL, advance_inside), 3);
}

static intptr_t follow(void *arg)
{
	for (int64_t i = 1; i <= (intptr_t)arg; i++) {
		must_ok(coir_sleep_until(COIR_SECOND + i * 1000));
		atomic_store(&woken, (int)i);
	}
	return 0;
}

/* The worker is met in every state on its way to sleep. */
Test(manual, a_thread_moves_it)
{
	int rounds = (int)scaled(20000);
	coir_config cfg = clocked(COIR_CLOCK_MANUAL);
	cr_assert_eq(coir_start(&cfg), 0);
	coir_fiber f = must_spawn(follow, (void *)(intptr_t)rounds);
	for (int i = 1; i <= rounds; i++) {
		cr_assert_eq(coir_clock_advance(1000), 0);
		while (atomic_load(&woken) < i)
			sched_yield();
		cr_assert_eq(atomic_load(&woken), i);
		for (volatile int k = 0; k < i % 40 * 10; k++)
			;
	}
	must_join(f);
	stop_workers();
}
