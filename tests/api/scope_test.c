/* SPDX-License-Identifier: MIT
 *
 * api/scope_test.c - coir/scope.h: children end before their scope, errors go up, misuse is answered.
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_int begun, ended;

static intptr_t count(void *arg)
{
	atomic_fetch_add(&begun, 1);
	for (intptr_t i = 0; i < (intptr_t)arg; i++)
		must_ok(coir_yield());
	atomic_fetch_add(&ended, 1);
	return 0;
}

static intptr_t until_cancelled(void *arg)
{
	atomic_fetch_add(&begun, 1);
	must_eq(coir_park(), -ECANCELED);
	must_eq(coir_park(), -ECANCELED); /* level-triggered */
	must_eq(coir_cancelled(), -ECANCELED);
	atomic_fetch_add(&ended, 1);
	return arg ? (intptr_t)arg : -ECANCELED;
}

/* ---- all children have ended ---- */

fiber_test(scope, waits_for_all)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (intptr_t i = 0; i < 300; i++)
		must_ok(coir_scope_spawn(&s, count, (void *)(i % 4)));
	must_ok(coir_scope_wait(&s));
	must_eq(atomic_load(&ended), 300);
}

/* Fibers that are not of the scope are none of its wait's business. */
fiber_test(scope, waits_for_no_others)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn(&s, count, (void *)3));
	coir_fiber other = must_spawn(fiber_park_once, (void *)6);
	must_ok(coir_scope_wait(&s));
	must_eq(atomic_load(&ended), 1);
	must_ok(coir_unpark(other));
	must_eq(must_join(other), 6);
}

fiber_test(scope, empty)
{
	coir_scope s;
	for (int i = 0; i < 200; i++) {
		must_ok(coir_scope_begin(&s, NULL));
		must_ok(coir_scope_wait(&s));
	}
}

fiber_test(scope, many_children)
{
	long n = scaled_fibers(10000);
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (long i = 0; i < n; i++)
		must_ok(coir_scope_spawn(&s, until_cancelled, NULL));
	while (atomic_load(&begun) < n)
		must_ok(coir_yield());
	must_eq(atomic_load(&ended), 0);
	must_ok(coir_scope_cancel(&s));
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(atomic_load(&ended), n);
}

static intptr_t spawn_siblings(void *arg)
{
	coir_scope *s = arg;
	for (int i = 0; i < 10; i++)
		must_ok(coir_scope_spawn(s, count, (void *)1));
	return 0;
}

fiber_test(scope, children_spawn_into_it)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 10; i++)
		must_ok(coir_scope_spawn(&s, spawn_siblings, &s));
	must_ok(coir_scope_wait(&s));
	must_eq(atomic_load(&ended), 100);
}

static intptr_t tree(void *arg)
{
	intptr_t depth = (intptr_t)arg;
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 4 && depth > 0; i++)
		must_ok(coir_scope_spawn(&s, tree, (void *)(depth - 1)));
	must_ok(coir_scope_wait(&s));
	atomic_fetch_add(&ended, 1);
	return 0;
}

fiber_test(scope, nested)
{
	must_eq(tree((void *)4), 0);
	must_eq(atomic_load(&ended), 1 + 4 + 16 + 64 + 256);
}

static void *scope_of_a_thread(void *arg)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 100; i++)
		must_ok(coir_scope_spawn(&s, spawn_siblings, &s));
	must_ok(coir_scope_wait(&s));
	must_eq(atomic_load(&ended), 1000);
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 100; i++)
		must_ok(coir_scope_spawn(&s, until_cancelled, i == 50 ? (void *)-EIO : NULL));
	must_ok(coir_scope_cancel(&s));
	must_eq(coir_scope_wait(&s), -EIO);
	must_eq(atomic_load(&ended), 1100);
	must_ok(coir_scope_begin_until(&s, coir_after(COIR_MILLISECOND)));
	int rc = 0;
	for (int i = 0; i < 100 && rc == 0; i++)
		rc = coir_scope_spawn(&s, until_cancelled, NULL);
	must(rc == 0 || rc == -ECANCELED);
	must_eq(coir_scope_wait(&s), -ETIMEDOUT);
	return arg;
}

