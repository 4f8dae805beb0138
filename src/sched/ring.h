/* SPDX-License-Identifier: MIT
 *
 * sched/ring.h - a worker's FIFO of started fibers: those that yielded, and those woken past the run-next slot.
 *
 * One producer (the owner) at the tail, many consumers (the owner and thieves) at the head by compare-and-swap.
 * Positions count up for ever, so there is no ABA. Thieves take several with one CAS.
 *
 * Invariant: the elements are those with position in [head, tail). A consumer reads the slots first and then takes them
 * by its CAS on head: if that succeeds nobody else took them and the owner did not write over them, because it writes
 * to a slot again only after it saw head past it.
 * Orders: tail's release (push) pairs with the consumers' acquire of tail: the slot, and the array it lies in, are
 * written. The CAS on head is a release that pairs with push's acquire of head: the slots were read before they are
 * written again. A consumer loads head, then tail, then the array: an array newer than that tail holds the same
 * elements.
 *
 * Growth: the owner copies to an array of twice the size and publishes it. The old one stays as it is until the runtime
 * stops, because a thief may still read from it; what it reads is right if its CAS succeeds. Together the old arrays
 * are no larger than the newest. A single worker (solo) has no thieves: no CAS. Out of memory: push says so, and the
 * fiber goes to the injection queue.
 */
#ifndef COIRI_RING_H
#define COIRI_RING_H

#include "sched/array.h"

typedef struct coiri_ring {
	COIRI_LINE_ALIGNED coiri_atomic(int64_t) head; /* consumers */
	COIRI_LINE_ALIGNED coiri_atomic(int64_t) tail; /* owner */
	coiri_atomic(coiri_array *) array;
	coiri_atomic(bool) shy; /* what was last pushed was woken by the fiber that runs, which will soon wait for it */
	bool solo;
} coiri_ring;

int coiri_ring_init(coiri_ring *q, bool solo);
void coiri_ring_fini(coiri_ring *q);
bool coiri_ring_grow(coiri_ring *q);

/* Owner. False: full, not pushed. */
COIRI_INLINE bool coiri_ring_push_quick(coiri_ring *q, coiri_fiber *f)
{
	int64_t t = at_load_relaxed(&q->tail);
	int64_t h = at_load_acquire(&q->head); /* pairs with the CAS of pop and steal */
	coiri_array *a = at_load_relaxed(&q->array);
	if (unlikely(t - h > a->mask))
		return false;
	at_store_relaxed(&a->slot[t & a->mask], f);
	at_store_release(&q->tail, t + 1); /* pairs with the acquire of tail in steal */
	return true;
}

/* Owner. False: out of memory, not pushed. */
COIRI_INLINE bool coiri_ring_push(coiri_ring *q, coiri_fiber *f)
{
	return coiri_ring_push_quick(q, f) || (coiri_ring_grow(q) && coiri_ring_push_quick(q, f));
}

COIRI_INLINE bool coiri_ring_is_empty(coiri_ring *q)
{
	return at_load_relaxed(&q->tail) <= at_load_relaxed(&q->head);
}

/* Owner: the oldest, or NULL. */
COIRI_INLINE coiri_fiber *coiri_ring_pop(coiri_ring *q)
{
	int64_t h = at_load_relaxed(&q->head);
	int64_t t = at_load_relaxed(&q->tail);
	coiri_array *a = at_load_relaxed(&q->array);
	while (h < t) {
		coiri_fiber *f = at_load_relaxed(&a->slot[h & a->mask]);
		/* The one after it runs soon: its descriptor now (a stale pointer is harmless: descriptors are
		 * type-stable). */
		__builtin_prefetch(at_load_relaxed(&a->slot[(h + 2) & a->mask]));
		if (q->solo) {
			at_store_relaxed(&q->head, h + 1);
			return f;
		}
		if (likely(at_cas_acq_rel(&q->head, &h, h + 1))) /* against the CAS of steal */
			return f;
	}
	return NULL;
}

/* Any worker: takes up to max of the oldest, at most half of all (rounded up), into out; says how many. */
unsigned coiri_ring_steal(coiri_ring *q, coiri_fiber **out, unsigned max);

/* Any worker: about how many there are. */
COIRI_INLINE int64_t coiri_ring_size(coiri_ring *q)
{
	int64_t n = at_load_relaxed(&q->tail) - at_load_relaxed(&q->head);
	return n > 0 ? n : 0;
}

#endif
