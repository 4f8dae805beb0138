/* SPDX-License-Identifier: MIT
 *
 * sync/sync.h - what the objects that fibers wait at have in common.
 *
 * Each object has a latch, a queue under it, and what it counts. Its public struct has fields of plain types; the .c
 * file sees the same memory as its own struct.
 */
#ifndef COIRI_SYNC_H
#define COIRI_SYNC_H

#include "sched/wait.h"
#include <coir/mutex.h>

#define COIRI_SAME_LAYOUT(own, public)                                                     \
	_Static_assert(sizeof(own) == sizeof(public) && _Alignof(own) <= _Alignof(public), \
		       #own " is what " #public " says")

_Static_assert(sizeof(coiri_queue) == sizeof(coir_waiting), "coir_waiting is a queue");
_Static_assert(sizeof(coiri_latch) == sizeof(coir_latch), "coir_latch is a latch");

/* What a waiter at an object is told by it. */
typedef struct coiri_place {
	coiri_queue *queue;
	coiri_latch *latch; /* held */
	const void *object;
	coiri_reason reason;
	coiri_mode mode; /* COIRI_FIRM or COIRI_UNTIL */
	void *data;
	coir_time deadline;
} coiri_place;

/* A plain thread, which has entered, waits; it has left after it. */
int coiri_block(const coiri_place *place);

/* The caller (see coiri_come_in) waits at the end of the queue, whose latch is released when it is off its stack.
 * Returns the trigger's result, -ETIMEDOUT, -ECANCELED; a plain thread has left. */
COIRI_INLINE int coiri_wait_at(coiri_worker *w, const coiri_place *place)
{
	if (unlikely(!w))
		return coiri_block(place);
	coiri_waiter *waiter = coiri_own_waiter(w);
	coiri_wait_begin(w, waiter, place->reason, place->object, place->mode == COIRI_UNTIL ? COIRI_CANCELLABLE : 0);
	waiter->data = place->data;
	coiri_queue_push(place->queue, waiter);
	return coiri_wait_until(w, place->latch, place->deadline);
}

/* After the latch was released. One alone goes into run-next, several in order into the ring. */
COIRI_INLINE void coiri_wake_won(coiri_worker *w, coiri_wakes *wakes)
{
	if (w && wakes->first && wakes->first == wakes->last && !wakes->threads)
		coiri_ready(w, wakes->first);
	else if (wakes->first || wakes->threads)
		coiri_wakes_run(w, wakes);
}

/* Wins the first in the queue and takes it out; false: its wait has ended otherwise, and it is shunned. Under the latch. */
COIRI_INLINE bool coiri_win_first(coiri_waiter *first, int result, coiri_won *won)
{
	*won = coiri_win(first, result);
	if (likely(won->won))
		coiri_queue_remove(first);
	else
		coiri_queue_shun(first);
	return won->won;
}

/* Wins everybody in the queue, in order, to be woken after the latch was released. Returns how many. */
uint32_t coiri_win_all(coiri_queue *queue, int result, coiri_wakes *wakes);

/* For a destroy: -EBUSY if somebody waits at the object, or is about to leave it; else 0. */
int coiri_check_idle(coiri_latch *latch, const coiri_queue *queue);

/* ---- of a mutex, for conditions (mutex.c) ---- */

bool coiri_mutex_is_mine(coiri_worker *w, const coir_mutex *m);

/* Gives it back wholly; returns how often it was locked again. Its owner only. */
uint32_t coiri_mutex_drop(coiri_worker *w, coir_mutex *m);

/* Takes it again. Not a cancellation point. */
void coiri_mutex_retake(coir_mutex *m, uint32_t depth);

#endif
