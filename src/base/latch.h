/* SPDX-License-Identifier: MIT
 *
 * base/latch.h - a lock for a few dozen instructions, with the cheapest release there is: one plain store.
 *
 * It may be held across a switch, until the post action has seen the fiber off its stack, but never while anything
 * waits. A holder is away from its processor only if it was preempted, so who finds it held spins a little, then lets
 * others have the processor, then sleeps for a short while and looks again. Nobody is woken, so the release touches
 * nothing after it has released: the latch may lie in an object that its next holder frees.
 * (A lock that wakes its sleepers needs a locked operation in the release, 4.7 ns on a Zen 5, or a second look at the
 * object.) All zero is free.
 */
#ifndef COIRI_BASE_LATCH_H
#define COIRI_BASE_LATCH_H

#include "base/atomic.h"

typedef struct coiri_latch {
	coiri_atomic(uint32_t) held;
} coiri_latch;

void coiri_latch_slow(coiri_latch *latch);

COIRI_INLINE void coiri_latch_acquire(coiri_latch *latch)
{
	uint32_t free = 0;
	/* acquire: pairs with the release in coiri_latch_release */
	if (unlikely(!at_cas_acquire(&latch->held, &free, 1)))
		coiri_latch_slow(latch);
}

COIRI_INLINE bool coiri_latch_try(coiri_latch *latch)
{
	uint32_t free = 0;
	/* acquire: as above */
	return at_load_relaxed(&latch->held) == 0 && at_cas_acquire(&latch->held, &free, 1);
}

/* For who expects to find it free. */
COIRI_INLINE bool coiri_latch_take(coiri_latch *latch)
{
	uint32_t free = 0;
	/* acquire: as above */
	return likely(at_cas_acquire(&latch->held, &free, 1));
}

COIRI_INLINE void coiri_latch_release(coiri_latch *latch)
{
	at_store_release(&latch->held, 0); /* what was done under the latch is seen by the next holder */
}

#endif
