/* SPDX-License-Identifier: MIT
 *
 * api/lifecycle_test.c - SEMANTICS, "Lifecycle": run, start, stop, who may call what where, what shutdown leaves.
 * Fork is in fork_test.c, bad options in config_test.c.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <fenv.h>
#include <stdatomic.h>
#include <unistd.h>

workers_test(lifecycle, run_gives_the_result)
{
	cr_assert_eq(with_workers(workers, fiber_give_back, (void *)42), 42);
	cr_assert_eq(with_workers(workers, fiber_give_back, (void *)INTPTR_MIN), INTPTR_MIN);
	cr_assert_eq(with_workers(workers, fiber_give_back, (void *)-5), -5,
		     "a negative result is no error of coir_run");
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = workers;
	cr_assert_eq(coir_run(&cfg, fiber_give_back, NULL, NULL), 0, "out may be NULL");
}

Test(lifecycle, run_without_config)
{
	intptr_t out = 0;
	cr_assert_eq(coir_run(NULL, fiber_give_back, (void *)9, &out), 0);
	cr_assert_eq(out, 9);
}

static intptr_t count_workers(void *arg)
{
	(void)arg;
	must(coir_worker() >= 0 && coir_worker() < coir_workers());
	return coir_workers();
}

workers_test(lifecycle, as_many_workers_as_asked)
{
	cr_assert_eq(with_workers(workers, count_workers, NULL), (intptr_t)workers);
	cr_assert_eq(coir_workers(), -EPERM, "no runtime any more");
}

static intptr_t spawn_and_join(void *arg)
{
	return must_join(must_spawn(fiber_give_back, arg));
}

Test(lifecycle, run_again_and_again)
{
	int threads = thread_count();
	for (int i = 0; i < scaled(200); i++)
		cr_assert_eq(with_workers(1u + (unsigned)i % 5, spawn_and_join, (void *)(intptr_t)i), i);
	thread_count_settles(threads); /* a runtime that is gone leaves no thread */
}

Test(lifecycle, start_and_stop_again_and_again)
{
	int threads = thread_count();
	for (int i = 0; i < scaled(200); i++) {
		start_workers(1u + (unsigned)i % 5);
		cr_assert_eq(must_join(must_spawn(spawn_and_join, (void *)(intptr_t)i)), i);
		stop_workers();
	}
	thread_count_settles(threads); /* a runtime that is gone leaves no thread */
}

static void *second_start_is_refused(void *arg)
{
	(void)arg;
	must_eq(coir_start(NULL), -EBUSY);
	must_eq(coir_run(NULL, fiber_give_back, NULL, NULL), -EBUSY);
	must_eq(coir_stop(0), -EPERM); /* it is coir_run's */
	must_eq(coir_stop(COIR_STOP_FORCE), -EPERM);
	return NULL;
}

fiber_test(lifecycle, one_runtime_at_a_time)
{
	must_eq(coir_start(NULL), -EBUSY);
	must_eq(coir_run(NULL, fiber_give_back, NULL, NULL), -EBUSY);
	must_eq(coir_stop(0), -EPERM);
	must_eq(coir_stop(COIR_STOP_FORCE), -EPERM);
	thread_end(thread_start(second_start_is_refused, NULL));
	must_eq(must_join(must_spawn(fiber_give_back, (void *)3)), 3); /* none the worse */
	must_eq(coir_workers(), workers);
}

static intptr_t stop_from_inside(void *arg)
{
	(void)arg;
	must_eq(coir_start(NULL), -EBUSY);
	must_eq(coir_stop(0), -EPERM);
	must_eq(coir_stop(COIR_STOP_FORCE), -EPERM);
	return 0;
}

Test(lifecycle, start_twice_and_stop_from_inside)
{
	start_workers(2);
	cr_assert_eq(coir_start(NULL), -EBUSY);
	cr_assert_eq(coir_run(NULL, fiber_give_back, NULL, NULL), -EBUSY);
	must_join(must_spawn(stop_from_inside, NULL));
	cr_assert_eq(coir_stop(COIR_STOP_FORCE | 0x80), -EINVAL, "an unknown flag");
	cr_assert_eq(coir_workers(), 2, "that stopped nothing");
	stop_workers();
	cr_assert_eq(coir_stop(0), -EPERM, "there is none to stop");
	cr_assert_eq(coir_stop(COIR_STOP_FORCE), -EPERM);
}

