/* SPDX-License-Identifier: MIT
 *
 * api/gather_test.c - coir/scope.h: gather and async children.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>

enum { MANY = 1000 };

static atomic_int begun;

static intptr_t square(void *arg)
{
	long n = *(long *)arg;
	for (long i = 0; i < n % 3; i++)
		must_ok(coir_yield());
	return n * n;
}

static intptr_t negate(void *arg)
{
	return -*(long *)arg;
}

static intptr_t until_cancelled(void *arg)
{
	atomic_fetch_add(&begun, 1);
	must_eq(coir_park(), -ECANCELED);
	return arg ? -ECANCELED : 0;
}

/* ---- gather ---- */

fiber_test(gather, in_order)
{
	static long item[MANY];
	static intptr_t result[MANY];
	for (long i = 0; i < MANY; i++)
		item[i] = i;
	must_ok(coir_gather_map(square, item, sizeof item[0], MANY, result));
	for (long i = 0; i < MANY; i++)
		must_eq(result[i], i * i);
	coir_fn fns[] = {square, negate, square};
	void *args[] = {&item[5], &item[0], &item[7]};
	must_ok(coir_gather(fns, args, 3, result));
	must_eq(result[0], 25);
	must_eq(result[1], 0);
	must_eq(result[2], 49);
	must_ok(coir_gather(fns, args, 3, NULL));
	must_ok(coir_gather(NULL, NULL, 0, NULL));
}

static intptr_t wait_then_fail(void *arg)
{
	while (atomic_load(&begun) < 2)
		must_ok(coir_yield());
	return (intptr_t)arg;
}

fiber_test(gather, first_error_cancels_the_rest)
{
	coir_fn fns[] = {until_cancelled, wait_then_fail, until_cancelled};
	void *args[] = {NULL, (void *)-EDOM, &begun};
	intptr_t result[3];
	must_eq(coir_gather(fns, args, 3, result), -EDOM);
	must_eq(result[0], 0); /* completed */
	must_eq(result[1], -EDOM);
	must_eq(result[2], -ECANCELED);
	must_eq(coir_cancelled(), 0);
}

/* On one worker the first runs first, so the others are left out. */
solo_test(gather, leaves_out_what_has_not_begun)
{
	coir_fn fns[] = {negate, until_cancelled, until_cancelled};
	long one = 1;
	void *args[] = {&one, NULL, NULL};
	intptr_t result[3];
	must_eq(coir_gather(fns, args, 3, result), -1);
	must_eq(result[0], -1);
	must_eq(result[1], -ECANCELED);
	must_eq(result[2], -ECANCELED);
	must_eq(atomic_load(&begun), 0);
}

static intptr_t gather_for_ever(void *arg)
{
	coir_fn fns[] = {until_cancelled, until_cancelled};
	void *args[] = {&begun, &begun};
	intptr_t result[2];
	must_eq(coir_gather(fns, args, 2, result), -ECANCELED);
	must_eq(coir_gather(fns, args, 2, result), -ECANCELED);
	must_eq(result[1], -ECANCELED);
	must_eq(atomic_load(&begun), 2);
	return (intptr_t)arg;
}

fiber_test(gather, cancelled)
{
	coir_fiber f = must_spawn(gather_for_ever, (void *)3);
	while (atomic_load(&begun) < 2)
		must_ok(coir_yield());
	must_ok(coir_cancel(f));
	must_eq(must_join(f), 3);
}

fiber_test(gather, until)
{
	intptr_t result[2];
	must_eq(coir_gather_map_until(until_cancelled, &begun, 0, 2, result, coir_after(1000)), -ETIMEDOUT);
	must_eq(result[0], -ECANCELED);
	must_eq(result[1], -ECANCELED);
}

fiber_test(gather, misuse)
{
	coir_fn fns[] = {square, NULL};
	void *args[] = {NULL, NULL};
	must_eq(coir_gather(fns, args, 2, NULL), -EINVAL);
	must_eq(coir_gather(NULL, args, 2, NULL), -EINVAL);
	must_eq(coir_gather(fns, NULL, 1, NULL), -EINVAL);
	must_eq(coir_gather_map(NULL, args, 8, 1, NULL), -EINVAL);
	must_eq(coir_gather_map(square, NULL, 8, 1, NULL), -EINVAL);
}

