/* SPDX-License-Identifier: MIT
 *
 * api/scope_cancel_test.c - coir/scope.h: cancels and deadlines go down the tree; SEMANTICS, "Cancellation".
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>

static atomic_int begun, ended;

static intptr_t until_cancelled(void *arg)
{
	atomic_fetch_add(&begun, 1);
	must_eq(coir_sleep(1000 * COIR_SECOND), -ECANCELED);
	must_eq(coir_cancelled(), -ECANCELED);
	atomic_fetch_add(&ended, 1);
	return arg ? (intptr_t)arg : -ECANCELED;
}

static void wait_until(atomic_int *counter, int value)
{
	while (atomic_load(counter) < value)
		must_ok(coir_yield());
}

/* ---- the owner ---- */

static intptr_t own_and_wait(void *arg)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 10; i++)
		must_ok(coir_scope_spawn(&s, until_cancelled, NULL));
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(atomic_load(&ended), 10);
	must_eq(coir_park(), -ECANCELED); /* he is cancelled for good */
	return (intptr_t)arg;
}

static intptr_t own_in_vain(void *arg)
{
	coir_scope s;
	while (coir_cancelled() == 0)
		must_ok(coir_yield());
	must_ok(coir_scope_begin(&s, NULL));
	must_eq(coir_scope_cancelled(&s), -ECANCELED);
	must_eq(coir_scope_spawn(&s, until_cancelled, NULL), -ECANCELED);
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(coir_cancelled(), -ECANCELED);
	return (intptr_t)arg;
}

fiber_test(scope_cancel, of_the_owner)
{
	coir_fiber f = must_spawn(own_and_wait, (void *)7);
	wait_until(&begun, 10);
	must_ok(coir_cancel(f));
	must_eq(must_join(f), 7);
	f = must_spawn(own_in_vain, (void *)8);
	must_ok(coir_cancel(f));
	must_eq(must_join(f), 8);
}

/* Children that start inside the wait of an owner who is cancelled already, and of one who is not yet. */
static intptr_t cancel_and_wait(void *arg)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 10; i++)
		must_ok(coir_scope_spawn(&s, until_cancelled, NULL));
	must_ok(coir_cancel(must_self()));
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(atomic_load(&ended), 10);
	return (intptr_t)arg;
}

fiber_test(scope_cancel, of_an_owner_before_he_waits)
{
	must_eq(must_join(must_spawn(cancel_and_wait, (void *)9)), 9);
}

static intptr_t shielded_wait(void *arg)
{
	coir_scope s;
	coir_fiber f;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn_as(&s, NULL, fiber_park_once, (void *)3, &f));
	*(coir_fiber *)arg = f;
	atomic_fetch_add(&begun, 1);
	must_ok(coir_shield_begin());
	must_ok(coir_scope_wait(&s)); /* the child was not cancelled */
	must_ok(coir_shield_end());
	must_eq(coir_cancelled(), -ECANCELED);
	return 4;
}

fiber_test(scope_cancel, of_an_owner_who_waits_in_a_shield)
{
	coir_fiber child, owner = must_spawn(shielded_wait, &child);
	wait_until(&begun, 1);
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	must_ok(coir_cancel(owner));
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	must_ok(coir_unpark(child));
	must_eq(must_join(owner), 4);
}

static intptr_t cancel_scope(void *arg)
{
	wait_until(&begun, 5);
	must_ok(coir_scope_cancel(arg));
	return 0;
}

/* The body sees the cancel until the scope's end, and not after it. */
fiber_test(scope_cancel, of_the_body)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	must_eq(coir_cancelled(), 0);
	for (int i = 0; i < 5; i++)
		must_ok(coir_scope_spawn(&s, until_cancelled, NULL));
	must_ok(coir_scope_spawn(&s, cancel_scope, &s));
	must_eq(coir_sleep(1000 * COIR_SECOND), -ECANCELED);
	must_eq(coir_park(), -ECANCELED);
	must_ok(coir_shield_begin());
	must_eq(coir_cancelled(), 0);
	must_ok(coir_sleep(1000));
	must_ok(coir_shield_end());
	must_eq(coir_cancelled(), -ECANCELED);
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(coir_cancelled(), 0);
	must_ok(coir_sleep(1000));
	must_eq(atomic_load(&ended), 5);
}

