/* SPDX-License-Identifier: MIT
 *
 * sched/deque.h - a worker's never-started fibers: newest first for the owner, oldest first for thieves.
 *
 * The array and the ever-counting indices are those of Chase and Lev (SPAA 2005): the elements are the indices in [top,
 * bottom), the owner works at the bottom, thieves at the top. How the two ends agree is the THE protocol of Cilk-5
 * (Frigo, Leiserson, Randall, PLDI 1998), with an asymmetric fence, because a fence or a compare-and-swap in every pop
 * costs more than all the rest of it, while a theft is rare and takes half of what there is
 * (docs/decisions/0002-queues.md has the figures of both).
 *
 * Thieves hold the lock of the deque. One announces that it wants some by moving `claim` up past everything, and then
 * looks at bottom; the owner announces the index that it wants by moving bottom down, and then looks at claim:
 *
 *        owner, pop                     thief, under the lock
 *        bottom = b                     claim = ASKED
 *        light fence                    heavy fence
 *        load claim                     load bottom
 *        claim <= b: b is its own       takes some of [top, bottom), at most half
 *        else: conflict                 claim = top = the end of what it took
 *
 * At least one sees the other. An owner that sees claim above b takes its announcement back and asks again under the
 * lock, where top is what is true.
 *
 * The heavy fence is dear: an interrupt to each processor that runs one of our threads, 2 to 10 us, and each of them
 * pays. An owner that pushes and pops all the time can do the same by a look. So the thief asks first (ask.h): it also
 * sets the limit to 0, so that the next push takes the long way. An owner that comes upon the question, in a push or by a
 * conflict, grants: from then on its pops see the claim, and the thief sees what it did before. Only if the owner does
 * not answer within a few us, because it is busy with something long, the thief makes the fence.
 *
 * top is moved last, with release, when the thief has read its slots; push takes room only from below limit, which is
 * top plus the room, as it once was (acquire), so nothing is written over that is still being read.
 * Growth is under the lock too; the old array can go at once, because only holders of the lock and the owner look into
 * one.
 *
 * A single worker (solo) has no thieves: the same without lock and fences. Out of memory: push says so, and the fiber
 * goes to the injection queue, which needs none.
 */
#ifndef COIRI_DEQUE_H
#define COIRI_DEQUE_H

#include "base/membarrier.h"
#include "sched/array.h"
#include "sched/ask.h"

typedef struct coiri_deque {
	/* the owner's line: bottom is read by thieves */
	COIRI_LINE_ALIGNED coiri_atomic(int64_t) bottom;
	coiri_atomic(int64_t) limit; /* where the room ends, at least; 0: a thief asks */
	coiri_array *array;          /* the owner's, and the lock's */
	/* the thieves' line */
	COIRI_LINE_ALIGNED coiri_atomic(int64_t) claim;
	coiri_atomic(int64_t) top;
	coiri_ask ask;
	coiri_lock lock;
} coiri_deque;

#define COIRI_DEQUE_ASKED INT64_MAX

int coiri_deque_init(coiri_deque *q);
void coiri_deque_fini(coiri_deque *q);
bool coiri_deque_push_slow(coiri_deque *q, coiri_fiber *f);
coiri_fiber *coiri_deque_pop_slow(coiri_deque *q);

COIRI_INLINE void coiri_deque_put(coiri_deque *q, int64_t b, coiri_fiber *f)
{
	at_store_relaxed(&q->array->slot[b & q->array->mask], f);
	at_store_release(&q->bottom, b + 1); /* pairs with the acquire of bottom in steal: the slot is written */
}

/* Owner. False: full, or a thief asks; not pushed. */
COIRI_INLINE bool coiri_deque_push_quick(coiri_deque *q, coiri_fiber *f)
{
	int64_t b = at_load_relaxed(&q->bottom);
	/* acquire: pairs with the releases of limit: the slots are read */
	if (unlikely(b >= at_load_acquire(&q->limit)))
		return false;
	coiri_deque_put(q, b, f);
	return true;
}

/* Owner. False: out of memory, not pushed. */
COIRI_INLINE bool coiri_deque_push(coiri_deque *q, coiri_fiber *f)
{
	return coiri_deque_push_quick(q, f) || coiri_deque_push_slow(q, f);
}

/* Owner. While a thief asks, it may say false of an empty one. */
COIRI_INLINE bool coiri_deque_is_empty(coiri_deque *q)
{
	int64_t claim = at_load_relaxed(&q->claim);
	return at_load_relaxed(&q->bottom) <= claim && likely(claim != COIRI_DEQUE_ASKED);
}

/* Owner: the newest, or NULL. */
COIRI_INLINE coiri_fiber *coiri_deque_pop(coiri_deque *q)
{
	int64_t b = at_load_relaxed(&q->bottom) - 1, claim = at_load_relaxed(&q->claim);
	if (claim > b)
		return unlikely(claim == COIRI_DEQUE_ASKED) ? coiri_deque_pop_slow(q) : NULL;
	at_store_release(&q->bottom, b); /* the slots below were written: pairs with the acquire of bottom in steal */
	coiri_light_fence();             /* pairs with the heavy fence of steal */
	if (unlikely(at_load_relaxed(&q->claim) > b)) {
		at_store_release(&q->bottom, b + 1); /* as above */
		return coiri_deque_pop_slow(q);
	}
	return at_load_relaxed(&q->array->slot[b & q->array->mask]);
}

/* Owner: takes f if it is the newest. */
COIRI_INLINE bool coiri_deque_pop_if(coiri_deque *q, coiri_fiber *f)
{
	int64_t b = at_load_relaxed(&q->bottom) - 1, claim = at_load_relaxed(&q->claim);
	if (claim > b && likely(claim != COIRI_DEQUE_ASKED))
		return false;
	if (at_load_relaxed(&q->array->slot[b & q->array->mask]) != f)
		return false;
	return coiri_deque_pop(q) != NULL;
}

/* Owner: the oldest, or NULL. */
coiri_fiber *coiri_deque_pop_oldest(coiri_deque *q);

/* Owner: waits for a thief to settle, and says what is true then. */
bool coiri_deque_is_settled_empty(coiri_deque *q);

/* Another worker: takes up to max of the oldest, at most half of all (rounded up), into out; says how many. 0 also if
 * another thief is there. */
unsigned coiri_deque_steal(coiri_deque *q, coiri_fiber **out, unsigned max);

/* Any worker: about how many there are. */
COIRI_INLINE int64_t coiri_deque_size(coiri_deque *q)
{
	int64_t n = at_load_relaxed(&q->bottom) - at_load_relaxed(&q->top);
	return n > 0 ? n : 0;
}

#endif
