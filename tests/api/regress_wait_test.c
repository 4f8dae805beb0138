/* SPDX-License-Identifier: MIT
 *
 * regress_wait_test.c - faults of waiting that were found once: each case failed on the code of its day.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define HOUR (3600 * COIR_SECOND)

enum { SLEEPERS = 64 };

static coir_fiber sleepers[SLEEPERS];
static atomic_bool go;

static intptr_t sleep_an_hour(void *arg)
{
	(void)arg;
	return coir_sleep(HOUR);
}

/* ---- plain threads, and the end of the runtime ---- */

static void *cancel_all(void *arg)
{
	while (!atomic_load(&go))
		sched_yield();
	for (int i = 0; i < SLEEPERS; i++) {
		int r = coir_cancel(sleepers[i]);
		must(r == 0 || r == -EPERM || r == -ESRCH, "%d", r);
	}
	return arg;
}

/* One who had come in found the runtime's pointer gone when he made a fiber runnable. */
workers_test(regress_wait, cancel_while_the_door_is_shut)
{
	for (int round = 0; round < scaled(100); round++) {
		start_workers(workers);
		for (int i = 0; i < SLEEPERS; i++)
			sleepers[i] = must_spawn(sleep_an_hour, NULL);
		atomic_store(&go, false);
		pthread_t thread = thread_start(cancel_all, NULL);
		usleep(200);
		atomic_store(&go, true);
		for (volatile int k = 0; k < round % 50 * 1000; k++)
			;
		must_ok(coir_stop(COIR_STOP_FORCE));
		thread_end(thread);
	}
}

static coir_fiber joined;
static atomic_bool begun;

static void *join_again_and_again(void *arg)
{
	int r;
	atomic_store(&begun, true);
	do
		r = coir_join_until(joined, NULL, coir_after(20000));
	while (r == -ETIMEDOUT);
	must(r == 0 || r == -ESRCH || r == -EPERM, "%d", r);
	return arg;
}

static intptr_t sleep_often(void *arg)
{
	for (int i = 0; i < 40; i++)
		must_ok(coir_sleep(5000));
	return (intptr_t)arg;
}

/* One that gave up was looked for where it had waited, and took what the end of the runtime had taken. */
workers_test(regress_wait, give_up_while_the_runtime_ends)
{
	for (int round = 0; round < scaled(200); round++) {
		start_workers(workers);
		atomic_store(&begun, false);
		joined = must_spawn(round % 2 ? sleep_often : fiber_park_for_ever, NULL);
		pthread_t thread = thread_start(join_again_and_again, NULL);
		while (!atomic_load(&begun))
			sched_yield();
		usleep((useconds_t)(round % 30) * 10);
		must_ok(coir_stop(COIR_STOP_FORCE));
		thread_end(thread);
	}
}

/* ---- a virtual clock, and plain threads that wait ---- */

static coir_config clocked(coir_clock clock)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = clock;
	return cfg;
}

static void *join_it(void *arg)
{
	atomic_store(&begun, true);
	must_eq(coir_join(joined, NULL), (intptr_t)arg);
	return NULL;
}

static atomic_bool woken;

static intptr_t sleep_and_say(void *arg)
{
	must_ok(coir_sleep(HOUR));
	atomic_store(&woken, true);
	return (intptr_t)arg;
}

static intptr_t yield_until_go(void *arg)
{
	while (!atomic_load(&go))
		must_ok(coir_yield());
	return (intptr_t)arg;
}

/* The worker slept for ever, if it went to sleep before the thread that was joining had gone on. */
Test(regress_wait, the_clock_goes_on_after_a_wait)
{
	coir_config cfg = clocked(COIR_CLOCK_VIRTUAL);
	for (int round = 0; round < 200; round++) {
		atomic_store(&woken, false);
		atomic_store(&begun, false);
		atomic_store(&go, false);
		must_ok(coir_start(&cfg));
		joined = must_spawn(yield_until_go, NULL);
		pthread_t thread = thread_start(join_it, NULL);
		while (!atomic_load(&begun))
			sched_yield();
		usleep(300);
		coir_fiber f = must_spawn(sleep_and_say, NULL);
		atomic_store(&go, true);
		while (!atomic_load(&woken))
			sched_yield();
		thread_end(thread);
		must_join(f);
		stop_workers();
	}
}

/* A thread that the end of one runtime woke took back, from the next one's clock, what that never had. */
Test(regress_wait, a_wait_of_an_earlier_runtime)
{
	coir_config cfg = clocked(COIR_CLOCK_VIRTUAL);
	for (int round = 0; round < 500; round++) {
		atomic_store(&woken, false);
		atomic_store(&begun, false);
		must_ok(coir_start(&cfg));
		joined = must_spawn(fiber_park_for_ever, NULL);
		pthread_t thread = thread_start(join_it, (void *)(intptr_t)-ESRCH);
		while (!atomic_load(&begun))
			sched_yield();
		usleep(100);
		must_ok(coir_stop(COIR_STOP_FORCE));
		must_ok(coir_start(&cfg));
		coir_fiber f = must_spawn(sleep_and_say, NULL);
		while (!atomic_load(&woken))
			sched_yield();
		must_join(f);
		stop_workers();
		thread_end(thread);
	}
}

static void *sleep_outside(void *arg)
{
	atomic_store(&begun, true);
	must_eq(coir_sleep(HOUR), (intptr_t)arg);
	return NULL;
}

