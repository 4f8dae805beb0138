/* SPDX-License-Identifier: MIT
 *
 * stress/crowd.c - a hundred thousand fibers wait at one object, of each kind in turn: all are let go, none twice.
 */
#include "support/stress.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { EVENT, SEM, GROUP, FUTURE, COND, BARRIER, MUTEX, READ, WRITE, KINDS };

struct crowd {
	int kind;
	long count;
	atomic_long asked;
	long through; /* under mutex, or lock */
	atomic_long let_go, last;
	coir_event event;
	coir_sem sem;
	coir_wait_group group;
	coir_promise *promise;
	coir_future *future;
	coir_mutex mutex;
	coir_cond cond;
	bool told;
	coir_barrier barrier;
	coir_rwlock lock;
};

static int count_last(struct crowd *c, int rc)
{
	must(rc == 0 || rc == COIR_BARRIER_LAST, "%d", rc);
	atomic_fetch_add(&c->last, rc);
	return 0;
}

static int wait_for_told(struct crowd *c)
{
	must_ok(coir_mutex_lock(&c->mutex));
	while (!c->told)
		must_ok(coir_cond_wait(&c->cond, &c->mutex));
	c->through++;
	must_ok(coir_mutex_unlock(&c->mutex));
	return 0;
}

static int wait_as(struct crowd *c)
{
	switch (c->kind) {
	case EVENT:
		return coir_event_wait(&c->event);
	case SEM:
		return coir_sem_acquire(&c->sem, 2);
	case GROUP:
		return coir_wait_group_wait(&c->group);
	case FUTURE:
		return coir_future_wait(c->future, NULL);
	case COND:
		return wait_for_told(c);
	case BARRIER:
		return count_last(c, coir_barrier_wait(&c->barrier));
	case MUTEX:
		must_ok(coir_mutex_lock(&c->mutex));
		c->through++;
		return coir_mutex_unlock(&c->mutex);
	case READ:
		must_ok(coir_rwlock_read_lock(&c->lock));
		return coir_rwlock_read_unlock(&c->lock);
	default:
		must_ok(coir_rwlock_write_lock(&c->lock));
		c->through++;
		return coir_rwlock_write_unlock(&c->lock);
	}
}

static intptr_t wait_in_crowd(void *arg)
{
	struct crowd *c = arg;
	atomic_fetch_add(&c->asked, 1);
	int rc = wait_as(c);
	must_eq(rc, 0);
	atomic_fetch_add(&c->let_go, 1);
	return 1;
}

static void hold_back(struct crowd *c)
{
	must_ok(coir_wait_group_add(&c->group, 1));
	must_ok(coir_promise_create(&c->promise, &c->future));
	if (c->kind == MUTEX)
		must_ok(coir_mutex_lock(&c->mutex));
	if (c->kind == READ || c->kind == WRITE)
		must_ok(coir_rwlock_write_lock(&c->lock));
}

static void let_go(struct crowd *c)
{
	switch (c->kind) {
	case EVENT:
		must_ok(coir_event_set(&c->event));
		break;
	case SEM: /* in pieces that let in one, none, several */
		must_ok(coir_sem_release(&c->sem, 1));
		must_ok(coir_sem_release(&c->sem, 1));
		must_ok(coir_sem_release(&c->sem, (uint32_t)(2 * (c->count - 1))));
		break;
	case GROUP:
		must_ok(coir_wait_group_done(&c->group));
		break;
	case FUTURE:
		must_ok(coir_promise_set(c->promise, 0));
		break;
	case COND:
		must_ok(coir_mutex_lock(&c->mutex));
		c->told = true;
		must_ok(coir_cond_broadcast(&c->cond));
		must_ok(coir_mutex_unlock(&c->mutex));
		break;
	case BARRIER:
		count_last(c, coir_barrier_wait(&c->barrier));
		break;
	case MUTEX:
		must_ok(coir_mutex_unlock(&c->mutex));
		break;
	default:
		must_ok(coir_rwlock_write_unlock(&c->lock));
	}
}

static void gather(int kind, coir_fiber *f, long n)
{
	struct crowd c = {.kind = kind,
			  .count = n,
			  .event = COIR_EVENT_INIT,
			  .sem = COIR_SEM_INIT(0),
			  .group = COIR_WAIT_GROUP_INIT,
			  .mutex = COIR_MUTEX_INIT,
			  .cond = COIR_COND_INIT,
			  .barrier = COIR_BARRIER_INIT((uint32_t)n + 1),
			  .lock = COIR_RWLOCK_INIT};
	hold_back(&c);
	for (long i = 0; i < n; i++)
		f[i] = must_spawn(wait_in_crowd, &c);
	while (atomic_load(&c.asked) < n)
		must_ok(coir_yield());
	must_eq(atomic_load(&c.let_go), 0);
	let_go(&c);
	must_eq(must_join_all(f, (int)n), n);
	must_eq(atomic_load(&c.last), kind == BARRIER);
	must_eq(c.through, kind == COND || kind == MUTEX || kind == WRITE ? n : 0);
	coir_promise_destroy(c.promise);
	coir_future_release(c.future);
	must_ok(coir_mutex_destroy(&c.mutex));
	must_ok(coir_rwlock_destroy(&c.lock));
	must_ok(coir_sem_destroy(&c.sem));
	must_ok(coir_cond_destroy(&c.cond));
}

static intptr_t all(void *arg)
{
	const struct stress *s = arg;
	coir_fiber *f = zeros((size_t)s->rounds, sizeof *f);
	for (int kind = 0; kind < KINDS; kind++)
		gather(kind, f, s->rounds);
	free(f);
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 100000);
	if (s.rounds > scaled_fibers(100000))
		s.rounds = scaled_fibers(100000);
	with_workers(s.workers, all, &s);
	return 0;
}
