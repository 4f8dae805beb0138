/* SPDX-License-Identifier: MIT
 *
 * api/semaphore_test.c - permits, several at a time, in order, from fibers and plain threads.
 */
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

static coir_sem sem = COIR_SEM_INIT(2);

Test(semaphore, outside_a_runtime)
{
	must_eq(coir_sem_acquire(&sem, 1), -EPERM);
	must_eq(coir_sem_try_acquire(&sem, 1), -EPERM);
	must_eq(coir_sem_acquire_until(&sem, 1, 0), -EPERM);
	must_eq(coir_sem_release(&sem, 1), -EPERM);
	must_eq(coir_sem_init(NULL, 0), -EINVAL);
	must_eq(coir_sem_destroy(NULL), -EINVAL);
	must_ok(coir_sem_destroy(&sem));
}

static void all_results(void)
{
	must_eq(coir_sem_acquire(NULL, 1), -EINVAL);
	must_eq(coir_sem_acquire(&sem, 0), -EINVAL);
	must_eq(coir_sem_release(NULL, 1), -EINVAL);
	must_eq(coir_sem_release(&sem, 0), -EINVAL);
	must_eq(coir_sem_try_acquire(&sem, 3), -EAGAIN);
	must_ok(coir_sem_acquire(&sem, 1));
	must_ok(coir_sem_acquire_until(&sem, 1, 0));
	must_eq(coir_sem_try_acquire(&sem, 1), -EAGAIN);
	must_eq(coir_sem_acquire_until(&sem, 1, coir_now()), -ETIMEDOUT);
	must_eq(coir_sem_acquire_until(&sem, 1, coir_after(20000)), -ETIMEDOUT);
	must_ok(coir_sem_release(&sem, 2));
	must_eq(coir_sem_release(&sem, UINT32_MAX - 1), -EOVERFLOW);
	must_ok(coir_sem_try_acquire(&sem, 2));
	must_ok(coir_sem_release(&sem, 2));
}

fiber_test(semaphore, results_in_a_fiber)
{
	all_results();
}

workers_test(semaphore, results_in_a_plain_thread)
{
	start_workers(workers);
	all_results();
	stop_workers();
}

/* ---- order ---- */

struct wish {
	coir_sem *sem;
	uint32_t n;
	atomic_int *came;
	int place;
};

static intptr_t acquire_wish(void *arg)
{
	struct wish *w = arg;
	must_ok(coir_sem_acquire(w->sem, w->n));
	w->place = atomic_fetch_add(w->came, 1);
	return w->n;
}

static void until_waiting(coir_sem *s)
{
	while (coir_sem_destroy(s) != -EBUSY)
		must_ok(coir_yield());
	for (int i = 0; i < 20; i++)
		must_ok(coir_yield());
}

/* Nobody goes past one that waits for many, though there is enough for him. */
fiber_test(semaphore, nobody_passes_a_big_one)
{
	coir_sem s = COIR_SEM_INIT(0);
	atomic_int came = 0;
	struct wish big = {&s, 5, &came, -1}, small = {&s, 1, &came, -1};
	coir_fiber f = must_spawn(acquire_wish, &big);
	until_waiting(&s);
	coir_fiber g = must_spawn(acquire_wish, &small);
	for (int i = 0; i < 4; i++) {
		must_ok(coir_sem_release(&s, 1));
		must_eq(coir_sem_try_acquire(&s, 1), -EAGAIN);
		must_ok(coir_yield());
		must_eq(atomic_load(&came), 0);
	}
	must_ok(coir_sem_release(&s, 1));
	must_eq(must_join(f), 5);
	must_eq(big.place, 0);
	must_ok(coir_sem_release(&s, 1));
	must_eq(must_join(g), 1);
	must_ok(coir_sem_destroy(&s));
}

static intptr_t acquire_in_vain(void *arg)
{
	must_eq(coir_sem_acquire(arg, 5), -ECANCELED);
	return 0;
}

/* One that gives up lets in those it held back. */
fiber_test(semaphore, a_cancelled_big_one_holds_nobody_back)
{
	coir_sem s = COIR_SEM_INIT(1);
	atomic_int came = 0;
	struct wish small = {&s, 1, &came, -1};
	coir_fiber f = must_spawn(acquire_in_vain, &s);
	until_waiting(&s);
	coir_fiber g = must_spawn(acquire_wish, &small);
	for (int i = 0; i < 20; i++)
		must_ok(coir_yield());
	must_eq(atomic_load(&came), 0);
	must_ok(coir_cancel(f));
	must_eq(must_join(g), 1);
	must_join(f);
	must_ok(coir_sem_destroy(&s));
}

