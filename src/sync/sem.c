/* SPDX-License-Identifier: MIT
 *
 * sync/sem.c - the semaphore: a count and a queue under the latch.
 *
 * Invariant, whenever the latch is free: if somebody waits, the first wants more than there is; or it has just given up,
 * and will let in those behind it when it goes on. Permits go to the first in the queue, and to others only after it.
 */
#include "sync/sync.h"
#include <coir/semaphore.h>

typedef struct sem {
	coiri_queue queue;
	coiri_latch latch;
	uint32_t count, spare;
} sem;

COIRI_SAME_LAYOUT(sem, coir_sem);

COIRI_INLINE uint32_t wish_of(const coiri_waiter *waiter)
{
	return (uint32_t)(uintptr_t)waiter->data;
}

/* Under the latch, which it releases. */
static void let_in(coiri_worker *w, sem *s)
{
	coiri_wakes wakes = {0};
	coiri_waiter *first;
	while ((first = coiri_queue_first(&s->queue)) != NULL && wish_of(first) <= s->count) {
		uint32_t wish = wish_of(first);
		coiri_won won;
		if (!coiri_win_first(first, 0, &won))
			continue;
		s->count -= wish;
		coiri_wakes_add(&wakes, won);
	}
	coiri_latch_release(&s->latch);
	coiri_wake_won(w, &wakes);
}

/* After a wait that ended without permits: who stood behind may have been held back by us alone. */
static int given_up(sem *s, int r)
{
	coiri_worker *w;
	if (r == -EPERM || !coiri_come_in(&w))
		return r;
	coiri_latch_acquire(&s->latch);
	let_in(w, s);
	return coiri_go_out(w, r);
}

/* Under the latch, which it releases. */
static COIRI_NOINLINE int wait_for_it(coiri_worker *w, sem *s, uint32_t n, coir_time deadline)
{
	coiri_place place = {&s->queue, &s->latch, s, COIRI_WAIT_SEMAPHORE, COIRI_UNTIL, (void *)(uintptr_t)n,
			     deadline};
	int r = coiri_wait_at(w, &place);
	return r < 0 ? given_up(s, r) : r;
}

COIRI_INLINE int acquire(coir_sem *public, uint32_t n, coiri_mode mode, coir_time deadline)
{
	coiri_worker *w;
	sem *s = (sem *)public;
	if (unlikely(!s) || unlikely(n == 0))
		return -EINVAL;
	if (unlikely(!coiri_come_in(&w)))
		return -EPERM;
	if (mode != COIRI_TRY && w && coiri_cancelled(w->current))
		return -ECANCELED;
	coiri_latch_acquire(&s->latch);
	int r = 0;
	if (likely(s->count >= n) && likely(!coiri_queue_first(&s->queue)))
		s->count -= n;
	else if (!coiri_too_late(mode, deadline, &r))
		return wait_for_it(w, s, n, deadline);
	coiri_latch_release(&s->latch);
	if (unlikely(r) || unlikely(!w))
		return coiri_go_out(w, r);
	return mode == COIRI_TRY ? 0 : coiri_step_in_place(w);
}

int coir_sem_acquire(coir_sem *s, uint32_t n)
{
	return acquire(s, n, COIRI_UNTIL, COIR_NEVER);
}

int coir_sem_acquire_until(coir_sem *s, uint32_t n, coir_time deadline)
{
	return acquire(s, n, COIRI_UNTIL, deadline);
}

int coir_sem_try_acquire(coir_sem *s, uint32_t n)
{
	return acquire(s, n, COIRI_TRY, COIR_NEVER);
}

int coir_sem_release(coir_sem *public, uint32_t n)
{
	coiri_worker *w;
	sem *s = (sem *)public;
	if (unlikely(!s) || unlikely(n == 0))
		return -EINVAL;
	if (unlikely(!coiri_come_in(&w)))
		return -EPERM;
	coiri_latch_acquire(&s->latch);
	if (unlikely(n > UINT32_MAX - s->count)) {
		coiri_latch_release(&s->latch);
		return coiri_go_out(w, -EOVERFLOW);
	}
	s->count += n;
	let_in(w, s);
	return coiri_go_out(w, 0);
}

int coir_sem_init(coir_sem *s, uint32_t n)
{
	if (!s)
		return -EINVAL;
	*(sem *)s = (sem){.count = n};
	return 0;
}

int coir_sem_destroy(coir_sem *public)
{
	sem *s = (sem *)public;
	return s ? coiri_check_idle(&s->latch, &s->queue) : -EINVAL;
}