/* Beside the program's own threads: all that any thread may call. */
workers_test(lifecycle, foreign_threads_use_it)
{
	start_workers(workers);
	cr_assert_eq(coir_workers(), (int)workers);
	coir_fiber waits = must_spawn(fiber_park_once, (void *)7);
	cr_assert_eq(coir_unpark(waits), 0);
	cr_assert_eq(must_join(waits), 7);
	coir_fiber loose = must_spawn(fiber_give_back, NULL);
	cr_assert_eq(coir_detach(loose), 0);
	cr_assert_eq(coir_go(fiber_give_back, NULL), 0);
	cr_assert_eq(coir_id(), 0);
	while (coir_stop(0) == -EBUSY) /* until the two without a joiner have ended */
		usleep(100);
	cr_assert_eq(coir_workers(), -EPERM);
}

workers_test(lifecycle, stop_waits_for_nobody_alive)
{
	start_workers(workers);
	coir_fiber waits = must_spawn(fiber_park_once, (void *)7);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(coir_stop(0), -EBUSY);
	cr_assert_eq(coir_workers(), (int)workers, "a refused stop stops nothing");
	cr_assert_eq(must_join(must_spawn(spawn_and_join, (void *)5)), 5);
	cr_assert_eq(coir_unpark(waits), 0);
	cr_assert_eq(must_join(waits), 7);
	cr_assert_eq(coir_stop(0), 0, "every fiber has been joined");
}

enum { LEFT = 100 };

static coir_fiber left[LEFT];
static atomic_int started;
static int left_errors;

static bool all_started(void *wanted)
{
	return atomic_load(&started) >= *(int *)wanted;
}

/* The handles of a runtime that is gone: none names anybody in the next one. */
static intptr_t left_handles_are_stale(void *arg)
{
	(void)arg;
	coir_fiber mine[LEFT];
	for (int i = 0; i < LEFT; i++)
		mine[i] = must_spawn(fiber_park_once, (void *)7);
	for (int i = 0; i < LEFT; i++) {
		left_errors += coir_unpark(left[i]) != -ESRCH;
		left_errors += coir_detach(left[i]) != -ESRCH;
		left_errors += coir_join(left[i], NULL) != -ESRCH;
	}
	for (int i = 0; i < LEFT; i++)
		must_ok(coir_unpark(mine[i]));
	return must_join_all(mine, LEFT);
}

workers_test(lifecycle, forced_stop_abandons)
{
	start_workers(workers);
	for (int i = 0; i < LEFT; i++)
		left[i] = must_spawn(i % 2 ? fiber_park_for_ever : fiber_yield_for_ever, &started);
	poll_until(all_started, &(int){LEFT});
	cr_assert_eq(coir_stop(0), -EBUSY);
	cr_assert_eq(coir_stop(COIR_STOP_FORCE), 0);
	coir_stats s = must_stats();
	cr_assert_eq(s.abandoned, LEFT);
	cr_assert_eq(s.spawned, s.finished + s.abandoned);
	cr_assert_eq(coir_join(left[0], NULL), -EPERM, "no runtime");
	cr_assert_eq(with_workers(workers, left_handles_are_stale, NULL), 7 * LEFT);
	cr_assert_eq(left_errors, 0);
	cr_assert_eq(must_stats().abandoned, 0, "counted anew");
}

static void *join_one_left(void *arg)
{
	coir_fiber f = *(coir_fiber *)arg;
	atomic_fetch_add(&started, 1);
	int rc = coir_join(f, NULL);
	must(rc == -ESRCH || rc == -EPERM, "%d", rc); /* it waited when the runtime ended, or came too late */
	return NULL;
}

/* Nobody is left waiting in another thread for a fiber that will never end. */
workers_test(lifecycle, forced_stop_ends_foreign_joins)
{
	for (int round = 0; round < 20; round++) {
		pthread_t joiner[4];
		atomic_store(&started, 0);
		start_workers(workers);
		for (int i = 0; i < 4; i++)
			left[i] = must_spawn(i % 2 ? fiber_park_for_ever : fiber_yield_for_ever, NULL);
		for (int i = 0; i < 4; i++)
			joiner[i] = thread_start(join_one_left, &left[i]);
		poll_until(all_started, &(int){4});
		usleep(round * 100); /* so that now some wait already, now none does */
		must_ok(coir_stop(COIR_STOP_FORCE));
		for (int i = 0; i < 4; i++)
			thread_end(joiner[i]);
	}
}

static intptr_t leave_with_joiners(void *arg)
{
	pthread_t *joiner = arg;
	for (int i = 0; i < 4; i++)
		left[i] = must_spawn(i % 2 ? fiber_park_for_ever : fiber_yield_for_ever, NULL);
	for (int i = 0; i < 4; i++)
		joiner[i] = thread_start(join_one_left, &left[i]);
	while (atomic_load(&started) < 4)
		must_ok(coir_yield());
	for (int i = 0; i < 10000; i++)
		must_ok(coir_yield());
	return 1;
}

