/* SPDX-License-Identifier: MIT
 *
 * stress/duels.c - who ends a wait: the trigger, the timeout or the cancel, all at about the same time. What was given
 * must have been taken exactly once, whoever won; a lost wake-up is a hang.
 */
#include "support/stress.h"

#include <errno.h>
#include <stdatomic.h>

/* ---- deadlines: permits and time-outs cross ---- */

enum { SIDES = 8 };

struct exchange {
	coir_sem sem;
	atomic_long left; /* rounds of the givers */
	atomic_long given, taken;
	atomic_int givers;
};

static intptr_t give(void *arg)
{
	struct exchange *e = arg;
	uint64_t dice = coir_id();
	while (atomic_fetch_sub(&e->left, 1) > 0) {
		uint32_t n = 1 + chance_below(&dice, 3);
		atomic_fetch_add(&e->given, n);
		must_ok(coir_sem_release(&e->sem, n));
		chance_delay(&dice, 300);
		if (chance_below(&dice, 4) == 0)
			must_ok(coir_yield());
	}
	atomic_fetch_sub(&e->givers, 1);
	return 0;
}

static intptr_t take(void *arg)
{
	struct exchange *e = arg;
	uint64_t dice = coir_id();
	while (atomic_load(&e->givers) > 0) {
		uint32_t n = 1 + chance_below(&dice, 5);
		int rc = coir_sem_acquire_until(&e->sem, n, coir_after(chance_below(&dice, 3000)));
		must(rc == 0 || rc == -ETIMEDOUT, "%d", rc);
		if (rc == 0)
			atomic_fetch_add(&e->taken, n);
		else if (chance_below(&dice, 8) == 0)
			must_ok(coir_yield());
	}
	return 0;
}

static void permits_against_time(const struct stress *s)
{
	struct exchange e = {.sem = COIR_SEM_INIT(0), .left = s->rounds, .givers = SIDES};
	coir_fiber f[2 * SIDES];
	for (int i = 0; i < 2 * SIDES; i++)
		f[i] = must_spawn(i % 2 ? give : take, &e);
	must_join_all(f, 2 * SIDES);
	long rest = 0;
	while (coir_sem_try_acquire(&e.sem, 1) == 0)
		rest++;
	must_eq(atomic_load(&e.taken) + rest, atomic_load(&e.given));
	must_ok(coir_sem_destroy(&e.sem));
}

/* ---- three against one: trigger, timeout and cancel of each kind ---- */

enum { SEM, EVENT, GROUP, FUTURE, MUTEX, READ, WRITE, COND, KINDS };

struct duel {
	int kind;
	coir_sem sem;
	coir_event event;
	coir_wait_group group;
	coir_promise *promise;
	coir_future *future;
	coir_mutex mutex;
	coir_rwlock lock;
	coir_cond cond;
	bool told; /* under mutex */
	int64_t patience;
	coir_fiber waiter;
	unsigned delay;
};

static int wait_for_told(struct duel *d, coir_time deadline)
{
	must_ok(coir_mutex_lock(&d->mutex));
	int rc = 0;
	while (!d->told && rc == 0)
		rc = coir_cond_wait_until(&d->cond, &d->mutex, deadline);
	must_eq(coir_mutex_owner(&d->mutex), coir_id());
	if (d->told)
		rc = 0;
	must_ok(coir_mutex_unlock(&d->mutex));
	return rc;
}

static intptr_t wait_in_duel(void *arg)
{
	struct duel *d = arg;
	coir_time deadline = d->patience < 0 ? COIR_NEVER : coir_after(d->patience);
	int rc;
	switch (d->kind) {
	case SEM:
		return coir_sem_acquire_until(&d->sem, 1, deadline);
	case EVENT:
		return coir_event_wait_until(&d->event, deadline);
	case GROUP:
		return coir_wait_group_wait_until(&d->group, deadline);
	case FUTURE:
		return coir_future_wait_until(d->future, NULL, deadline);
	case MUTEX:
		rc = coir_mutex_lock_until(&d->mutex, deadline);
		if (rc == 0)
			must_ok(coir_mutex_unlock(&d->mutex));
		return rc;
	case READ:
		rc = coir_rwlock_read_lock_until(&d->lock, deadline);
		if (rc == 0)
			must_ok(coir_rwlock_read_unlock(&d->lock));
		return rc;
	case WRITE:
		rc = coir_rwlock_write_lock_until(&d->lock, deadline);
		if (rc == 0)
			must_ok(coir_rwlock_write_unlock(&d->lock));
		return rc;
	default:
		return wait_for_told(d, deadline);
	}
}