fiber_test(scope_cancel, by_itself)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_cancel(&s));
	must_eq(coir_scope_cancelled(&s), -ECANCELED);
	must_eq(coir_park(), -ECANCELED);
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(coir_cancelled(), 0);
}

/* ---- scopes in scopes ---- */

fiber_test(scope_cancel, goes_in_and_not_out)
{
	coir_scope a, b, c;
	must_ok(coir_scope_begin(&a, NULL));
	must_ok(coir_scope_begin(&b, NULL));
	must_ok(coir_scope_begin(&c, NULL));
	must_ok(coir_scope_spawn(&c, until_cancelled, NULL));
	must_ok(coir_scope_spawn(&b, until_cancelled, NULL));
	must_ok(coir_scope_spawn(&a, until_cancelled, NULL));
	must_ok(coir_scope_cancel(&b));
	must_eq(coir_scope_cancelled(&c), -ECANCELED);
	must_eq(coir_scope_cancelled(&a), 0);
	must_eq(coir_park(), -ECANCELED);
	must_eq(coir_scope_wait(&c), -ECANCELED);
	must_eq(coir_park(), -ECANCELED); /* b is */
	must_eq(coir_scope_wait(&b), -ECANCELED);
	must_eq(atomic_load(&ended), 2);
	must_eq(coir_cancelled(), 0);
	must_ok(coir_sleep(1000));
	must_ok(coir_scope_cancel(&a));
	must_ok(coir_scope_begin(&b, NULL)); /* inside a cancelled one */
	must_eq(coir_scope_cancelled(&b), -ECANCELED);
	must_eq(coir_scope_wait(&b), -ECANCELED);
	must_eq(coir_cancelled(), -ECANCELED);
	must_eq(coir_scope_wait(&a), -ECANCELED);
	must_eq(coir_cancelled(), 0);
	must_eq(atomic_load(&ended), 3);
}

static atomic_bool go_on;

/* A child that computes, and comes to no cancellation point: its children are cancelled all the same. */
static intptr_t busy_owner(void *arg)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 3; i++)
		must_ok(coir_scope_spawn(&s, until_cancelled, NULL));
	while (!atomic_load(&go_on))
		must_ok(coir_yield());
	must_eq(coir_scope_cancelled(&s), -ECANCELED);
	must_eq(coir_scope_wait(&s), -ECANCELED);
	return (intptr_t)arg;
}

fiber_test(scope_cancel, reaches_grandchildren_at_once)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 3; i++)
		must_ok(coir_scope_spawn(&s, busy_owner, NULL));
	wait_until(&begun, 9);
	must_ok(coir_scope_cancel(&s));
	wait_until(&ended, 9);
	atomic_store(&go_on, true);
	must_eq(coir_scope_wait(&s), -ECANCELED);
}

static intptr_t sleep_a_little(void *arg)
{
	must_ok(coir_sleep(1000));
	atomic_fetch_add(&ended, 1);
	return (intptr_t)arg;
}

static intptr_t clean_up_in_a_shield(void *arg)
{
	must_eq(coir_park(), -ECANCELED);
	coir_scope s;
	must_ok(coir_shield_begin());
	must_ok(coir_scope_begin(&s, NULL));
	must(coir_scope_deadline() == COIR_NEVER);
	for (int i = 0; i < 5; i++)
		must_ok(coir_scope_spawn(&s, sleep_a_little, NULL));
	must_ok(coir_scope_wait(&s));
	must_ok(coir_scope_begin_until(&s, coir_after(1000)));
	must_eq(coir_sleep(1000 * COIR_MICROSECOND), 0); /* still in the shield */
	must_eq(coir_scope_wait(&s), -ETIMEDOUT);
	must_ok(coir_shield_end());
	must_eq(coir_cancelled(), -ECANCELED);
	return (intptr_t)arg;
}

