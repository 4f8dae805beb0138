/* SPDX-License-Identifier: MIT
 *
 * sched/waiter.h - who waits at an object, and the object's queue of them.
 *
 * A waiter lies on the stack of who waits: in the cold block at the top of a fiber's stack for a wait at one object (so
 * that the wait can end with a sibling call), in the frame of a wait at several, in the frame of a plain thread. A
 * queue is FIFO and guarded by its object's latch.
 *
 * Abandoned waiters: when a runtime ends while fibers wait, their stacks go, and with them their waiters. Nobody walks
 * the objects then, which may be gone too. Instead a queue knows the run of the runtime (epoch) that its waiters belong
 * to, and one of an earlier run is empty.
 *
 * Leaving waiters: one whose wait has ended by a timeout or a cancel, or at another object, is taken out of the queue by
 * a trigger that tries it in vain, but will itself still come for the latch. Until it has, the queue counts it, so that
 * nobody thinks the object free to go.
 */
#ifndef COIRI_SCHED_WAITER_H
#define COIRI_SCHED_WAITER_H

#include "base/latch.h"

struct coiri_fiber;
struct coiri_thread;
struct coiri_queue;

/* What is waited for. Numbers are for ever: add, never reuse. */
typedef enum coiri_reason {
	COIRI_WAIT_NONE = 0,
	COIRI_WAIT_PARK = 1,
	COIRI_WAIT_JOIN = 2,
	COIRI_WAIT_SLEEP = 3,
	COIRI_WAIT_SEND = 4,
	COIRI_WAIT_RECV = 5,
	COIRI_WAIT_SELECT = 6,
	COIRI_WAIT_MUTEX = 7,
	COIRI_WAIT_READ_LOCK = 8,
	COIRI_WAIT_WRITE_LOCK = 9,
	COIRI_WAIT_CONDITION = 10,
	COIRI_WAIT_SEMAPHORE = 11,
	COIRI_WAIT_GROUP = 12,
	COIRI_WAIT_ONCE = 13,
	COIRI_WAIT_BARRIER = 14,
	COIRI_WAIT_EVENT = 15,
	COIRI_WAIT_FUTURE = 16,
	COIRI_WAIT_SCOPE = 17,
	COIRI_WAIT_TICKER = 18,
	COIRI_WAIT_FRAME = 19,
} coiri_reason;

typedef struct coiri_waiter {
	struct coiri_waiter *next, *prev; /* in its queue */
	struct coiri_queue *queue;        /* NULL: in none, and not leaving one */
	struct coiri_fiber *fiber;        /* who waits: a fiber, */
	struct coiri_thread *thread;      /* or, if that is NULL, a plain thread */
	uint64_t ticket;                  /* of the wait: see wait.h */
	coiri_latch *latch;               /* of the queue, if who ends the wait early must take it out; or NULL */
	const void *object;               /* what it waits for, to be shown */
	coiri_reason reason;
	int index; /* for the object's own use, */
	void *data;
} coiri_waiter;

typedef struct coiri_queue {
	coiri_waiter *head, *tail;
	uint32_t epoch;
	uint32_t leaving;
} coiri_queue;

/* The number of the running runtime in the life of the process: it changes when one starts and when one ends. */
extern uint32_t coiri_epoch;

/* All under the object's latch. */

COIRI_INLINE coiri_waiter *coiri_queue_first(const coiri_queue *q)
{
	return unlikely(q->head != NULL) && likely(q->epoch == coiri_epoch) ? q->head : NULL;
}

COIRI_INLINE void coiri_queue_push(coiri_queue *q, coiri_waiter *waiter)
{
	if (unlikely(q->epoch != coiri_epoch)) {
		q->head = NULL;
		q->leaving = 0;
		q->epoch = coiri_epoch;
	}
	waiter->queue = q;
	waiter->next = NULL;
	waiter->prev = q->head ? q->tail : NULL;
	if (q->head)
		q->tail->next = waiter;
	else
		q->head = waiter;
	q->tail = waiter;
}

/* To the front: for one that has waited before. */
COIRI_INLINE void coiri_queue_push_front(coiri_queue *q, coiri_waiter *waiter)
{
	if (!coiri_queue_first(q)) {
		coiri_queue_push(q, waiter);
		return;
	}
	waiter->queue = q;
	waiter->prev = NULL;
	waiter->next = q->head;
	q->head->prev = waiter;
	q->head = waiter;
}

COIRI_INLINE void coiri_queue_unlink(coiri_queue *q, coiri_waiter *waiter)
{
	if (waiter->prev)
		waiter->prev->next = waiter->next;
	else
		q->head = waiter->next;
	if (waiter->next)
		waiter->next->prev = waiter->prev;
	else
		q->tail = waiter->prev;
}

/* Takes the waiter out, if it is in a queue or leaving one. */
COIRI_INLINE void coiri_queue_remove(coiri_waiter *waiter)
{
	coiri_queue *q = waiter->queue;
	if (!q)
		return;
	waiter->queue = NULL;
	if (unlikely(waiter->prev == waiter))
		q->leaving--;
	else
		coiri_queue_unlink(q, waiter);
}

/* The waiter is in the queue, but its wait has ended: it is about to leave. It will come and call coiri_queue_remove. */
COIRI_INLINE void coiri_queue_shun(coiri_waiter *waiter)
{
	coiri_queue_unlink(waiter->queue, waiter);
	waiter->prev = waiter;
	waiter->queue->leaving++;
}

/* Nobody is in the queue, or will come to leave it. */
COIRI_INLINE bool coiri_queue_is_idle(const coiri_queue *q)
{
	return q->epoch != coiri_epoch || (!q->head && q->leaving == 0);
}

#endif
