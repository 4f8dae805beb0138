/* SPDX-License-Identifier: MIT
 *
 * cancel_test.c - cancellation, shields, and what has a deadline or a try form: park and join.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

static coir_time soon(void)
{
	return coir_after(COIR_MILLISECOND);
}

/* ---- park ---- */

fiber_test(park, until)
{
	coir_fiber me = must_self();
	must_eq(coir_try_park(), -EAGAIN);
	must_eq(coir_park_until(0), -ETIMEDOUT);
	coir_time deadline = soon();
	must_eq(coir_park_until(deadline), -ETIMEDOUT);
	must(coir_now() >= deadline);
	must_ok(coir_unpark(me));
	must_ok(coir_park_until(0)); /* success beats timeout */
	must_eq(coir_try_park(), -EAGAIN);
	must_ok(coir_unpark(me));
	must_ok(coir_try_park());
	must_ok(coir_unpark(me));
	must_ok(coir_park_until(COIR_NEVER));
	must_eq(coir_park_until(soon()), -ETIMEDOUT);
}

Test(park, outside_a_fiber)
{
	cr_assert_eq(coir_try_park(), -EPERM);
	cr_assert_eq(coir_park_until(0), -EPERM);
	cr_assert_eq(coir_shield_begin(), -EPERM);
	cr_assert_eq(coir_shield_end(), -EPERM);
	cr_assert_eq(coir_cancelled(), 0);
	cr_assert_eq(coir_cancel((coir_fiber){0}), -EPERM);
	cr_assert_eq(coir_join_until((coir_fiber){0}, NULL, 0), -EPERM);
	cr_assert_eq(coir_try_join((coir_fiber){0}, NULL), -EPERM);
}

static intptr_t park_long(void *arg)
{
	(void)arg;
	return coir_park_until(coir_after(3600 * COIR_SECOND));
}

fiber_test(park, until_is_woken_by_a_permit)
{
	coir_fiber f[30];
	for (int i = 0; i < 30; i++)
		f[i] = must_spawn(park_long, NULL);
	for (int i = 0; i < 30; i++) {
		if (i % 2)
			must_ok(coir_yield());
		must_ok(coir_unpark(f[i]));
	}
	must_eq(must_join_all(f, 30), 0);
}

/* ---- join ---- */

fiber_test(join_until, every_outcome)
{
	intptr_t r = -1;
	coir_fiber f = must_spawn(fiber_park_once, (void *)5);
	must_eq(coir_try_join(f, &r), -EAGAIN);
	must_eq(coir_join_until(f, &r, 0), -ETIMEDOUT);
	must_eq(coir_join_until(f, &r, soon()), -ETIMEDOUT);
	must_eq(coir_join_until(f, &r, soon()), -ETIMEDOUT); /* it may be tried again */
	must_eq(r, -1);
	must_ok(coir_unpark(f));
	must_ok(coir_join_until(f, &r, COIR_NEVER));
	must_eq(r, 5);
	must_eq(coir_join_until(f, &r, soon()), -ESRCH);
	must_eq(coir_join_until(f, &r, 0), -ESRCH);
	must_eq(coir_try_join(f, &r), -ESRCH);
	must_eq(coir_try_join(must_self(), &r), -EDEADLK);
	must_eq(coir_join_until(must_self(), &r, soon()), -EDEADLK);
	must_eq(coir_try_join((coir_fiber){0}, &r), -ESRCH);
	must_eq(coir_join_until((coir_fiber){0}, &r, 0), -ESRCH);

	f = must_spawn(fiber_park_once, (void *)6);
	must_eq(coir_join_until(f, &r, soon()), -ETIMEDOUT);
	must_ok(coir_detach(f)); /* so it may be detached */
	must_eq(coir_try_join(f, &r), -EINVAL);
	must_eq(coir_join_until(f, &r, 0), -EINVAL);
	must_ok(coir_unpark(f));

	f = must_spawn(fiber_give_back, (void *)7);
	while (coir_join_until(f, &r, 0) == -ETIMEDOUT)
		must_ok(coir_yield());
	must_eq(r, 7);
}