static void trigger(struct duel *d)
{
	switch (d->kind) {
	case SEM:
		must_ok(coir_sem_release(&d->sem, 1));
		return;
	case EVENT:
		must_ok(coir_event_set(&d->event));
		return;
	case GROUP:
		must_ok(coir_wait_group_done(&d->group));
		return;
	case FUTURE:
		must_ok(coir_promise_set(d->promise, 1));
		return;
	case MUTEX:
		must_ok(coir_mutex_unlock(&d->mutex));
		return;
	case READ:
	case WRITE:
		must_ok(coir_rwlock_write_unlock(&d->lock));
		return;
	default:
		must_ok(coir_mutex_lock(&d->mutex));
		d->told = true;
		must_ok(coir_cond_signal(&d->cond));
		must_ok(coir_mutex_unlock(&d->mutex));
	}
}

static intptr_t cancel_in_duel(void *arg)
{
	struct duel *d = arg;
	uint64_t dice = d->waiter.seq;
	chance_delay(&dice, d->delay);
	int rc = coir_cancel(d->waiter);
	must(rc == 0 || rc == -ESRCH, "%d", rc);
	return 0;
}

/* Nothing of the duel may be left behind: what was given is there, or was taken. */
static void look_after(struct duel *d, int rc)
{
	must_eq(coir_sem_try_acquire(&d->sem, 1), d->kind == SEM && rc ? 0 : -EAGAIN);
	must_ok(coir_sem_destroy(&d->sem));
	must_ok(coir_event_destroy(&d->event));
	must_ok(coir_wait_group_destroy(&d->group));
	must_ok(coir_mutex_destroy(&d->mutex));
	must_ok(coir_rwlock_destroy(&d->lock));
	must_ok(coir_cond_destroy(&d->cond));
	if (d->kind == FUTURE) {
		coir_promise_destroy(d->promise);
		coir_future_release(d->future);
	}
}

static int fight(int kind, uint64_t *dice)
{
	struct duel d = {.kind = kind,
			 .sem = COIR_SEM_INIT(0),
			 .event = COIR_EVENT_INIT,
			 .group = COIR_WAIT_GROUP_INIT,
			 .mutex = COIR_MUTEX_INIT,
			 .lock = COIR_RWLOCK_INIT,
			 .cond = COIR_COND_INIT};
	unsigned with = chance_below(dice, 4); /* 1: a deadline, 2: a cancel */
	d.patience = with & 1 ? (int64_t)chance_below(dice, 4000) : -1;
	d.delay = 1 + chance_below(dice, 3) * 1000;
	must_ok(coir_wait_group_add(&d.group, kind == GROUP));
	if (kind == FUTURE)
		must_ok(coir_promise_create(&d.promise, &d.future));
	if (kind == MUTEX)
		must_ok(coir_mutex_lock(&d.mutex));
	if (kind == READ || kind == WRITE)
		must_ok(coir_rwlock_write_lock(&d.lock));
	d.waiter = must_spawn(wait_in_duel, &d);
	if (chance_below(dice, 2))
		must_ok(coir_yield());
	coir_fiber canceller = {NULL, 0};
	if (with & 2)
		canceller = must_spawn(cancel_in_duel, &d);
	if (chance_below(dice, 2))
		must_ok(coir_yield());
	chance_delay(dice, d.delay);
	trigger(&d);
	int rc = (int)must_join(d.waiter);
	if (with & 2)
		must_join(canceller);
	must(rc == 0 || (rc == -ETIMEDOUT && (with & 1)) || (rc == -ECANCELED && (with & 2)), "%d %u", rc, with);
	look_after(&d, rc);
	return rc;
}

static void duels(const struct stress *s)
{
	uint64_t dice = 11;
	long ended[3] = {0};
	for (long i = 0; i < s->rounds; i++) {
		int rc = fight((int)(i % KINDS), &dice);
		ended[rc == 0 ? 0 : rc == -ETIMEDOUT ? 1 : 2]++;
	}
	must_eq(ended[0] + ended[1] + ended[2], s->rounds);
	must(ended[0] > 0);
}

static intptr_t all(void *arg)
{
	const struct stress *s = arg;
	permits_against_time(s);
	duels(s);
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 600000);
	with_workers(s.workers, all, &s);
	return 0;
}
