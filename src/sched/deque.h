/* SPDX-License-Identifier: MIT
 *
 * sched/deque.h - a worker's never-started fibers: newest first for the owner, oldest first for thieves.
 *
 * The work-stealing deque of Chase and Lev (SPAA 2005) with the C11 memory orders of Le, Pop, Cohen and Zappella Nardelli
 * (PPoPP 2013), growable. bottom is the owner's, top is advanced by compare-and-swap; both count up for ever, so there is no
 * ABA.
 *
 * Invariant: the elements are those with index in [top, bottom). An index is taken once: by the owner alone if it is
 * below bottom - 1 of a state that thieves can see, else by the winner of the CAS on top.
 * The one race that needs a full fence: the owner takes index b = bottom - 1 (stores bottom, loads top), a thief takes top (loads top, loads
 * bottom). With sequentially consistent fences between, at least one of them sees the other:
 *
 *        owner                          thief
 *        bottom = b                     t = top
 *        fence seq_cst                  fence seq_cst
 *        t = top                        b = bottom
 *        t == b: CAS top                t < b: CAS top
 *
 * On a runtime of one worker there are no thieves (solo): no fence, no CAS.
 *
 * Growth: the owner copies to an array of twice the size and publishes it. The old one stays as it is until the runtime stops, because a
 * thief may still read from it; what it reads is right if its CAS succeeds. Together the old arrays are no larger than the
 * newest. Out of memory: push says so, and the fiber goes to the injection queue, which needs none.
 */
#ifndef COIRI_DEQUE_H
#define COIRI_DEQUE_H

#include "sched/fiber.h"

typedef struct coiri_array {
	int64_t mask;
	struct coiri_array *older;
	coiri_atomic(coiri_fiber *) slot[];
} coiri_array;

typedef struct coiri_deque {
	COIRI_LINE_ALIGNED coiri_atomic(int64_t) top; /* thieves */
	COIRI_LINE_ALIGNED coiri_atomic(int64_t) bottom; /* owner */
	coiri_atomic(coiri_array *) array;
	bool solo;
} coiri_deque;

#define COIRI_QUEUE_FIRST 256 /* slots to begin with */

int coiri_deque_init(coiri_deque *q, bool solo);
void coiri_deque_fini(coiri_deque *q);
bool coiri_deque_grow(coiri_deque *q, int64_t top, int64_t bottom);

/* An array of that many slots (a power of two), or NULL; shared with the ring. */
coiri_array *coiri_array_make(int64_t slots, coiri_array *older);
void coiri_array_free_all(coiri_array *array);

/* Owner. False: out of memory, not pushed. */
COIRI_INLINE bool coiri_deque_push(coiri_deque *q, coiri_fiber *f)
{
	int64_t b = at_load_relaxed(&q->bottom);
	int64_t t = at_load_acquire(&q->top); /* pairs with the CAS of steal: its slot read is over */
	coiri_array *a = at_load_relaxed(&q->array);
	if (unlikely(b - t > a->mask)) {
		if (!coiri_deque_grow(q, t, b))
			return false;
		a = at_load_relaxed(&q->array);
	}
	at_store_relaxed(&a->slot[b & a->mask], f);
	at_store_release(&q->bottom, b + 1); /* pairs with the acquire of bottom in steal */
	return true;
}

/* Owner, exact: thieves only ever remove. */
COIRI_INLINE bool coiri_deque_is_empty(coiri_deque *q)
{
	return at_load_relaxed(&q->bottom) <= at_load_relaxed(&q->top);
}

/* Owner: the newest, or NULL. */
COIRI_INLINE coiri_fiber *coiri_deque_pop(coiri_deque *q)
{
	int64_t b = at_load_relaxed(&q->bottom) - 1;
	coiri_array *a = at_load_relaxed(&q->array);
	if (at_load_relaxed(&q->top) > b)
		return NULL;
	at_store_relaxed(&q->bottom, b);
	if (q->solo)
		return at_load_relaxed(&a->slot[b & a->mask]);
	at_fence_seq_cst(); /* pairs with the fence of steal */
	int64_t t = at_load_relaxed(&q->top);
	coiri_fiber *f = NULL;
	if (likely(t <= b)) {
		f = at_load_relaxed(&a->slot[b & a->mask]);
		if (t < b)
			return f;
		if (!at_cas_seq_cst(&q->top, &t, t + 1)) /* the last one: against steal's CAS */
			f = NULL;
	}
	at_store_relaxed(&q->bottom, b + 1);
	return f;
}

/* Owner: takes f if it is the newest. */
COIRI_INLINE bool coiri_deque_pop_if(coiri_deque *q, coiri_fiber *f)
{
	int64_t b = at_load_relaxed(&q->bottom) - 1;
	coiri_array *a = at_load_relaxed(&q->array);
	if (at_load_relaxed(&q->top) > b || at_load_relaxed(&a->slot[b & a->mask]) != f)
		return false;
	return coiri_deque_pop(q) == f;
}

/* Owner without thieves: the oldest, or NULL. */
COIRI_INLINE coiri_fiber *coiri_deque_pop_oldest(coiri_deque *q)
{
	int64_t t = at_load_relaxed(&q->top);
	coiri_array *a = at_load_relaxed(&q->array);
	if (at_load_relaxed(&q->bottom) <= t)
		return NULL;
	at_store_relaxed(&q->top, t + 1);
	return at_load_relaxed(&a->slot[t & a->mask]);
}

/* Any worker: the oldest, or NULL if there is none or another one was faster. */
coiri_fiber *coiri_deque_steal(coiri_deque *q);

/* Any worker: about how many there are. */
COIRI_INLINE int64_t coiri_deque_size(coiri_deque *q)
{
	int64_t n = at_load_relaxed(&q->bottom) - at_load_relaxed(&q->top);
	return n > 0 ? n : 0;
}

#endif
