/* SPDX-License-Identifier: MIT
 *
 * api/meet_test.c - wait groups, events, once, barriers, in fibers and plain threads.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

static coir_wait_group group = COIR_WAIT_GROUP_INIT;
static coir_event event = COIR_EVENT_INIT;
static coir_once once = COIR_ONCE_INIT;
static coir_barrier barrier = COIR_BARRIER_INIT(2);

static void nothing(void *arg)
{
	(void)arg;
}

Test(meet, outside_a_runtime)
{
	must_eq(coir_wait_group_add(&group, 1), -EPERM);
	must_eq(coir_wait_group_wait(&group), -EPERM);
	must_eq(coir_event_set(&event), -EPERM);
	must_eq(coir_event_reset(&event), -EPERM);
	must_eq(coir_event_try_wait(&event), -EPERM);
	must_eq(coir_once_run(&once, nothing, NULL), -EPERM);
	must_eq(coir_barrier_wait(&barrier), -EPERM);
	must_eq(coir_wait_group_init(NULL), -EINVAL);
	must_eq(coir_wait_group_destroy(NULL), -EINVAL);
	must_eq(coir_event_init(NULL), -EINVAL);
	must_eq(coir_event_destroy(NULL), -EINVAL);
	must_eq(coir_barrier_init(NULL, 1), -EINVAL);
	must_eq(coir_barrier_init(&barrier, 0), -EINVAL);
	must_eq(coir_barrier_destroy(NULL), -EINVAL);
}

static void misuse(void)
{
	must_eq(coir_wait_group_add(NULL, 1), -EINVAL);
	must_eq(coir_wait_group_done(NULL), -EINVAL);
	must_eq(coir_wait_group_wait(NULL), -EINVAL);
	must_eq(coir_wait_group_done(&group), -EINVAL);
	must_eq(coir_event_set(NULL), -EINVAL);
	must_eq(coir_event_wait(NULL), -EINVAL);
	must_eq(coir_once_run(NULL, nothing, NULL), -EINVAL);
	must_eq(coir_once_run(&once, NULL, NULL), -EINVAL);
	must_eq(coir_barrier_wait(NULL), -EINVAL);
	coir_barrier none = COIR_BARRIER_INIT(0);
	must_eq(coir_barrier_wait(&none), -EINVAL);
}

static void all_results(void)
{
	misuse();
	must_ok(coir_wait_group_wait(&group));
	must_ok(coir_wait_group_add(&group, 3));
	must_eq(coir_wait_group_add(&group, -4), -EINVAL);
	must_eq(coir_wait_group_try_wait(&group), -EAGAIN);
	must_eq(coir_wait_group_wait_until(&group, 0), -ETIMEDOUT);
	must_eq(coir_wait_group_wait_until(&group, coir_after(10000)), -ETIMEDOUT);
	must_ok(coir_wait_group_add(&group, -2));
	must_ok(coir_wait_group_done(&group));
	must_ok(coir_wait_group_try_wait(&group));
	must_ok(coir_wait_group_wait_until(&group, 0));

	must_eq(coir_event_try_wait(&event), -EAGAIN);
	must_eq(coir_event_wait_until(&event, 0), -ETIMEDOUT);
	must_eq(coir_event_wait_until(&event, coir_after(10000)), -ETIMEDOUT);
	must_ok(coir_event_set(&event));
	must_ok(coir_event_set(&event));
	must_ok(coir_event_wait(&event));
	must_ok(coir_event_try_wait(&event));
	must_ok(coir_event_reset(&event));
	must_eq(coir_event_try_wait(&event), -EAGAIN);

	coir_barrier alone = COIR_BARRIER_INIT(1);
	for (int i = 0; i < 3; i++)
		must_eq(coir_barrier_wait(&alone), COIR_BARRIER_LAST);
	must_eq(coir_barrier_wait_until(&barrier, 0), -ETIMEDOUT);
	must_eq(coir_barrier_wait_until(&barrier, coir_after(10000)), -ETIMEDOUT);
	must_ok(coir_barrier_destroy(&barrier));
}

fiber_test(meet, results_in_a_fiber)
{
	all_results();
}

workers_test(meet, results_in_a_plain_thread)
{
	start_workers(workers);
	all_results();
	stop_workers();
}

/* ---- cancellation ---- */

static intptr_t cancelled_points(void *arg)
{
	must_ok(coir_cancel(must_self()));
	must_eq(coir_wait_group_wait(&group), -ECANCELED); /* though nothing is left to do */
	must_ok(coir_wait_group_try_wait(&group));
	must_ok(coir_event_set(&event));
	must_eq(coir_event_wait(&event), -ECANCELED);
	must_eq(coir_event_wait_until(&event, COIR_NEVER), -ECANCELED);
	must_ok(coir_event_try_wait(&event));
	must_eq(coir_once_run_until(arg, nothing, NULL, COIR_NEVER), -ECANCELED);
	must_ok(coir_once_run(arg, nothing, NULL));
	must_eq(coir_barrier_wait_until(&barrier, coir_after(10000)), -ETIMEDOUT); /* no cancellation point */
	return 0;
}