workers_test(scope, owned_by_a_thread)
{
	start_workers(workers);
	thread_end(thread_start(scope_of_a_thread, NULL));
	must_ok(coir_stop(COIR_STOP_FORCE));
}

/* ---- handles and attributes ---- */

fiber_test(scope, attributes)
{
	coir_attr attr = COIR_ATTR_INIT;
	size_t used = 0;
	attr.name = "child";
	attr.stack_high_water = &used;
	coir_scope s;
	coir_fiber f;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn_as(&s, &attr, until_cancelled, NULL, &f));
	must_eq(coir_join(f, NULL), -EINVAL);
	must_eq(coir_detach(f), -EINVAL);
	must_ok(coir_cancel(f));
	must_eq(coir_scope_wait(&s), -ECANCELED); /* a child's error like any other */
	must(used > 0);                           /* before the wait returned */
	must_eq(atomic_load(&ended), 1);
	must_ok(coir_scope_begin(&s, NULL));
	attr.stack_high_water = NULL;
	attr.sticky = true;
	must_ok(coir_scope_spawn_as(&s, &attr, count, (void *)3, NULL));
	attr.stack_size = 1;
	must_eq(coir_scope_spawn_as(&s, &attr, count, NULL, NULL), -EINVAL);
	must_ok(coir_scope_wait(&s));
	must_eq(atomic_load(&ended), 2);
}

/* ---- errors ---- */

static intptr_t fail(void *arg)
{
	return (intptr_t)arg;
}

static intptr_t park_first(void *arg)
{
	int r = coir_park();
	return r ? r : (intptr_t)arg;
}

fiber_test(scope, first_error_wins)
{
	for (int round = 0; round < 50; round++) {
		coir_scope s;
		coir_fiber f[10];
		atomic_store(&ended, 0);
		must_ok(coir_scope_begin(&s, NULL));
		for (intptr_t i = 0; i < 10; i++)
			must_ok(coir_scope_spawn_as(&s, NULL, park_first, (void *)(i == round % 10 ? -100 - i : i),
						    &f[i]));
		for (int i = 0; i < 20; i++)
			must_ok(coir_scope_spawn(&s, until_cancelled, i == 7 ? (void *)-EIO : NULL));
		for (int i = 0; i < 10; i += 3) {
			int rc = coir_unpark(f[i]);
			must(rc == 0 || rc == -ESRCH);
		}
		int rc = coir_unpark(f[round % 10]);
		must(rc == 0 || rc == -ESRCH);
		must_eq(coir_scope_wait(&s), -100 - round % 10);
		must_eq(atomic_load(&ended), 20);
		must_eq(coir_cancelled(), 0);
	}
}

static intptr_t fail_late(void *arg)
{
	must_ok(coir_shield_begin());
	must_ok(coir_park());
	must_ok(coir_shield_end());
	return (intptr_t)arg;
}

fiber_test(scope, later_errors_lose)
{
	coir_scope s;
	coir_fiber late;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn_as(&s, NULL, fail_late, (void *)-EIO, &late));
	must_ok(coir_scope_spawn(&s, fail, (void *)-EDOM));
	while (coir_scope_cancelled(&s) == 0)
		must_ok(coir_yield());
	must_eq(coir_scope_spawn(&s, count, NULL), -ECANCELED);
	must_ok(coir_unpark(late));
	must_eq(coir_scope_wait(&s), -EDOM);
	must_eq(coir_cancelled(), 0);
}

/* Cancelled as asked: then an error says more than -ECANCELED. */
fiber_test(scope, an_error_after_a_plain_cancel_counts)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 9; i++)
		must_ok(coir_scope_spawn(&s, until_cancelled, i == 4 ? (void *)-EIO : NULL));
	must_ok(coir_scope_cancel(&s));
	must_ok(coir_scope_cancel(&s));
	must_eq(coir_scope_wait(&s), -EIO);
	must_eq(atomic_load(&ended), 9); /* those that had not started ran too */
}

