/* SPDX-License-Identifier: MIT
 *
 * api/future_test.c - futures and promises: a value or an error once, for many; then, when_all, when_any.
 */
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>

struct both {
	coir_promise *p;
	coir_future *f;
};

static struct both make(void)
{
	struct both b;
	must_ok(coir_promise_create(&b.p, &b.f));
	return b;
}

static void drop(struct both b)
{
	coir_promise_destroy(b.p);
	coir_future_release(b.f);
}

static int twice(int error, intptr_t value, void *arg, intptr_t *result)
{
	(void)arg;
	*result = 2 * value;
	return error;
}

Test(future, outside_a_runtime)
{
	must_eq(coir_promise_create(NULL, NULL), -EINVAL);
	must_eq(coir_promise_set(NULL, 1), -EINVAL);
	must_eq(coir_promise_fail(NULL, -1), -EINVAL);
	must_eq(coir_future_wait(NULL, NULL), -EINVAL);
	must_eq(coir_future_try_wait(NULL, NULL), -EINVAL);
	coir_promise_destroy(NULL);
	coir_future_release(NULL);
	struct both b = make();
	must_eq(coir_promise_set(b.p, 1), -EPERM);
	must_eq(coir_future_wait(b.f, NULL), -EPERM);
	must_eq(coir_future_then(b.f, twice, NULL, NULL), -EPERM);
	must_eq(coir_future_try_wait(b.f, NULL), -EAGAIN);
	coir_promise_destroy(b.p);
	must_eq(coir_future_try_wait(b.f, NULL), -EPIPE);
	coir_future_release(b.f);
}

static void all_results(void)
{
	struct both b = make();
	intptr_t value = 0;
	must_eq(coir_future_try_wait(b.f, &value), -EAGAIN);
	must_eq(coir_future_wait_until(b.f, &value, 0), -ETIMEDOUT);
	must_eq(coir_future_wait_until(b.f, &value, coir_after(10000)), -ETIMEDOUT);
	must_eq(coir_promise_fail(b.p, 0), -EINVAL);
	must_eq(coir_promise_fail(b.p, 5), -EINVAL);
	must_ok(coir_promise_set(b.p, -17));
	must_eq(coir_promise_set(b.p, 3), -EALREADY);
	must_eq(coir_promise_fail(b.p, -EIO), -EALREADY);
	must_ok(coir_future_wait(b.f, &value));
	must_eq(value, -17);
	must_ok(coir_future_wait_until(b.f, NULL, 0));
	coir_promise_destroy(b.p);
	must_ok(coir_future_try_wait(b.f, NULL)); /* it keeps its value */
	coir_future_release(b.f);

	b = make();
	must_ok(coir_promise_fail(b.p, -EIO));
	must_eq(coir_future_wait(b.f, &value), -EIO);
	must_eq(value, -17);
	drop(b);

	must_eq(coir_future_then(NULL, twice, NULL, NULL), -EINVAL);
	must_eq(coir_future_when_any(NULL, 0, &b.f), -EINVAL);
	must_eq(coir_future_when_all(NULL, 1, &b.f), -EINVAL);
	must_eq(coir_future_when_all(NULL, 0, NULL), -EINVAL);
	must_ok(coir_future_when_all(NULL, 0, &b.f));
	must_ok(coir_future_wait(b.f, &value));
	must_eq(value, 0);
	coir_future_release(b.f);
}

fiber_test(future, results_in_a_fiber)
{
	all_results();
}

workers_test(future, results_in_a_plain_thread)
{
	start_workers(workers);
	all_results();
	stop_workers();
}

/* ---- many waiters, fibers and threads ---- */

static intptr_t wait_for_it(void *arg)
{
	intptr_t value = 0;
	int rc = coir_future_wait(arg, &value);
	return rc ? rc : value;
}

static void *wait_outside(void *arg)
{
	return (void *)wait_for_it(arg);
}

static void many_wait(bool fails, bool destroyed)
{
	struct both b = make();
	coir_fiber f[20];
	for (int i = 0; i < 20; i++)
		f[i] = must_spawn(wait_for_it, b.f);
	pthread_t thread = thread_start(wait_outside, b.f);
	intptr_t expected = destroyed ? -EPIPE : fails ? -EIO : 9;
	if (destroyed)
		coir_promise_destroy(b.p);
	else
		must_ok(fails ? coir_promise_fail(b.p, -EIO) : coir_promise_set(b.p, 9));
	must_eq(must_join_all(f, 20), 20 * expected);
	must_eq((intptr_t)thread_end(thread), expected);
	if (!destroyed)
		coir_promise_destroy(b.p);
	coir_future_release(b.f);
}

workers_test(future, many_wait)
{
	start_workers(workers);
	for (int i = 0; i < scaled(100); i++)
		many_wait(i % 3 == 1, i % 3 == 2);
	stop_workers();
}

fiber_test(future, cancellation)
{
	struct both b = make();
	coir_fiber f[3];
	for (int i = 0; i < 3; i++)
		f[i] = must_spawn(wait_for_it, b.f);
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	must_ok(coir_cancel(f[1]));
	must_eq(must_join(f[1]), -ECANCELED);
	must_ok(coir_promise_set(b.p, 6));
	must_eq(must_join(f[0]), 6);
	must_eq(must_join(f[2]), 6);
	coir_fiber late = must_spawn(wait_for_it, b.f);
	int rc = coir_cancel(late); /* before it runs, or after it has ended */
	intptr_t r = must_join(late);
	must(r == 6 || (rc == 0 && r == -ECANCELED), "%d %d", rc, (int)r);
	drop(b);
}