fiber_test(scope_cancel, stops_at_a_shield)
{
	coir_scope s;
	must_ok(coir_scope_begin_until(&s, coir_after(3600 * COIR_SECOND)));
	must_ok(coir_scope_spawn(&s, clean_up_in_a_shield, NULL));
	must_ok(coir_yield());
	must_ok(coir_scope_cancel(&s));
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(atomic_load(&ended), 5);
}

/* ---- joined children, which may run inline, are not in the joiner's scopes ---- */

static intptr_t look_for_scopes(void *arg)
{
	must(coir_scope_deadline() == COIR_NEVER);
	must_eq(coir_cancelled(), 0);
	must_ok(coir_sleep(1000));
	coir_scope s;
	must_ok(coir_scope_begin_until(&s, coir_after(COIR_SECOND)));
	must_eq(coir_scope_cancelled(&s), 0);
	must_ok(coir_scope_spawn(&s, sleep_a_little, NULL));
	must_eq(coir_scope_wait(arg), -EPERM);
	must_ok(coir_scope_wait(&s));
	must_ok(coir_cancel(must_self()));
	return 5;
}

fiber_test(scope_cancel, joined_children_have_their_own_state)
{
	coir_scope s;
	coir_time deadline = coir_after(3600 * COIR_SECOND);
	must_ok(coir_scope_begin_until(&s, deadline));
	must_eq(must_join(must_spawn(look_for_scopes, &s)), 5);
	must_eq(coir_cancelled(), 0);
	must(coir_scope_deadline() == deadline);
	must_ok(coir_scope_cancel(&s));
	must_eq(must_join(must_spawn(look_for_scopes, &s)), 5);
	must_eq(coir_cancelled(), -ECANCELED);
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(atomic_load(&ended), 2);
}

/* ---- from outside ---- */

static void *cancel_from_a_thread(void *arg)
{
	while (atomic_load(&begun) < 5)
		;
	must_ok(coir_scope_cancel(arg));
	atomic_store(&go_on, true);
	return NULL;
}

static intptr_t keep_open(void *arg)
{
	while (!atomic_load(&go_on))
		must_ok(coir_yield());
	return (intptr_t)arg;
}

fiber_test(scope_cancel, from_a_thread)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 5; i++)
		must_ok(coir_scope_spawn(&s, until_cancelled, NULL));
	must_ok(coir_scope_spawn(&s, keep_open, NULL));
	pthread_t thread = thread_start(cancel_from_a_thread, &s);
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(atomic_load(&ended), 5);
	thread_end(thread);
}

/* ---- deadlines, by a virtual clock ---- */

static void in_virtual_time(coir_fn fn)
{
	coir_config config = COIR_CONFIG_INIT;
	config.clock = COIR_CLOCK_VIRTUAL;
	config.workers = 1;
	cr_assert_eq(coir_run(&config, fn, NULL, NULL), 0);
}

static coir_time began;

static int64_t passed(void)
{
	return coir_now() - began;
}

static intptr_t sleep_for(void *arg)
{
	int r = coir_sleep((int64_t)(intptr_t)arg * COIR_SECOND);
	atomic_fetch_add(&ended, r == 0);
	return r;
}

static intptr_t child_with_scope(void *arg)
{
	must(coir_scope_deadline() == began + 10 * COIR_SECOND);
	coir_scope s;
	must_ok(coir_scope_begin_until(&s, began + (intptr_t)arg * COIR_SECOND));
	must(coir_scope_deadline() == began + ((intptr_t)arg < 10 ? (intptr_t)arg : 10) * COIR_SECOND);
	must_ok(coir_scope_spawn(&s, sleep_for, (void *)3));
	must_ok(coir_scope_spawn(&s, sleep_for, (void *)100));
	int r = coir_scope_wait(&s);
	must_eq(r, (intptr_t)arg < 10 ? -ETIMEDOUT : -ECANCELED);
	must(passed() == ((intptr_t)arg < 10 ? (intptr_t)arg : 10) * COIR_SECOND);
	return (intptr_t)arg < 10 ? 0 : r;
}

