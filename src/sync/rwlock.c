/* SPDX-License-Identifier: MIT
 *
 * sync/rwlock.c - the lock of many readers or one writer: two counts and a queue, all under the latch.
 *
 * Invariant, whenever the latch is free: not both readers and a writer; and the queue's first, if there is one, could
 * not be let in. Who unlocks lets in as many as can be, in order. A waiter that gives up may have held back those behind
 * it, so it lets them in when it goes on. Nothing is touched after the latch was released (but the waiters that were won
 * under it), so the next holder may free the lock.
 */
#include "sync/sync.h"
#include <coir/rwlock.h>

enum { READ, WRITE };

typedef struct rwlock {
	coiri_queue queue;
	uint64_t writer; /* the id of the fiber, or 0 */
	coiri_latch latch;
	uint32_t readers, spare;
} rwlock;

COIRI_SAME_LAYOUT(rwlock, coir_rwlock);

COIRI_INLINE uint64_t id_of(coiri_fiber *f)
{
	return at_load_relaxed(&f->state) >> COIRI_SEQ_SHIFT;
}

/* Under the latch. */
COIRI_INLINE bool may_enter(const rwlock *l, int kind)
{
	return !l->writer && (kind == READ || !l->readers);
}

COIRI_INLINE void enter(rwlock *l, int kind, uint64_t id)
{
	if (kind == READ)
		l->readers++;
	else
		l->writer = id;
}

static void let_in(rwlock *l, coiri_wakes *wakes)
{
	coiri_waiter *first;
	while ((first = coiri_queue_first(&l->queue)) != NULL && may_enter(l, first->index)) {
		coiri_won won;
		if (!coiri_win_first(first, 0, &won))
			continue;
		enter(l, first->index, id_of(first->fiber));
		coiri_wakes_add(wakes, won);
	}
}

/* Releases the latch. */
COIRI_INLINE void unlocked(coiri_worker *w, rwlock *l)
{
	coiri_wakes wakes = {0};
	if (unlikely(coiri_queue_first(&l->queue) != NULL))
		let_in(l, &wakes);
	coiri_latch_release(&l->latch);
	coiri_wake_won(w, &wakes);
}

/* Under the latch, which it releases. */
static COIRI_NOINLINE int wait_for_it(coiri_worker *w, rwlock *l, int kind, coiri_mode mode, coir_time deadline)
{
	coiri_waiter *waiter = coiri_own_waiter(w);
	coiri_wait_begin(w, waiter, kind == READ ? COIRI_WAIT_READ_LOCK : COIRI_WAIT_WRITE_LOCK, l,
			 mode == COIRI_UNTIL ? COIRI_CANCELLABLE : 0);
	waiter->index = kind;
	coiri_queue_push(&l->queue, waiter);
	if (mode == COIRI_FIRM)
		return coiri_wait(w, &l->latch);
	int r = coiri_wait_until(w, &l->latch, deadline);
	if (r < 0) {
		coiri_latch_acquire(&l->latch);
		unlocked(coiri_here(), l);
	}
	return r;
}

/* Under the latch: why it can't be had at once, for good; or 0. */
static int refusal(coiri_worker *w, const rwlock *l, int kind, coiri_mode mode, coir_time deadline)
{
	int error = 0;
	if (l->writer == id_of(w->current))
		return -EDEADLK;
	if (kind == READ && l->readers == UINT32_MAX)
		return -EOVERFLOW;
	coiri_too_late(mode, deadline, &error);
	return error;
}

COIRI_INLINE int lock(coir_rwlock *public, int kind, coiri_mode mode, coir_time deadline)
{
	coiri_worker *w = coiri_here();
	rwlock *l = (rwlock *)public;
	if (unlikely(!w))
		return -EPERM;
	if (unlikely(!l))
		return -EINVAL;
	if (mode == COIRI_UNTIL && coiri_cancelled(w->current))
		return -ECANCELED;
	if (mode != COIRI_TRY) { /* the step, before it holds anything */
		coiri_step_in_place(w);
		w = coiri_here();
	}
	coiri_latch_acquire(&l->latch);
	if (likely(may_enter(l, kind)) && likely(!coiri_queue_first(&l->queue)) && likely(l->readers != UINT32_MAX)) {
		enter(l, kind, id_of(w->current));
		coiri_latch_release(&l->latch);
		return 0;
	}
	int error = refusal(w, l, kind, mode, deadline);
	if (!error)
		return wait_for_it(w, l, kind, mode, deadline);
	coiri_latch_release(&l->latch);
	return error;
}

int coir_rwlock_read_lock(coir_rwlock *l)
{
	return lock(l, READ, COIRI_FIRM, COIR_NEVER);
}

int coir_rwlock_write_lock(coir_rwlock *l)
{
	return lock(l, WRITE, COIRI_FIRM, COIR_NEVER);
}

int coir_rwlock_read_lock_until(coir_rwlock *l, coir_time deadline)
{
	return lock(l, READ, COIRI_UNTIL, deadline);
}

int coir_rwlock_write_lock_until(coir_rwlock *l, coir_time deadline)
{
	return lock(l, WRITE, COIRI_UNTIL, deadline);
}

int coir_rwlock_try_read_lock(coir_rwlock *l)
{
	return lock(l, READ, COIRI_TRY, COIR_NEVER);
}

int coir_rwlock_try_write_lock(coir_rwlock *l)
{
	return lock(l, WRITE, COIRI_TRY, COIR_NEVER);
}

COIRI_INLINE int unlock(coir_rwlock *public, int kind)
{
	coiri_worker *w = coiri_here();
	rwlock *l = (rwlock *)public;
	if (unlikely(!w))
		return -EPERM;
	if (unlikely(!l))
		return -EINVAL;
	coiri_latch_acquire(&l->latch);
	bool held = kind == READ ? l->readers > 0 : l->writer == id_of(w->current);
	if (unlikely(!held)) {
		coiri_latch_release(&l->latch);
		return -EPERM;
	}
	if (kind == READ)
		l->readers--;
	else
		l->writer = 0;
	unlocked(w, l);
	return 0;
}

int coir_rwlock_read_unlock(coir_rwlock *l)
{
	return unlock(l, READ);
}

int coir_rwlock_write_unlock(coir_rwlock *l)
{
	return unlock(l, WRITE);
}

int coir_rwlock_init(coir_rwlock *l)
{
	if (!l)
		return -EINVAL;
	*(rwlock *)l = (rwlock){0};
	return 0;
}

int coir_rwlock_destroy(coir_rwlock *public)
{
	rwlock *l = (rwlock *)public;
	if (!l)
		return -EINVAL;
	coiri_latch_acquire(&l->latch);
	bool busy = l->writer || l->readers || !coiri_queue_is_idle(&l->queue);
	coiri_latch_release(&l->latch);
	return busy ? -EBUSY : 0;
}