workers_test(join_until, plain_threads)
{
	start_workers(workers);
	intptr_t r = -1;
	for (int i = 0; i < 50; i++) {
		coir_fiber f = must_spawn(fiber_park_once, (void *)5);
		cr_assert_eq(coir_try_join(f, &r), -EAGAIN);
		cr_assert_eq(coir_join_until(f, &r, 0), -ETIMEDOUT);
		cr_assert_eq(coir_join_until(f, &r, coir_after(50000)), -ETIMEDOUT);
		must_ok(coir_unpark(f));
		cr_assert_eq(coir_join_until(f, &r, coir_after(3600 * COIR_SECOND)), 0);
		cr_assert_eq(r, 5);
		cr_assert_eq(coir_try_join(f, &r), -ESRCH);
	}
	stop_workers();
}

/* ---- cancel ---- */

static intptr_t see_cancelled(void *arg)
{
	coir_fiber *other = arg;
	must_eq(coir_cancelled(), -ECANCELED);
	for (int i = 0; i < 2; i++) { /* for good */
		must_eq(coir_park(), -ECANCELED);
		must_eq(coir_park_until(0), -ECANCELED);
		must_eq(coir_park_until(soon()), -ECANCELED);
		must_eq(coir_sleep(0), -ECANCELED);
		must_eq(coir_sleep(5), -ECANCELED);
		must_eq(coir_sleep_until(COIR_NEVER), -ECANCELED);
		must_eq(coir_join_until(*other, NULL, 0), -ECANCELED);
		must_eq(coir_join_until(*other, NULL, COIR_NEVER), -ECANCELED);
	}
	must_eq(coir_try_park(), -EAGAIN); /* these take no notice */
	must_ok(coir_yield());
	must_eq(coir_try_join(*other, NULL), -EAGAIN);
	must_ok(coir_unpark(must_self()));
	must_eq(coir_park(), -ECANCELED); /* the permit stays */
	must_ok(coir_try_park());

	must_ok(coir_shield_begin());
	must_ok(coir_shield_begin());
	must_eq(coir_cancelled(), 0);
	must_ok(coir_sleep(1000));
	must_eq(coir_park_until(soon()), -ETIMEDOUT);
	must_ok(coir_shield_end());
	must_ok(coir_sleep(1000));
	must_eq(coir_join_until(*other, NULL, soon()), -ETIMEDOUT);
	must_ok(coir_shield_end());
	must_eq(coir_shield_end(), -EINVAL);
	must_eq(coir_sleep(1000), -ECANCELED);
	must_eq(must_join(must_spawn(fiber_give_back, (void *)3)), 3); /* a plain join is no cancellation point */
	return 11;
}

/* With one worker: another one might start it before the cancel comes. */
solo_test(cancel, before_the_start)
{
	coir_fiber other = must_spawn(fiber_park_once, NULL);
	coir_fiber f = must_spawn(see_cancelled, &other);
	must_ok(coir_cancel(f));
	must_ok(coir_cancel(f));
	must_eq(must_join(f), 11);
	must_eq(coir_cancel(f), -ESRCH);
	must_eq(coir_cancel((coir_fiber){0}), -ESRCH);
	must_ok(coir_unpark(other));
	must_join(other);
}

static intptr_t cancel_myself(void *arg)
{
	must_eq(coir_cancelled(), 0);
	must_ok(coir_cancel(must_self()));
	return see_cancelled(arg);
}

fiber_test(cancel, oneself_and_main)
{
	coir_fiber other = must_spawn(fiber_park_once, NULL);
	must_eq(must_join(must_spawn(cancel_myself, &other)), 11);
	must_eq(cancel_myself(&other), 11);
	must_ok(coir_unpark(other));
	must_join(other);
}

static intptr_t spin_until_cancelled(void *arg)
{
	atomic_fetch_add((atomic_int *)arg, 1);
	while (!coir_cancelled())
		must_ok(coir_yield());
	return coir_park();
}

static intptr_t wait_somehow(void *arg)
{
	switch ((intptr_t)arg) {
	case 0:
		return coir_park();
	case 1:
		return coir_park_until(coir_after(3600 * COIR_SECOND));
	case 2:
		return coir_sleep(3600 * COIR_SECOND);
	case 3:
		return coir_sleep_until(COIR_NEVER);
	default: {
		coir_fiber child = must_spawn(fiber_park_once, NULL);
		int r = coir_join_until(child, NULL, (intptr_t)arg == 4 ? COIR_NEVER : coir_after(3600 * COIR_SECOND));
		must_ok(coir_unpark(child));
		must_join(child);
		return r;
	}
	}
}