static intptr_t deadlines(void *arg)
{
	coir_scope s;
	began = coir_now();
	must(coir_scope_deadline() == COIR_NEVER);
	must_ok(coir_scope_begin_until(&s, began + 10 * COIR_SECOND));
	must(coir_scope_deadline() == began + 10 * COIR_SECOND);
	must_ok(coir_scope_spawn(&s, child_with_scope, (void *)5));
	must_ok(coir_scope_spawn(&s, child_with_scope, (void *)50));
	must_ok(coir_scope_spawn(&s, sleep_for, (void *)9));
	must_eq(coir_scope_wait(&s), -ETIMEDOUT);
	must(passed() == 10 * COIR_SECOND);
	must_eq(atomic_load(&ended), 3);
	must_ok(coir_sleep(COIR_SECOND));
	return (intptr_t)arg;
}

Test(scope_cancel, deadlines)
{
	in_virtual_time(deadlines);
}

static intptr_t in_time(void *arg)
{
	coir_scope s;
	began = coir_now();
	must_ok(coir_scope_begin_until(&s, began + 10 * COIR_SECOND));
	must_ok(coir_scope_spawn(&s, sleep_for, (void *)9));
	must_ok(coir_scope_wait(&s));
	must(passed() == 9 * COIR_SECOND);
	must_ok(coir_sleep(5 * COIR_SECOND)); /* its timer is gone */
	must_ok(coir_scope_begin_until(&s, coir_now()));
	must_eq(coir_scope_cancelled(&s), -ECANCELED);
	must_eq(coir_park(), -ECANCELED);
	must_eq(coir_scope_spawn(&s, sleep_for, NULL), -ECANCELED);
	must_eq(coir_scope_wait(&s), -ETIMEDOUT);
	must_ok(coir_scope_begin_until(&s, coir_after(COIR_SECOND)));
	must_eq(coir_park(), -ECANCELED); /* the body */
	must_eq(coir_scope_wait(&s), -ETIMEDOUT);
	must_eq(coir_cancelled(), 0);
	return (intptr_t)arg;
}

Test(scope_cancel, in_time)
{
	in_virtual_time(in_time);
}

/* An operation that has completed wins over the cancel; what fails otherwise says so. */
static intptr_t stubborn(void *arg)
{
	(void)coir_sleep(5 * COIR_SECOND);
	return (intptr_t)arg;
}

static intptr_t obedient(void *arg)
{
	int r = coir_sleep((intptr_t)arg * COIR_SECOND);
	return r ? r : 3;
}

static intptr_t nested_limits(void *arg)
{
	intptr_t out = 0;
	must_eq(coir_with_deadline(coir_after(9 * COIR_SECOND), obedient, arg, &out), -ECANCELED);
	must_eq(out, -ECANCELED);
	return coir_cancelled();
}

static intptr_t limits(void *arg)
{
	intptr_t out = 0;
	began = coir_now();
	must_ok(coir_with_deadline(coir_after(COIR_SECOND), stubborn, (void *)4, &out));
	must_eq(out, 4);
	must(passed() == COIR_SECOND);
	must_eq(coir_with_deadline(coir_after(COIR_SECOND), stubborn, (void *)-EIO, &out), -EIO);
	must_eq(out, -EIO);
	must_eq(coir_with_deadline(coir_after(COIR_SECOND), obedient, (void *)2, &out), -ETIMEDOUT);
	must_ok(coir_with_deadline(coir_after(2 * COIR_SECOND), obedient, (void *)1, &out));
	must_eq(out, 3);
	must_eq(coir_with_deadline(coir_after(2 * COIR_SECOND), nested_limits, (void *)7, NULL), -ETIMEDOUT);
	must_eq(coir_with_deadline(COIR_NEVER, NULL, NULL, NULL), -EINVAL);
	must(passed() == 6 * COIR_SECOND);
	must_eq(coir_cancelled(), 0);
	return (intptr_t)arg;
}

Test(scope_cancel, with_deadline)
{
	in_virtual_time(limits);
}