workers_test(lifecycle, main_returns_and_foreign_joins_end)
{
	pthread_t joiner[4];
	cr_assert_eq(with_workers(workers, leave_with_joiners, joiner), 1);
	for (int i = 0; i < 4; i++)
		thread_end(joiner[i]);
}

static atomic_int destructors_run;
static coir_key key;

static void count_destructor(void *value)
{
	(void)value;
	atomic_fetch_add(&destructors_run, 1);
}

static intptr_t park_with_storage(void *arg)
{
	must_ok(coir_set(key, arg));
	return fiber_park_for_ever(arg);
}

static intptr_t leave_them(void *arg)
{
	(void)arg;
	for (int i = 0; i < LEFT; i++)
		left[i] = must_spawn(i % 2 ? park_with_storage : fiber_yield_for_ever, &started);
	while (atomic_load(&started) < LEFT)
		must_ok(coir_yield());
	for (int i = 0; i < 10; i++)
		must_ok(coir_go(fiber_park_for_ever, NULL)); /* these may never start */
	return 11;
}

workers_test(lifecycle, main_returns_and_the_rest_is_abandoned)
{
	must_ok(coir_key_create(&key, count_destructor));
	cr_assert_eq(with_workers(workers, leave_them, NULL), 11);
	coir_stats s = must_stats();
	cr_assert_eq(s.abandoned, LEFT + 10);
	cr_assert_eq(s.spawned, s.finished + s.abandoned);
	cr_assert_eq(atomic_load(&destructors_run), 0, "an abandoned fiber runs no handler");
	cr_assert_eq(with_workers(workers, left_handles_are_stale, NULL), 7 * LEFT);
	cr_assert_eq(left_errors, 0);
}

/* Everything a fiber only may call, called elsewhere. */
static void fiber_calls_are_refused(void)
{
	coir_fiber f;
	char name[8];
	void *value;
	cr_assert_eq(coir_yield(), -EPERM);
	cr_assert_eq(coir_park(), -EPERM);
	cr_assert_eq(coir_self(&f), -EPERM);
	cr_assert_eq(coir_id(), 0);
	cr_assert_eq(coir_name(name, sizeof name), -EPERM);
	cr_assert_eq(coir_set_name("x"), -EPERM);
	cr_assert_eq(coir_worker(), -EPERM);
	cr_assert_eq(coir_set(key, &f), -EPERM);
	cr_assert_eq(coir_get(key, &value), -EPERM);
	cr_assert_eq(coir_stack_left(), -EPERM);
	cr_assert_eq(coir_keep_fp(), -EPERM);
}

Test(lifecycle, fiber_calls_outside_a_fiber)
{
	must_ok(coir_key_create(&key, NULL));
	fiber_calls_are_refused();
	start_workers(2);
	fiber_calls_are_refused();
	stop_workers();
	fiber_calls_are_refused();
}

Test(lifecycle, calls_without_a_runtime)
{
	coir_fiber f = {NULL, 0};
	for (int round = 0; round < 2; round++) {
		cr_assert_eq(coir_spawn(NULL, fiber_give_back, NULL, &f), -EPERM);
		cr_assert_eq(coir_go(fiber_give_back, NULL), -EPERM);
		cr_assert_eq(coir_join(f, NULL), -EPERM);
		cr_assert_eq(coir_detach(f), -EPERM);
		cr_assert_eq(coir_unpark(f), -EPERM);
		cr_assert_eq(coir_workers(), -EPERM);
		cr_assert_eq(coir_stop(0), -EPERM);
		cr_assert_eq(coir_call_with_stack(1 << 20, fiber_give_back, NULL, NULL), -EPERM);
		with_workers(2, spawn_and_join, NULL); /* and the same once there was one */
	}
}

static intptr_t nobody(void *arg)
{
	coir_fiber none = {NULL, 0}, invented = {NULL, 12345};
	must_eq(coir_join(none, NULL), -ESRCH);
	must_eq(coir_detach(none), -ESRCH);
	must_eq(coir_unpark(none), -ESRCH);
	must_eq(coir_join(invented, NULL), -ESRCH);
	return (intptr_t)arg;
}

Test(lifecycle, the_empty_handle_names_nobody)
{
	with_workers(2, nobody, NULL);
}

Test(lifecycle, version)
{
	cr_assert_str_eq(coir_version(), COIR_VERSION_STRING);
}