static void *squares_in_a_thread(void *arg)
{
	long item[50];
	intptr_t result[50];
	for (long i = 0; i < 50; i++)
		item[i] = i;
	must_ok(coir_gather_map(square, item, sizeof item[0], 50, result));
	for (long i = 0; i < 50; i++)
		must_eq(result[i], i * i);
	return arg;
}

workers_test(gather, in_a_thread)
{
	start_workers(workers);
	thread_end(thread_start(squares_in_a_thread, NULL));
	must_ok(coir_stop(COIR_STOP_FORCE));
}

/* ---- async ---- */

fiber_test(async, results)
{
	enum { N = 100 };
	static long item[N];
	static coir_async slot[N];
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (long i = 0; i < N; i++) {
		item[i] = i;
		must_ok(coir_scope_async(&s, &slot[i], square, &item[i]));
	}
	for (long i = 0; i < N; i++)
		for (int twice = 0; twice < 2; twice++) {
			intptr_t out = -1;
			must_ok(coir_await(&slot[i], &out));
			must_eq(out, i * i);
		}
	must_ok(coir_scope_wait(&s));
	intptr_t out = -1;
	must_ok(coir_try_await(&slot[7], &out));
	must_eq(out, 49);
}

static intptr_t await_it(void *arg)
{
	intptr_t out = -1;
	must_ok(coir_await(arg, &out));
	return out;
}

static void *await_in_a_thread(void *arg)
{
	return (void *)await_it(arg);
}

static intptr_t until_told(void *arg)
{
	must_eq(coir_park(), -ECANCELED);
	return (intptr_t)arg;
}

static intptr_t await_unsuccessfully(void *arg)
{
	intptr_t out = 77;
	must_eq(coir_await(arg, &out), -ECANCELED);
	must_eq(coir_await_until(arg, &out, coir_after(COIR_SECOND)), -ECANCELED);
	must_eq(coir_try_await(arg, &out), -EAGAIN);
	must_eq(out, 77);
	return 1;
}

fiber_test(async, many_wait)
{
	static coir_async slot, none;
	coir_scope s;
	coir_fiber waiters[20], cancelled;
	intptr_t out;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_async(&s, &slot, until_told, (void *)11));
	must_eq(coir_try_await(&slot, &out), -EAGAIN);
	must_eq(coir_await_until(&slot, &out, coir_now()), -ETIMEDOUT);
	must_eq(coir_await_until(&slot, &out, coir_after(1000)), -ETIMEDOUT);
	for (int i = 0; i < 20; i++)
		waiters[i] = must_spawn(await_it, &slot);
	cancelled = must_spawn(await_unsuccessfully, &slot);
	pthread_t thread = thread_start(await_in_a_thread, &slot);
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	must_ok(coir_cancel(cancelled));
	must_eq(must_join(cancelled), 1);
	must_ok(coir_scope_cancel(&s));
	must_eq(coir_await(&none, &out), -EINVAL);
	must_eq(coir_await(NULL, &out), -EINVAL);
	must_ok(coir_shield_begin());
	must_ok(coir_await(&slot, &out));
	must_ok(coir_shield_end());
	must_eq(out, 11);
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(must_join_all(waiters, 20), 20 * 11);
	must_eq((intptr_t)thread_end(thread), 11);
}

fiber_test(async, misuse)
{
	coir_scope s;
	coir_async slot;
	must_ok(coir_scope_begin(&s, NULL));
	must_eq(coir_scope_async(&s, NULL, square, NULL), -EINVAL);
	must_eq(coir_scope_async(&s, &slot, NULL, NULL), -EINVAL);
	must_ok(coir_scope_cancel(&s));
	must_eq(coir_scope_async(&s, &slot, square, NULL), -ECANCELED);
	must_eq(coir_try_await(&slot, NULL), -EINVAL);
	must_eq(coir_scope_wait(&s), -ECANCELED);
}
