/* SPDX-License-Identifier: MIT
 *
 * api/rwlock_test.c - the lock of many readers or one writer.
 */
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>

static coir_rwlock lock = COIR_RWLOCK_INIT;

static void refused_outside(void)
{
	must_eq(coir_rwlock_read_lock(&lock), -EPERM);
	must_eq(coir_rwlock_write_lock(&lock), -EPERM);
	must_eq(coir_rwlock_try_read_lock(&lock), -EPERM);
	must_eq(coir_rwlock_write_lock_until(&lock, 0), -EPERM);
	must_eq(coir_rwlock_read_unlock(&lock), -EPERM);
	must_eq(coir_rwlock_write_unlock(&lock), -EPERM);
}

Test(rwlock, outside)
{
	refused_outside();
	must_eq(coir_rwlock_init(NULL), -EINVAL);
	must_eq(coir_rwlock_destroy(NULL), -EINVAL);
	start_workers(2);
	refused_outside();
	stop_workers();
}

fiber_test(rwlock, nothing)
{
	must_eq(coir_rwlock_read_lock(NULL), -EINVAL);
	must_eq(coir_rwlock_write_lock_until(NULL, 0), -EINVAL);
	must_eq(coir_rwlock_try_write_lock(NULL), -EINVAL);
	must_eq(coir_rwlock_read_unlock(NULL), -EINVAL);
	must_eq(coir_rwlock_write_unlock(NULL), -EINVAL);
}

static intptr_t meet_readers(void *arg)
{
	(void)arg;
	must_ok(coir_rwlock_read_lock(&lock));
	must_ok(coir_rwlock_read_unlock(&lock));
	must_eq(coir_rwlock_try_write_lock(&lock), -EAGAIN);
	must_eq(coir_rwlock_write_lock_until(&lock, 0), -ETIMEDOUT);
	must_eq(coir_rwlock_write_lock_until(&lock, coir_after(10000)), -ETIMEDOUT);
	must_eq(coir_rwlock_write_unlock(&lock), -EPERM);
	return 0;
}

static intptr_t meet_writer(void *arg)
{
	(void)arg;
	must_eq(coir_rwlock_try_read_lock(&lock), -EAGAIN);
	must_eq(coir_rwlock_try_write_lock(&lock), -EAGAIN);
	must_eq(coir_rwlock_read_lock_until(&lock, coir_after(10000)), -ETIMEDOUT);
	must_eq(coir_rwlock_write_unlock(&lock), -EPERM);
	must_eq(coir_rwlock_read_unlock(&lock), -EPERM);
	return 0;
}

fiber_test(rwlock, readers_share_writers_do_not)
{
	must_eq(coir_rwlock_read_unlock(&lock), -EPERM);
	must_ok(coir_rwlock_read_lock(&lock));
	must_ok(coir_rwlock_try_read_lock(&lock));
	must_join(must_spawn(meet_readers, NULL));
	must_eq(coir_rwlock_destroy(&lock), -EBUSY);
	must_ok(coir_rwlock_read_unlock(&lock));
	must_ok(coir_rwlock_read_unlock(&lock));
	must_ok(coir_rwlock_write_lock_until(&lock, 0));
	must_join(must_spawn(meet_writer, NULL));
	must_eq(coir_rwlock_write_lock(&lock), -EDEADLK);
	must_eq(coir_rwlock_read_lock(&lock), -EDEADLK);
	must_ok(coir_rwlock_write_unlock(&lock));
	must_ok(coir_rwlock_destroy(&lock));
}

/* ---- the order: who waits is let in first come, first served ---- */

struct queue {
	coir_rwlock l;
	atomic_int asked, came;
	int place[3];
};

static intptr_t read_in_turn(void *arg)
{
	struct queue *q = arg;
	atomic_fetch_add(&q->asked, 1);
	must_ok(coir_rwlock_read_lock(&q->l));
	q->place[2] = atomic_fetch_add(&q->came, 1);
	must_ok(coir_rwlock_read_unlock(&q->l));
	return 0;
}

static intptr_t write_in_turn(void *arg)
{
	struct queue *q = arg;
	atomic_fetch_add(&q->asked, 1);
	must_ok(coir_rwlock_write_lock(&q->l));
	q->place[1] = atomic_fetch_add(&q->came, 1);
	must_ok(coir_rwlock_write_unlock(&q->l));
	return 0;
}

/* A writer that waits keeps newcomers out: it does not starve. */
fiber_test(rwlock, a_waiting_writer_goes_before_later_readers)
{
	struct queue q = {.l = COIR_RWLOCK_INIT};
	must_ok(coir_rwlock_read_lock(&q.l));
	coir_fiber writer = must_spawn(write_in_turn, &q);
	while (coir_rwlock_try_read_lock(&q.l) == 0) { /* until it waits */
		must_ok(coir_rwlock_read_unlock(&q.l));
		must_ok(coir_yield());
	}
	coir_fiber reader = must_spawn(read_in_turn, &q);
	while (atomic_load(&q.asked) < 2)
		must_ok(coir_yield());
	must_eq(atomic_load(&q.came), 0);
	must_ok(coir_rwlock_read_unlock(&q.l));
	must_join(writer);
	must_join(reader);
	must_eq(q.place[1], 0);
	must_eq(q.place[2], 1);
}

/* A writer that gives up lets in the readers behind it. */
static intptr_t give_up(void *arg)
{
	struct queue *q = arg;
	must_eq(coir_rwlock_write_lock_until(&q->l, COIR_NEVER), -ECANCELED);
	return 0;
}

fiber_test(rwlock, a_cancelled_writer_holds_nobody_back)
{
	struct queue q = {.l = COIR_RWLOCK_INIT};
	must_ok(coir_rwlock_read_lock(&q.l));
	coir_fiber writer = must_spawn(give_up, &q);
	while (coir_rwlock_try_read_lock(&q.l) == 0) {
		must_ok(coir_rwlock_read_unlock(&q.l));
		must_ok(coir_yield());
	}
	coir_fiber reader = must_spawn(read_in_turn, &q);
	while (atomic_load(&q.asked) < 1)
		must_ok(coir_yield());
	for (int i = 0; i < 20; i++)
		must_ok(coir_yield());
	must_ok(coir_cancel(writer));
	must_join(reader);
	must_join(writer);
	must_ok(coir_rwlock_read_unlock(&q.l));
	must_ok(coir_rwlock_destroy(&q.l));
}

/* Plain locking is no cancellation point, limited locking is, even if it is free. */
static intptr_t lock_cancelled(void *arg)
{
	must_ok(coir_cancel(must_self()));
	must_ok(coir_rwlock_read_lock(arg));
	must_ok(coir_rwlock_read_unlock(arg));
	must_ok(coir_rwlock_write_lock(arg));
	must_ok(coir_rwlock_write_unlock(arg));
	must_ok(coir_rwlock_try_write_lock(arg));
	must_ok(coir_rwlock_write_unlock(arg));
	must_eq(coir_rwlock_read_lock_until(arg, COIR_NEVER), -ECANCELED);
	must_eq(coir_rwlock_write_lock_until(arg, 0), -ECANCELED);
	return 0;
}

fiber_test(rwlock, cancellation)
{
	must_join(must_spawn(lock_cancelled, &lock));
	must_ok(coir_rwlock_destroy(&lock));
}