fiber_test(meet, cancellation)
{
	coir_once o = COIR_ONCE_INIT;
	must_join(must_spawn(cancelled_points, &o));
}

static intptr_t wait_for_event(void *arg)
{
	return coir_event_wait(arg);
}

fiber_test(meet, cancel_of_one_that_waits)
{
	coir_event e = COIR_EVENT_INIT;
	coir_fiber f[6];
	for (int i = 0; i < 6; i++)
		f[i] = must_spawn(wait_for_event, &e);
	while (coir_event_destroy(&e) == 0)
		must_ok(coir_yield());
	must_ok(coir_cancel(f[2]));
	must_eq(must_join(f[2]), -ECANCELED);
	must_ok(coir_event_set(&e));
	for (int i = 0; i < 6; i++)
		if (i != 2)
			must_ok(must_join(f[i]));
	must_ok(coir_event_destroy(&e));
}

/* ---- wait groups ---- */

struct work {
	coir_wait_group g;
	atomic_int done;
};

static intptr_t do_one(void *arg)
{
	struct work *w = arg;
	must_ok(coir_yield());
	atomic_fetch_add(&w->done, 1);
	must_ok(coir_wait_group_done(&w->g));
	return 0;
}

static void *wait_outside(void *arg)
{
	struct work *w = arg;
	must_ok(coir_wait_group_wait(&w->g));
	must_eq(atomic_load(&w->done), 50);
	return arg;
}

workers_test(meet, group_lets_fibers_and_threads_go)
{
	for (int i = 0; i < scaled(50); i++) {
		start_workers(workers);
		struct work w = {.g = COIR_WAIT_GROUP_INIT};
		must_ok(coir_wait_group_add(&w.g, 50));
		pthread_t thread[3];
		for (int k = 0; k < 3; k++)
			thread[k] = thread_start(wait_outside, &w);
		for (int k = 0; k < 50; k++)
			must_ok(coir_go(do_one, &w));
		wait_outside(&w);
		for (int k = 0; k < 3; k++)
			thread_end(thread[k]);
		while (coir_stop(0) == -EBUSY)
			continue;
	}
}

/* On the waiter's stack, or freed at once: who let it go touches it no more. */
static intptr_t finish_and_forget(void *arg)
{
	return coir_wait_group_done(arg);
}

fiber_test(meet, group_is_freed_by_who_waited)
{
	for (int i = 0; i < scaled(2000); i++) {
		coir_wait_group *g = zeros(1, sizeof *g);
		must_ok(coir_wait_group_add(g, 2));
		coir_fiber f[2] = {must_spawn(finish_and_forget, g), must_spawn(finish_and_forget, g)};
		must_ok(coir_wait_group_wait(g));
		free(g);
		must_eq(must_join_all(f, 2), 0);
	}
}

/* ---- once ---- */

struct single {
	coir_once o;
	atomic_int runs, asked;
	int value;
	coir_event go_on;
};

static void run_it(void *arg)
{
	struct single *s = arg;
	atomic_fetch_add(&s->runs, 1);
	must_eq(coir_once_run(&s->o, run_it, s), -EDEADLK);
	must_eq(coir_once_try_run(&s->o, run_it, s), -EDEADLK);
	must_ok(coir_event_wait(&s->go_on));
	s->value = 42;
}

static intptr_t ask_for_it(void *arg)
{
	struct single *s = arg;
	atomic_fetch_add(&s->asked, 1);
	must_ok(coir_once_run(&s->o, run_it, s));
	return s->value;
}

static intptr_t ask_in_vain(void *arg)
{
	struct single *s = arg;
	while (!atomic_load(&s->runs))
		must_ok(coir_yield());
	must_eq(coir_once_try_run(&s->o, run_it, s), -EAGAIN);
	must_eq(coir_once_run_until(&s->o, run_it, s, 0), -ETIMEDOUT);
	must_eq(coir_once_run_until(&s->o, run_it, s, coir_after(10000)), -ETIMEDOUT);
	return 0;
}

fiber_test(meet, once_runs_once)
{
	struct single s = {.o = COIR_ONCE_INIT, .go_on = COIR_EVENT_INIT};
	coir_fiber f[20];
	for (int i = 0; i < 20; i++)
		f[i] = must_spawn(ask_for_it, &s);
	must_join(must_spawn(ask_in_vain, &s));
	while (atomic_load(&s.asked) < 20)
		must_ok(coir_yield());
	must_ok(coir_event_set(&s.go_on));
	must_eq(must_join_all(f, 20), 20 * 42);
	must_eq(atomic_load(&s.runs), 1);
	must_ok(coir_once_try_run(&s.o, run_it, &s));
}