/* Its timer was stopped in a wheel that had gone. */
Test(regress_wait, a_timer_of_an_earlier_runtime)
{
	coir_config cfg = clocked(COIR_CLOCK_VIRTUAL);
	for (int round = 0; round < 200; round++) {
		atomic_store(&begun, false);
		must_ok(coir_start(&cfg));
		must_ok(coir_clock_hold());
		pthread_t thread = thread_start(sleep_outside, (void *)(intptr_t)-EPERM);
		while (!atomic_load(&begun))
			sched_yield();
		usleep(300);
		must_ok(coir_stop(0));
		thread_end(thread);
	}
}

static void *join_then_be_left(void *arg)
{
	return join_it(arg);
}

/* There is no hold: what a waiting thread counts is not the user's to take. */
Test(regress_wait, a_wait_is_no_hold)
{
	coir_config cfg = clocked(COIR_CLOCK_VIRTUAL);
	must_ok(coir_start(&cfg));
	joined = must_spawn(fiber_park_for_ever, NULL);
	pthread_t thread = thread_start(join_then_be_left, (void *)(intptr_t)-ESRCH);
	for (int i = 0; i < 20; i++) {
		usleep(500);
		cr_assert_eq(coir_clock_release(), -EINVAL);
	}
	must_ok(coir_stop(COIR_STOP_FORCE));
	thread_end(thread);
}

static intptr_t hog(void *arg)
{
	atomic_store(&begun, true);
	while (!atomic_load(&go))
		;
	return (intptr_t)arg;
}

/* The past needs no worker. */
Test(regress_wait, no_sleep_until_the_past)
{
	coir_config cfg = clocked(COIR_CLOCK_VIRTUAL);
	must_ok(coir_start(&cfg));
	coir_fiber f = must_spawn(hog, NULL);
	while (!atomic_load(&begun))
		sched_yield();
	must_ok(coir_sleep(-5));
	atomic_store(&go, true);
	must_join(f);
	stop_workers();
}

/* ---- timers ---- */

static intptr_t sleep_then_let_go(void *arg)
{
	must_ok(coir_sleep(4 * COIR_MILLISECOND));
	atomic_store(&go, true);
	return (intptr_t)arg;
}

static intptr_t sleep_then_hog(void *arg)
{
	must_ok(coir_sleep(COIR_MILLISECOND));
	return hog(arg);
}

/* Nobody watched the timers of a worker that a timer had woken, and that was busy from then on. */
crowd_test(regress_wait, timers_of_a_busy_worker)
{
	for (int round = 0; round < 20; round++) {
		atomic_store(&go, false);
		coir_fiber f[2] = {must_spawn(sleep_then_hog, NULL), must_spawn(sleep_then_let_go, NULL)};
		must_eq(must_join_all(f, 2), 0);
	}
}

enum { PARKERS = 4 };

static coir_fiber parkers[PARKERS];
static atomic_long permits, timeouts;

static intptr_t park_briefly(void *arg)
{
	for (intptr_t i = (intptr_t)arg; i > 0; i--) {
		int r = coir_park_until(coir_now() + i % 7 * 9000);
		must(r == 0 || r == -ETIMEDOUT, "%d", r);
		atomic_fetch_add_explicit(r ? &timeouts : &permits, 1, memory_order_relaxed);
	}
	return 0;
}

static intptr_t unpark_all(void *arg)
{
	while (!atomic_load(&go)) {
		for (int i = 0; i < PARKERS; i++)
			coir_unpark(parkers[i]);
		for (volatile int k = 0; k < 2000; k++)
			;
		must_ok(coir_yield());
	}
	return (intptr_t)arg;
}

/* A timer that was to try again came back into the wheel after it had been stopped. */
crowd_test(regress_wait, a_stop_against_another_try)
{
	long rounds = scaled(20000);
	atomic_store(&go, false);
	for (int i = 0; i < PARKERS; i++)
		parkers[i] = must_spawn(park_briefly, (void *)rounds);
	coir_fiber f = must_spawn(unpark_all, NULL);
	must_join_all(parkers, PARKERS);
	atomic_store(&go, true);
	must_join(f);
	must_eq(atomic_load(&permits) + atomic_load(&timeouts), PARKERS * rounds);
}

static intptr_t park_long(void *arg)
{
	return coir_park_until(*(coir_time *)arg);
}

enum { CROWD = 20000 };

static intptr_t wake_the_crowd(void *arg)
{
	long n = scaled_fibers(CROWD);
	coir_fiber *f = zeros((size_t)n, sizeof *f);
	coir_time deadline = coir_now() + 300 * COIR_MILLISECOND;
	for (long i = 0; i < n; i++)
		f[i] = must_spawn(park_long, &deadline);
	must_ok(coir_sleep_until(deadline - COIR_MILLISECOND));
	for (long i = 0; i < n; i++) {
		int r = coir_unpark(f[i]);
		must(r == 0 || r == -ESRCH, "%d", r); /* on a slow machine some are through already */
	}
	while (arg && coir_now() < deadline + COIR_MILLISECOND)
		;
	for (long i = 0; i < n; i++) {
		intptr_t r = must_join(f[i]);
		must(r == 0 || r == -ETIMEDOUT, "%d", (int)r);
	}
	free(f);
	return 0;
}

/* Each look at the timers tried all those again whose fibers stood in the queue, woken already. (No end in sight.) */
Test(regress_wait, many_that_are_woken_as_their_time_is_up)
{
	cr_assert_eq(with_workers(1, wake_the_crowd, (void *)1), 0);
}

/* Each stop of a timer looked at all others of its time. */
Test(regress_wait, many_that_are_woken_before_their_virtual_time)
{
	coir_config cfg = clocked(COIR_CLOCK_VIRTUAL);
	cr_assert_eq(coir_run(&cfg, wake_the_crowd, NULL, NULL), 0);
}
