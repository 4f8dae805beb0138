/* SPDX-License-Identifier: MIT
 *
 * api/mutex_test.c - mutexes and conditions: every result code, the order, what cancels what.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

static coir_mutex static_mutex = COIR_MUTEX_INIT;
static coir_mutex static_recursive = COIR_RECURSIVE_MUTEX_INIT;
static coir_cond static_cond = COIR_COND_INIT;

/* ---- misuse ---- */

static void refused_outside(void)
{
	must_eq(coir_mutex_lock(&static_mutex), -EPERM);
	must_eq(coir_mutex_try_lock(&static_mutex), -EPERM);
	must_eq(coir_mutex_lock_until(&static_mutex, 0), -EPERM);
	must_eq(coir_mutex_unlock(&static_mutex), -EPERM);
	must_eq(coir_cond_wait(&static_cond, &static_mutex), -EPERM);
	must_eq(coir_cond_wait_until(&static_cond, &static_mutex, 0), -EPERM);
	must_eq(coir_cond_signal(&static_cond), -EPERM);
	must_eq(coir_cond_broadcast(&static_cond), -EPERM);
	must_eq(coir_mutex_owner(&static_mutex), 0);
}

Test(mutex, outside_a_runtime)
{
	refused_outside();
	coir_mutex m;
	must_ok(coir_mutex_init(&m, COIR_MUTEX_PLAIN));
	must_ok(coir_mutex_destroy(&m));
	must_eq(coir_mutex_init(&m, 2), -EINVAL);
	must_eq(coir_mutex_init(NULL, 0), -EINVAL);
	must_eq(coir_mutex_destroy(NULL), -EINVAL);
	must_eq(coir_cond_init(NULL), -EINVAL);
	must_eq(coir_cond_destroy(NULL), -EINVAL);
	must_eq(coir_mutex_owner(NULL), 0);
}

Test(mutex, in_a_plain_thread)
{
	start_workers(2);
	refused_outside();
	stop_workers();
}

fiber_test(mutex, nothing)
{
	must_eq(coir_mutex_lock(NULL), -EINVAL);
	must_eq(coir_mutex_try_lock(NULL), -EINVAL);
	must_eq(coir_mutex_lock_until(NULL, COIR_NEVER), -EINVAL);
	must_eq(coir_mutex_unlock(NULL), -EINVAL);
	must_eq(coir_cond_wait(NULL, &static_mutex), -EINVAL);
	must_eq(coir_cond_wait(&static_cond, NULL), -EINVAL);
	must_eq(coir_cond_signal(NULL), -EINVAL);
	must_eq(coir_cond_broadcast(NULL), -EINVAL);
}

/* ---- one fiber ---- */

fiber_test(mutex, knows_its_owner)
{
	must_eq(coir_mutex_unlock(&static_mutex), -EPERM);
	must_ok(coir_mutex_lock(&static_mutex));
	must_eq(coir_mutex_owner(&static_mutex), coir_id());
	must_eq(coir_mutex_lock(&static_mutex), -EDEADLK);
	must_eq(coir_mutex_try_lock(&static_mutex), -EDEADLK);
	must_eq(coir_mutex_lock_until(&static_mutex, coir_after(1)), -EDEADLK);
	must_eq(coir_mutex_destroy(&static_mutex), -EBUSY);
	must_ok(coir_mutex_unlock(&static_mutex));
	must_eq(coir_mutex_owner(&static_mutex), 0);
	must_eq(coir_mutex_unlock(&static_mutex), -EPERM);
	must_ok(coir_mutex_destroy(&static_mutex));
}

fiber_test(mutex, recursive_counts)
{
	for (int i = 0; i < 3; i++)
		must_ok(i ? coir_mutex_try_lock(&static_recursive) : coir_mutex_lock(&static_recursive));
	must_ok(coir_mutex_lock_until(&static_recursive, 0));
	for (int i = 0; i < 4; i++) {
		must_eq(coir_mutex_owner(&static_recursive), coir_id());
		must_ok(coir_mutex_unlock(&static_recursive));
	}
	must_eq(coir_mutex_owner(&static_recursive), 0);
	must_eq(coir_mutex_unlock(&static_recursive), -EPERM);
}

/* ---- two ---- */

struct room {
	coir_mutex m;
	coir_cond c;
	atomic_int stage;
	int order[8], came;
	int result;
};

static intptr_t try_others_lock(void *arg)
{
	struct room *r = arg;
	must_eq(coir_mutex_try_lock(&r->m), -EAGAIN);
	must_eq(coir_mutex_lock_until(&r->m, coir_now()), -ETIMEDOUT);
	must_eq(coir_mutex_lock_until(&r->m, -1), -ETIMEDOUT);
	must_eq(coir_mutex_unlock(&r->m), -EPERM);
	must_eq(coir_mutex_lock_until(&r->m, coir_after(20000)), -ETIMEDOUT);
	must(coir_mutex_owner(&r->m) != coir_id());
	must_eq(coir_cond_wait(&r->c, &r->m), -EPERM);
	return 7;
}