static void *ask_outside(void *arg)
{
	must_eq(ask_for_it(arg), 42);
	return arg;
}

/* The runner is a thread or a fiber, whoever comes first. */
workers_test(meet, once_between_threads_and_fibers)
{
	start_workers(workers);
	for (int i = 0; i < scaled(100); i++) {
		struct single s = {.o = COIR_ONCE_INIT, .go_on = COIR_EVENT_INIT};
		must_ok(coir_event_set(&s.go_on));
		pthread_t thread = thread_start(ask_outside, &s);
		coir_fiber f = must_spawn(ask_for_it, &s);
		ask_outside(&s);
		must_eq(must_join(f), 42);
		thread_end(thread);
		must_eq(atomic_load(&s.runs), 1);
	}
	stop_workers();
}

static intptr_t run_and_be_abandoned(void *arg)
{
	struct single *s = arg;
	must_ok(coir_go(ask_for_it, s));
	while (!atomic_load(&s->runs))
		must_ok(coir_yield());
	return 0;
}

workers_test(meet, once_of_an_earlier_runtime)
{
	struct single s = {.o = COIR_ONCE_INIT, .go_on = COIR_EVENT_INIT};
	with_workers(workers, run_and_be_abandoned, &s);
	must_ok(coir_event_init(&s.go_on));
	start_workers(workers);
	must_ok(coir_event_set(&s.go_on));
	must_eq(must_join(must_spawn(ask_for_it, &s)), 42);
	stop_workers();
	must_eq(atomic_load(&s.runs), 2);
	must_ok(coir_once_run(&s.o, run_it, &s)); /* done: also without a runtime */
}

/* ---- barriers ---- */

enum { PARTIES = 7, LAPS = 50 };

struct race {
	coir_barrier b;
	atomic_int lap[LAPS];
	atomic_int last;
};

static intptr_t run_laps(void *arg)
{
	struct race *r = arg;
	for (int i = 0; i < LAPS; i++) {
		atomic_fetch_add(&r->lap[i], 1);
		int rc = coir_barrier_wait(&r->b);
		must_eq(atomic_load(&r->lap[i]), PARTIES);
		must(rc == 0 || rc == COIR_BARRIER_LAST, "%d", rc);
		if (rc)
			atomic_fetch_add(&r->last, 1);
	}
	return 1;
}

static void *run_laps_outside(void *arg)
{
	run_laps(arg);
	return arg;
}

workers_test(meet, barrier_of_fibers_and_threads)
{
	struct race r = {.b = COIR_BARRIER_INIT(PARTIES)};
	start_workers(workers);
	coir_fiber f[PARTIES - 2];
	for (int i = 0; i < PARTIES - 2; i++)
		f[i] = must_spawn(run_laps, &r);
	pthread_t thread = thread_start(run_laps_outside, &r);
	run_laps(&r);
	thread_end(thread);
	must_eq(must_join_all(f, PARTIES - 2), PARTIES - 2);
	stop_workers();
	must_eq(atomic_load(&r.last), LAPS);
	must_ok(coir_barrier_destroy(&r.b));
}

static intptr_t come_and_stay(void *arg)
{
	return coir_barrier_wait(arg);
}

static intptr_t leave_the_barrier(void *arg)
{
	must_ok(coir_go(come_and_stay, arg));
	while (coir_barrier_destroy(arg) == 0)
		must_ok(coir_yield());
	return 0;
}

/* Who came in an earlier runtime does not count. */
workers_test(meet, barrier_of_an_earlier_runtime)
{
	coir_barrier b = COIR_BARRIER_INIT(2);
	with_workers(workers, leave_the_barrier, &b);
	start_workers(workers);
	must_eq(coir_barrier_wait_until(&b, 0), -ETIMEDOUT);
	coir_fiber f = must_spawn(come_and_stay, &b);
	int rc = coir_barrier_wait(&b);
	must_eq(rc + must_join(f), COIR_BARRIER_LAST);
	stop_workers();
}

/* ---- virtual time ---- */

static intptr_t measure(void *arg)
{
	(void)arg;
	coir_event e = COIR_EVENT_INIT;
	coir_time start = coir_now();
	must_eq(coir_event_wait_until(&e, start + 5), -ETIMEDOUT);
	must_eq(coir_now() - start, 5);
	must_eq(coir_barrier_wait_until(&barrier, start + 105), -ETIMEDOUT);
	must_eq(coir_now() - start, 105);
	coir_fiber f = must_spawn(come_and_stay, &barrier); /* a barrier that was left is none the worse */
	int rc = coir_barrier_wait_until(&barrier, start + 205);
	must_eq(rc + must_join(f), COIR_BARRIER_LAST);
	must_eq(coir_now() - start, 105);
	return 0;
}

Test(meet, deadlines)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = COIR_CLOCK_VIRTUAL;
	must_ok(coir_run(&cfg, measure, NULL, NULL));
}