static intptr_t acquire_cancelled(void *arg)
{
	must_ok(coir_cancel(must_self()));
	must_eq(coir_sem_acquire(arg, 1), -ECANCELED); /* though there is one */
	must_ok(coir_sem_try_acquire(arg, 1));
	must_ok(coir_sem_release(arg, 1));
	return 0;
}

fiber_test(semaphore, cancellation)
{
	must_join(must_spawn(acquire_cancelled, &sem));
	must_ok(coir_sem_try_acquire(&sem, 2));
	must_ok(coir_sem_release(&sem, 2));
}

/* ---- fibers and plain threads wait at one semaphore ---- */

static intptr_t ping(void *arg)
{
	coir_sem *s = arg;
	for (long i = 0; i < scaled(2000); i++) {
		must_ok(coir_sem_acquire(&s[0], 1));
		must_ok(coir_sem_release(&s[1], 1));
	}
	return 0;
}

workers_test(semaphore, between_a_fiber_and_a_thread)
{
	coir_sem s[2] = {COIR_SEM_INIT(0), COIR_SEM_INIT(0)};
	start_workers(workers);
	coir_fiber f = must_spawn(ping, s);
	for (long i = 0; i < scaled(2000); i++) {
		must_ok(coir_sem_release(&s[0], 1));
		must_ok(coir_sem_acquire(&s[1], 1));
	}
	must_join(f);
	stop_workers();
	must_ok(coir_sem_destroy(&s[0]));
	must_ok(coir_sem_destroy(&s[1]));
}

/* A thread that waits when the runtime ends gets -EPERM. */
static void *acquire_to_the_end(void *arg)
{
	must_eq(coir_sem_acquire(arg, 1), -EPERM);
	return arg;
}

static bool somebody_waits(void *arg)
{
	return coir_sem_destroy(arg) == -EBUSY;
}

workers_test(semaphore, thread_outlives_the_runtime)
{
	coir_sem s = COIR_SEM_INIT(0);
	start_workers(workers);
	pthread_t thread = thread_start(acquire_to_the_end, &s);
	poll_until(somebody_waits, &s);
	stop_workers();
	thread_end(thread);
	must_ok(coir_sem_destroy(&s));
}

/* Fibers that were abandoned wait there no more, and what they waited for is still there. */
static intptr_t abandon_waiters(void *arg)
{
	for (int i = 0; i < 5; i++)
		must_ok(coir_go(acquire_in_vain, arg));
	until_waiting(arg);
	return 0;
}

static intptr_t use_after(void *arg)
{
	must_ok(coir_sem_destroy(arg));
	must_ok(coir_sem_release(arg, 1));
	must_ok(coir_sem_acquire(arg, 1));
	must_eq(coir_sem_acquire_until(arg, 1, coir_after(1000)), -ETIMEDOUT);
	return 0;
}

workers_test(semaphore, of_an_earlier_runtime)
{
	coir_sem s = COIR_SEM_INIT(0);
	with_workers(workers, abandon_waiters, &s);
	with_workers(workers, use_after, &s);
}

/* ---- who was let in may free it at once ---- */

static intptr_t let_in(void *arg)
{
	must_ok(coir_sem_release(arg, 1));
	return 0;
}

fiber_test(semaphore, is_freed_by_who_got_in)
{
	for (int i = 0; i < scaled(2000); i++) {
		coir_sem *s = zeros(1, sizeof *s);
		coir_fiber f = must_spawn(let_in, s);
		must_ok(coir_yield());
		must_ok(coir_sem_acquire(s, 1));
		free(s);
		must_join(f);
	}
}

/* ---- virtual time ---- */

static intptr_t measure(void *arg)
{
	coir_time start = coir_now();
	must_eq(coir_sem_acquire_until(arg, 3, start + 777), -ETIMEDOUT);
	must_eq(coir_now() - start, 777);
	return 0;
}

Test(semaphore, deadline)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = COIR_CLOCK_VIRTUAL;
	must_ok(coir_run(&cfg, measure, &sem, NULL));
}