fiber_test(scope, huge_results)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn(&s, fail, (void *)INTPTR_MAX));
	must_ok(coir_scope_wait(&s));
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn(&s, fail, (void *)INTPTR_MIN)); /* its low half is zero */
	must(coir_scope_wait(&s) < 0);
}

static intptr_t undisturbed(void *arg)
{
	for (int i = 0; i < 20; i++) {
		must_ok(coir_cancelled());
		must_ok(coir_yield());
	}
	must_ok(coir_sleep(1000));
	atomic_fetch_add(&ended, 1);
	return (intptr_t)arg;
}

fiber_test(scope, supervised)
{
	coir_scope_attr attr = COIR_SCOPE_ATTR_INIT;
	attr.flags = COIR_SCOPE_SUPERVISED;
	coir_scope s;
	must_ok(coir_scope_begin(&s, &attr));
	for (int i = 0; i < 20; i++) {
		must_ok(coir_scope_spawn(&s, undisturbed, NULL));
		must_ok(coir_scope_spawn(&s, fail, (void *)-EDOM));
	}
	must_eq(coir_scope_wait(&s), -EDOM);
	must_eq(atomic_load(&ended), 20);
	must_eq(coir_cancelled(), 0);
}

/* ---- misuse ---- */

static intptr_t wait_for_anothers(void *arg)
{
	must_eq(coir_scope_wait(arg), -EPERM);
	return 0;
}

static void *wait_in_a_thread(void *arg)
{
	must_eq(coir_scope_wait(arg), -EPERM);
	return NULL;
}

fiber_test(scope, misuse)
{
	coir_scope outer, inner, never = {{0}};
	coir_scope_attr attr = COIR_SCOPE_ATTR_INIT;
	must_eq(coir_scope_begin(NULL, NULL), -EINVAL);
	must_eq(coir_scope_wait(NULL), -EINVAL);
	must_eq(coir_scope_wait(&never), -EINVAL);
	must_eq(coir_scope_cancel(NULL), -EINVAL);
	must_eq(coir_scope_cancel(&never), -EINVAL);
	must_eq(coir_scope_cancelled(&never), -EINVAL);
	must_eq(coir_scope_spawn(&never, count, NULL), -EINVAL);
	attr.flags = 2;
	must_eq(coir_scope_begin(&outer, &attr), -EINVAL);
	attr = (coir_scope_attr)COIR_SCOPE_ATTR_INIT;
	attr.size = 4;
	must_eq(coir_scope_begin(&outer, &attr), -EINVAL);
	attr.size = sizeof attr + 1;
	must_eq(coir_scope_begin(&outer, &attr), -EINVAL);
	memset(&outer, 0xff, sizeof outer); /* any bytes will do */
	must_ok(coir_scope_begin(&outer, NULL));
	must_eq(coir_scope_begin(&outer, NULL), -EBUSY);
	must_ok(coir_scope_begin(&inner, NULL));
	must_eq(coir_scope_begin(&outer, NULL), -EBUSY);
	must_eq(coir_scope_wait(&outer), -EBUSY);
	must_eq(coir_scope_spawn(&outer, NULL, NULL), -EINVAL);
	must_eq(coir_scope_spawn(NULL, count, NULL), -EINVAL);
	must_ok(coir_scope_spawn(&inner, wait_for_anothers, &inner));
	must_ok(coir_scope_spawn(&outer, wait_for_anothers, &outer));
	pthread_t thread = thread_start(wait_in_a_thread, &outer);
	thread_end(thread);
	must_ok(coir_scope_wait(&inner));
	must_eq(coir_scope_wait(&inner), -EINVAL);
	must_eq(coir_scope_spawn(&inner, count, NULL), -EINVAL);
	must_eq(coir_scope_cancel(&inner), -EINVAL);
	must_ok(coir_scope_wait(&outer));
}