enum { WAYS = 6 };

static void *cancel_outside(void *arg)
{
	const coir_fiber *f = arg;
	for (int i = 0; i < 5 * WAYS; i++)
		must_ok(coir_cancel(f[i]));
	return NULL;
}

static void cancel_all_ways(bool outside)
{
	for (int round = 0; round < 50; round++) {
		coir_fiber f[5 * WAYS];
		for (intptr_t i = 0; i < 5 * WAYS; i++)
			f[i] = must_spawn(wait_somehow, (void *)(i % WAYS));
		for (int i = 0; i < round * 2; i++)
			must_ok(coir_yield());
		pthread_t thread;
		if (outside)
			thread = thread_start(cancel_outside, f);
		else
			cancel_outside(f);
		must_eq(must_join_all(f, 5 * WAYS), -5 * WAYS * ECANCELED);
		if (outside)
			thread_end(thread);
	}
}

fiber_test(cancel, in_any_state)
{
	atomic_int begun = 0;
	coir_fiber f = must_spawn(spin_until_cancelled, &begun);
	while (!atomic_load(&begun))
		must_ok(coir_yield());
	must_ok(coir_cancel(f));
	must_eq(must_join(f), -ECANCELED);
	cancel_all_ways(false);
}

fiber_test(cancel, from_a_plain_thread)
{
	cancel_all_ways(true);
}

/* ---- shields ---- */

static intptr_t shielded(void *arg)
{
	atomic_int *step = arg;
	must_ok(coir_shield_begin());
	atomic_store(step, 1);
	must_ok(coir_park()); /* the cancel comes here, and must not end it; the unpark does */
	atomic_store(step, 2);
	must_ok(coir_shield_end());
	return coir_sleep_until(COIR_NEVER);
}

fiber_test(shield, keeps_a_wait)
{
	for (int i = 0; i < 100; i++) {
		atomic_int step = 0;
		coir_fiber f = must_spawn(shielded, &step);
		while (!atomic_load(&step))
			must_ok(coir_yield());
		for (int k = 0; k < i % 3; k++)
			must_ok(coir_cancel(f));
		must_ok(coir_yield());
		must_eq(atomic_load(&step), 1);
		must_ok(coir_unpark(f));
		int r = coir_cancel(f); /* one that was cancelled before may have ended */
		must(r == 0 || (r == -ESRCH && i % 3 > 0), "%d", r);
		must_eq(must_join(f), -ECANCELED);
		must_eq(atomic_load(&step), 2);
	}
}

/* ---- descriptors that are used again ---- */

static atomic_bool enough;
static atomic_long refused;
static pthread_mutex_t victim_lock = PTHREAD_MUTEX_INITIALIZER;

/* Cancels what has ended already, and so must reach nobody. */
static void *cancel_the_dead(void *arg)
{
	const coir_fiber *victim = arg;
	do {
		must_eq(pthread_mutex_lock(&victim_lock), 0);
		coir_fiber f = *victim;
		must_eq(pthread_mutex_unlock(&victim_lock), 0);
		must_eq(coir_cancel(f), -ESRCH);
		atomic_fetch_add(&refused, 1);
	} while (!atomic_load(&enough));
	return NULL;
}

static intptr_t live_a_little(void *arg)
{
	must_ok(coir_sleep(1));
	must_eq(coir_park_until(coir_after(10)), -ETIMEDOUT);
	must_eq(coir_cancelled(), 0);
	return (intptr_t)arg;
}

fiber_test(cancel, never_a_stranger)
{
	coir_fiber victim;
	atomic_store(&enough, false);
	coir_fiber f = must_spawn(fiber_give_back, NULL);
	must_join(f);
	victim = f;
	pthread_t thread = thread_start(cancel_the_dead, &victim);
	for (long i = 0; i < scaled(2000) || atomic_load(&refused) < 10; i++) {
		f = must_spawn(live_a_little, (void *)1);
		must_eq(must_join(f), 1);
		must_eq(pthread_mutex_lock(&victim_lock), 0);
		victim = f;
		must_eq(pthread_mutex_unlock(&victim_lock), 0);
	}
	atomic_store(&enough, true);
	thread_end(thread);
}