/* ---- then ---- */

static int slow_sum(int error, intptr_t value, void *arg, intptr_t *result)
{
	for (int i = 0; i < 3; i++)
		must_ok(coir_yield()); /* it may wait */
	must_eq(error, 0);
	*result = value + *(int *)arg;
	return 0;
}

static int repair(int error, intptr_t value, void *arg, intptr_t *result)
{
	(void)arg;
	must_eq(value, 0);
	*result = -error;
	return 0;
}

static void then_chain(bool before)
{
	struct both b = make();
	int hundred = 100;
	intptr_t value;
	coir_future *sum, *doubled;
	if (before)
		must_ok(coir_promise_set(b.p, 5));
	must_ok(coir_future_then(b.f, slow_sum, &hundred, &sum));
	must_ok(coir_future_then(sum, twice, NULL, &doubled));
	if (!before)
		must_ok(coir_promise_set(b.p, 5));
	must_ok(coir_future_wait(doubled, &value));
	must_eq(value, 210);
	must_ok(coir_future_try_wait(sum, &value));
	must_eq(value, 105);
	coir_future_release(sum);
	coir_future_release(doubled);
	drop(b);
}

static void then_of_a_failure(void)
{
	struct both b = make();
	intptr_t value;
	coir_future *failed, *repaired;
	must_ok(coir_future_then(b.f, twice, NULL, &failed));
	must_ok(coir_future_then(failed, repair, NULL, &repaired));
	coir_promise_destroy(b.p);
	must_ok(coir_future_wait(repaired, &value));
	must_eq(value, EPIPE);
	must_eq(coir_future_wait(failed, NULL), -EPIPE);
	coir_future_release(b.f);
	coir_future_release(failed);
	coir_future_release(repaired);
}

fiber_test(future, then)
{
	for (int i = 0; i < scaled(100); i++) {
		then_chain(i % 2);
		then_of_a_failure();
	}
}

/* Without a future of its own. */
static int count_it(int error, intptr_t value, void *arg, intptr_t *result)
{
	(void)value;
	(void)result;
	must_eq(error, 0);
	must_ok(coir_wait_group_done(arg));
	return 0;
}

fiber_test(future, then_alone)
{
	coir_wait_group g = COIR_WAIT_GROUP_INIT;
	struct both b = make();
	must_ok(coir_wait_group_add(&g, 10));
	for (int i = 0; i < 10; i++)
		must_ok(coir_future_then(b.f, count_it, &g, NULL));
	must_ok(coir_promise_set(b.p, 0));
	must_ok(coir_wait_group_wait(&g));
	drop(b);
}

/* ---- when_all, when_any ---- */

enum { MANY = 10 };

static intptr_t settle_it(void *arg)
{
	return coir_promise_set(arg, 1);
}

static void gather(int failing, bool any)
{
	struct both b[MANY];
	coir_future *f[MANY], *out;
	coir_fiber setter[MANY];
	for (int i = 0; i < MANY; i++) {
		b[i] = make();
		f[i] = b[i].f;
	}
	if (failing >= 0) {
		must_ok(coir_promise_fail(b[failing].p, -EIO));
		must_ok(coir_promise_fail(b[MANY - 1].p, -EBADF));
	}
	must_ok((any ? coir_future_when_any : coir_future_when_all)(f, MANY, &out));
	if (any && failing < 0)
		must_eq(coir_future_try_wait(out, NULL), -EAGAIN);
	for (int i = MANY - 1; i >= 0; i--)
		setter[i] = must_spawn(settle_it, b[i].p);
	intptr_t value = -1;
	int rc = coir_future_wait(out, &value);
	if (any) {
		must_ok(rc);
		must(value >= 0 && value < MANY);
		must(coir_future_try_wait(f[value], NULL) != -EAGAIN);
		if (failing >= 0)
			must_eq(value, failing);
	} else {
		must_eq(rc, failing >= 0 ? -EIO : 0);
		must_eq(value, failing >= 0 ? -1 : MANY);
		for (int i = 0; i < MANY; i++)
			must(coir_future_try_wait(f[i], NULL) != -EAGAIN);
	}
	for (int i = 0; i < MANY; i++) {
		must_eq(must_join(setter[i]), failing >= 0 && (i == failing || i == MANY - 1) ? -EALREADY : 0);
		drop(b[i]);
	}
	coir_future_release(out);
}

fiber_test(future, when_all_and_any)
{
	for (int i = 0; i < scaled(100); i++)
		gather(i % 2 ? 3 : -1, i % 4 < 2);
}

/* A long chain of gatherings is settled without a deep stack. */
fiber_test(future, long_chain)
{
	struct both b = make();
	coir_future *f = coir_future_retain(b.f), *next;
	for (int i = 0; i < 20000; i++) {
		must_ok(coir_future_when_all(&f, 1, &next));
		coir_future_release(f);
		f = next;
	}
	must_ok(coir_promise_set(b.p, 3));
	intptr_t value;
	must_ok(coir_future_try_wait(f, &value));
	must_eq(value, 1);
	coir_future_release(f);
	drop(b);
}
