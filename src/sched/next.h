/* SPDX-License-Identifier: MIT
 *
 * sched/next.h - the run-next slot: the one fiber that a worker runs next.
 *
 * The owner fills and empties it all the time; a thief takes from it only when it has stood still for long (steal.c),
 * because its worker is busy. So it is guarded by a biased lock: the owner's side is two stores and a load, the thief's
 * a lock and a heavy fence.
 *
 *        owner                          thief, under the lock
 *        busy = true                    wanted = true
 *        light fence                    heavy fence
 *        load wanted                    load busy
 *        false: works on the slot       false: works on the slot
 *        busy = false                   wanted = false
 *
 * At least one sees the other. An owner that sees wanted steps back and works under the lock; a thief that sees busy
 * gives up: the owner is not stuck. busy = false and wanted = false are releases, which pair with the other side's
 * acquires, so each sees what the other left. Reading the slot without the lock is a peek (atomic, may be stale).
 * A single worker (solo) needs none of it.
 */
#ifndef COIRI_NEXT_H
#define COIRI_NEXT_H

#include "base/futex.h"
#include "base/membarrier.h"
#include "sched/fiber.h"

typedef struct coiri_next {
	COIRI_LINE_ALIGNED coiri_atomic(coiri_fiber *) fiber;
	coiri_atomic(bool) busy;
	coiri_atomic(bool) wanted;
	bool solo;
	coiri_lock lock;
} coiri_next;

/* Owner, contended. */
coiri_fiber *coiri_next_swap_slow(coiri_next *slot, coiri_fiber *expected, coiri_fiber *f);

/* Another worker: takes f out if it is there and the owner is not at the slot. */
bool coiri_next_steal(coiri_next *slot, coiri_fiber *f);

COIRI_INLINE coiri_fiber *coiri_next_peek(coiri_next *slot)
{
	return at_load_relaxed(&slot->fiber);
}

/* Owner, after a peek that saw f: empties the slot. False: contended, not done. */
COIRI_INLINE bool coiri_next_take_quick(coiri_next *slot, coiri_fiber *f)
{
	if (!slot->solo) {
		at_store_relaxed(&slot->busy, true);
		coiri_light_fence(); /* pairs with the heavy fence in coiri_next_steal */
		/* acquire: pairs with the release of wanted */
		if (unlikely(at_load_acquire(&slot->wanted)) || unlikely(at_load_relaxed(&slot->fiber) != f)) {
			at_store_release(&slot->busy, false);
			return false;
		}
	}
	at_store_relaxed(&slot->fiber, NULL);
	at_store_release(&slot->busy, false);
	return true;
}

/* Owner, after a peek that saw `expected` (not NULL): puts f there (or NULL). Returns `expected`, or NULL if a thief
 * took it in between. */
COIRI_INLINE coiri_fiber *coiri_next_swap(coiri_next *slot, coiri_fiber *expected, coiri_fiber *f)
{
	if (!slot->solo) {
		at_store_relaxed(&slot->busy, true);
		coiri_light_fence(); /* pairs with the heavy fence in coiri_next_steal */
		/* acquire: pairs with the release of wanted */
		if (unlikely(at_load_acquire(&slot->wanted)) || unlikely(at_load_relaxed(&slot->fiber) != expected))
			return coiri_next_swap_slow(slot, expected, f);
		at_store_release(&slot->fiber, f); /* pairs with the acquire in steal.c's look */
		at_store_release(&slot->busy, false);
		return expected;
	}
	at_store_relaxed(&slot->fiber, f);
	return expected;
}

/* Owner, after a peek that saw it empty: thieves only empty it, so it is the owner's to fill. */
COIRI_INLINE void coiri_next_fill(coiri_next *slot, coiri_fiber *f)
{
	at_store_release(&slot->fiber, f); /* pairs with the acquire in steal.c's look */
}

#endif