fiber_test(mutex, of_another)
{
	struct room r = {.m = COIR_MUTEX_INIT, .c = COIR_COND_INIT};
	must_ok(coir_mutex_lock(&r.m));
	must_eq(must_join(must_spawn(try_others_lock, &r)), 7);
	must_ok(coir_mutex_unlock(&r.m));
	must_ok(coir_mutex_lock_until(&r.m, 0)); /* a past deadline tries once */
	must_ok(coir_mutex_unlock(&r.m));
	must_ok(coir_mutex_destroy(&r.m));
}

static intptr_t lock_and_sign(void *arg)
{
	struct room *r = arg;
	atomic_fetch_add(&r->stage, 1);
	int rc = coir_mutex_lock(&r->m);
	must_ok(rc);
	r->order[r->came++] = (int)coir_id();
	must_ok(coir_mutex_unlock(&r->m));
	return 1;
}

/* After 20 ms all wait, or one worker has run them all up to there. */
fiber_test(mutex, waiters_are_let_in)
{
	struct room r = {.m = COIR_MUTEX_INIT};
	coir_fiber f[8];
	must_ok(coir_mutex_lock(&r.m));
	for (int i = 0; i < 8; i++)
		f[i] = must_spawn(lock_and_sign, &r);
	while (atomic_load(&r.stage) < 8)
		must_ok(coir_yield());
	must_eq(r.came, 0);
	must_ok(coir_mutex_unlock(&r.m));
	must_eq(must_join_all(f, 8), 8);
	must_eq(r.came, 8);
	must_ok(coir_mutex_destroy(&r.m));
}

/* ---- cancellation: lock is no cancellation point, its deadline form is ---- */

static intptr_t lock_though_cancelled(void *arg)
{
	struct room *r = arg;
	must_ok(coir_mutex_lock(&r->m)); /* parked in it when the cancel came */
	must_eq(coir_cancelled(), -ECANCELED);
	must_ok(coir_mutex_unlock(&r->m));
	must_ok(coir_mutex_lock(&r->m)); /* and after */
	must_ok(coir_mutex_try_lock(&static_mutex));
	must_ok(coir_mutex_unlock(&static_mutex));
	must_eq(coir_mutex_lock_until(&static_mutex, COIR_NEVER), -ECANCELED); /* though it is free */
	must_eq(coir_cond_wait(&r->c, &r->m), -ECANCELED);
	must_ok(coir_mutex_unlock(&r->m)); /* still held */
	return 3;
}

static intptr_t lock_until_cancelled(void *arg)
{
	struct room *r = arg;
	must_eq(coir_mutex_lock_until(&r->m, COIR_NEVER), -ECANCELED);
	return 4;
}

fiber_test(mutex, cancellation)
{
	struct room r = {.m = COIR_MUTEX_INIT, .c = COIR_COND_INIT};
	must_ok(coir_mutex_lock(&r.m));
	coir_fiber firm = must_spawn(lock_though_cancelled, &r), limited = must_spawn(lock_until_cancelled, &r);
	for (int i = 0; i < 20; i++)
		must_ok(coir_yield());
	must_ok(coir_cancel(limited));
	must_eq(must_join(limited), 4);
	must_ok(coir_cancel(firm));
	must_ok(coir_mutex_unlock(&r.m));
	must_eq(must_join(firm), 3);
	must_ok(coir_mutex_destroy(&r.m));
}

/* ---- fairness: a fiber that gives it back and takes it again at once does not keep another waiting for ever ---- */

static intptr_t want_once(void *arg)
{
	struct room *r = arg;
	atomic_fetch_add(&r->stage, 1);
	must_ok(coir_mutex_lock(&r->m));
	atomic_fetch_add(&r->stage, 1);
	must_ok(coir_mutex_unlock(&r->m));
	return 0;
}

/* Yields only while it holds it: whoever is woken always finds it held. (A try lets nobody go first, as a lock does.) */
fiber_test(mutex, is_handed_over_to_who_starves)
{
	struct room r = {.m = COIR_MUTEX_INIT};
	coir_fiber f = must_spawn(want_once, &r);
	must_ok(coir_mutex_lock(&r.m));
	while (atomic_load(&r.stage) < 2) {
		must_ok(coir_yield());
		must_ok(coir_mutex_unlock(&r.m));
		if (coir_mutex_try_lock(&r.m))
			must_ok(coir_mutex_lock(&r.m));
	}
	must_ok(coir_mutex_unlock(&r.m));
	must_join(f);
}

/* The same where time stands still. */
static intptr_t starve_in_virtual_time(void *arg)
{
	(void)arg;
	mutex_is_handed_over_to_who_starves(1);
	return coir_now();
}

Test(mutex, is_handed_over_though_time_stands_still)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = COIR_CLOCK_VIRTUAL;
	intptr_t now;
	must_ok(coir_run(&cfg, starve_in_virtual_time, NULL, &now));
	must_eq(now, COIR_SECOND);
}