Test(scope, without_a_runtime)
{
	coir_scope s;
	coir_async slot = {{0}};
	intptr_t results[1];
	void *args[1] = {NULL};
	coir_fn fns[1] = {count};
	must_eq(coir_scope_begin(&s, NULL), -EPERM);
	must_eq(coir_scope_wait(&s), -EPERM);
	must_eq(coir_scope_cancel(&s), -EPERM);
	must_eq(coir_scope_cancelled(&s), -EPERM);
	must_eq(coir_scope_spawn(&s, count, NULL), -EPERM);
	must_eq(coir_scope_async(&s, &slot, count, NULL), -EPERM);
	must_eq(coir_await(&slot, NULL), -EINVAL);
	must_eq(coir_gather(fns, args, 1, results), -EPERM);
	must_eq(coir_gather_map(count, args, 8, 1, results), -EPERM);
	must_eq(coir_with_deadline(COIR_NEVER, count, NULL, NULL), -EPERM);
	must(coir_scope_deadline() == COIR_NEVER);
}

static intptr_t leave_it_open(void *arg)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	return (intptr_t)arg;
}

static intptr_t join_one_that_leaves_it_open(void *arg)
{
	return must_join(must_spawn(leave_it_open, arg));
}

static intptr_t scope_of_one_that_leaves_it_open(void *arg)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn(&s, leave_it_open, arg));
	return coir_scope_wait(&s);
}

static int run_it(void *arg)
{
	return (int)with_workers(2, *(coir_fn *)arg, NULL);
}

Test(scope, left_open)
{
	coir_fn fns[] = {leave_it_open, join_one_that_leaves_it_open, scope_of_one_that_leaves_it_open};
	for (int i = 0; i < 3; i++) {
		struct child c = run_child(run_it, &fns[i]);
		cr_assert(child_refused(&c), "%d: status %#x: %s", i, c.status, c.text);
		cr_assert_not_null(strstr(c.text, "coir_scope_wait"), "%s", c.text);
	}
}

/* ---- the runtime ends ---- */

static coir_scope abandoned[3];

static intptr_t wait_for_ever(void *arg)
{
	coir_scope *s = arg;
	must_ok(coir_scope_begin(s, NULL));
	must_ok(coir_scope_spawn(s, fiber_park_for_ever, NULL));
	must_ok(coir_scope_spawn(s, fiber_park_for_ever, NULL));
	must_ok(coir_defer((void (*)(void *))abort, NULL));
	atomic_fetch_add(&begun, 1);
	must_ok(coir_scope_wait(s));
	return 0;
}

static intptr_t leave_children(void *arg)
{
	must_ok(coir_go(wait_for_ever, &abandoned[0]));
	must_ok(coir_go(wait_for_ever, &abandoned[1]));
	while (atomic_load(&begun) < 2)
		must_ok(coir_yield());
	return (intptr_t)arg;
}

static void *wait_until_the_end(void *arg)
{
	must_ok(coir_scope_begin(&abandoned[2], NULL));
	must_ok(coir_scope_spawn(&abandoned[2], wait_for_ever, &abandoned[0]));
	must_eq(coir_scope_wait(&abandoned[2]), -EPERM);
	return arg;
}

workers_test(scope, abandoned)
{
	for (int i = 0; i < 20; i++) {
		atomic_store(&begun, 0);
		must_eq(with_workers(workers, leave_children, (void *)5), 5);
		must_eq(coir_scope_cancel(&abandoned[0]), -EPERM);
		atomic_store(&begun, 0);
		start_workers(workers);
		must_eq(coir_scope_cancel(&abandoned[1]), -EINVAL);
		pthread_t thread = thread_start(wait_until_the_end, NULL);
		while (atomic_load(&begun) < 1)
			;
		must_ok(coir_stop(COIR_STOP_FORCE));
		thread_end(thread);
	}
}