/* A fiber that only locks and unlocks lets others of its worker run. */
static intptr_t set_stage(void *arg)
{
	atomic_store(&((struct room *)arg)->stage, 1);
	return 0;
}

solo_test(mutex, locking_is_a_step)
{
	struct room r = {.m = COIR_MUTEX_INIT};
	coir_fiber f = must_spawn(set_stage, &r);
	while (!atomic_load(&r.stage)) {
		must_ok(coir_mutex_lock(&r.m));
		must_ok(coir_mutex_unlock(&r.m));
	}
	must_join(f);
}

/* ---- owners that are gone ---- */

static intptr_t lock_and_end(void *arg)
{
	must_ok(coir_mutex_lock(arg));
	return (intptr_t)coir_id();
}

fiber_test(mutex, of_one_that_ended)
{
	coir_mutex m = COIR_MUTEX_INIT;
	intptr_t owner = must_join(must_spawn(lock_and_end, &m));
	for (int i = 0; i < 50; i++) { /* its descriptor is used again meanwhile */
		must_eq(coir_mutex_owner(&m), owner);
		must_eq(coir_mutex_try_lock(&m), -EAGAIN);
		must_eq(coir_mutex_lock_until(&m, coir_after(1000)), -ETIMEDOUT);
		must_eq(coir_mutex_unlock(&m), -EPERM);
		must_eq(must_join(must_spawn(fiber_give_back, (void *)5)), 5);
	}
	must_eq(coir_mutex_destroy(&m), -EBUSY);
	must_ok(coir_mutex_init(&m, 0));
	must_ok(coir_mutex_lock(&m));
	must_ok(coir_mutex_unlock(&m));
}

static coir_mutex left_behind = COIR_MUTEX_INIT;

static intptr_t hold_and_park(void *arg)
{
	must_ok(coir_mutex_lock(&left_behind));
	atomic_store((atomic_int *)arg, 1);
	return fiber_park_for_ever(NULL);
}

static intptr_t wait_in_vain(void *arg)
{
	(void)arg;
	return coir_mutex_lock(&left_behind);
}

static intptr_t leave_them(void *arg)
{
	(void)arg;
	atomic_int held = 0;
	must_ok(coir_go(hold_and_park, &held));
	while (!atomic_load(&held))
		must_ok(coir_yield());
	for (int i = 0; i < 5; i++)
		must_ok(coir_go(wait_in_vain, NULL));
	for (int i = 0; i < 50; i++)
		must_ok(coir_yield());
	return 0;
}

static intptr_t find_it(void *arg)
{
	(void)arg;
	must_eq(coir_mutex_try_lock(&left_behind), -EAGAIN);
	must_eq(coir_mutex_lock_until(&left_behind, coir_after(1000)), -ETIMEDOUT);
	must(coir_mutex_owner(&left_behind) != 0);
	must_ok(coir_mutex_init(&left_behind, 0));
	must_ok(coir_mutex_lock(&left_behind));
	must_ok(coir_mutex_unlock(&left_behind));
	return 0;
}

workers_test(mutex, of_an_earlier_runtime)
{
	for (int i = 0; i < 5; i++) {
		with_workers(workers, leave_them, NULL);
		with_workers(workers, find_it, NULL);
	}
}

/* In virtual time: a deadline is kept to the nanosecond. */
static intptr_t measure_deadlines(void *arg)
{
	(void)arg;
	struct room r = {.m = COIR_MUTEX_INIT, .c = COIR_COND_INIT};
	must_ok(coir_mutex_lock(&r.m));
	coir_time start = coir_now();
	must_eq(coir_cond_wait_until(&r.c, &r.m, start + 12345), -ETIMEDOUT);
	must_eq(coir_now() - start, 12345);
	must_join(must_spawn(try_others_lock, &r));
	must_eq(coir_now() - start, 12345 + 20000);
	must_ok(coir_mutex_unlock(&r.m));
	return 0;
}

Test(mutex, deadlines)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = COIR_CLOCK_VIRTUAL;
	must_ok(coir_run(&cfg, measure_deadlines, NULL, NULL));
}

/* ---- lifetime: the next owner may free it at once ---- */

struct shared {
	coir_mutex m;
	int users;
};

static intptr_t leave_it(void *arg)
{
	struct shared *s = arg;
	for (int i = 0; i < 5; i++) {
		must_ok(coir_mutex_lock(&s->m));
		must_ok(coir_mutex_unlock(&s->m));
	}
	must_ok(coir_mutex_lock(&s->m));
	bool last = --s->users == 0;
	must_ok(coir_mutex_unlock(&s->m));
	if (last) {
		must_ok(coir_mutex_destroy(&s->m));
		free(s);
	}
	return 1;
}

fiber_test(mutex, is_freed_by_its_last_user)
{
	for (int i = 0; i < scaled(500); i++) {
		struct shared *s = zeros(1, sizeof *s);
		s->users = 4;
		coir_fiber f[4];
		for (int k = 0; k < 4; k++)
			f[k] = must_spawn(leave_it, s);
		must_eq(must_join_all(f, 4), 4);
	}
}
