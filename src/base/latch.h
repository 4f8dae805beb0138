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
 *
 * Bias: most objects are used by fibers of one worker. After some hundred acquisitions in a row by one worker, which
 * says who it is (coiri_latch_acquire_as), the latch is biased to it: that worker then needs no locked operation
 * either. When anybody else comes, the bias ends.
 *
 *        the worker that it is biased to         another, which has taken `held` by a CAS
 *        busy = true                             owner = 0
 *        light fence                             heavy fence
 *        load owner                              load busy
 *        it: holds the latch, by busy            false: holds the latch, by held
 *        busy = false                            held = 0
 *
 * At least one sees the other. A worker that no longer finds itself there steps back, and comes by `held` like all
 * others; the other one waits until busy is false. owner is written under `held` alone, and is one and the same worker
 * in all the life of a latch: with a second one, the late step back of the first would free what the second holds. Each
 * end costs a heavy fence, so each time the bias must be earned by four times as many acquisitions.
 * Source of the idea: biased locking (Kawachiya, Koseki, Onodera, OOPSLA 2002), with the asymmetric fence of
 * membarrier.h.
 */
#ifndef COIRI_BASE_LATCH_H
#define COIRI_BASE_LATCH_H

#include "base/membarrier.h"

typedef struct coiri_latch {
	coiri_atomic(uint32_t) held;
	coiri_atomic(uint16_t) owner; /* whom it is biased to; 0: nobody */
	coiri_atomic(bool) busy;      /* the owner holds it */
	bool by_busy;                 /* the holder's note: how it holds it */
	/* Written under `held`: who came last by it, how often in a row; who was the owner, how often. */
	uint16_t last, streak;
	uint16_t favourite;
	uint8_t biases;
} coiri_latch;

/* ThreadSanitizer sees no asymmetric fences; where they are symmetric nothing is won. */
#if defined(__SANITIZE_THREAD__)
#define COIRI_LATCH_BIAS false
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define COIRI_LATCH_BIAS false
#endif
#endif
#ifndef COIRI_LATCH_BIAS
#define COIRI_LATCH_BIAS (!coiri_fence_symmetric)
#endif

#define COIRI_LATCH_STREAK_BITS 7 /* 128 in a row, at first */

void coiri_latch_slow(coiri_latch *latch);
void coiri_latch_bias(coiri_latch *latch);
void coiri_latch_unbias(coiri_latch *latch);

/* For those who are no worker, or come seldom. */
COIRI_INLINE void coiri_latch_acquire(coiri_latch *latch)
{
	uint32_t free = 0;
	/* acquire: pairs with the release in coiri_latch_release */
	if (unlikely(!at_cas_acquire(&latch->held, &free, 1)))
		coiri_latch_slow(latch);
	if (unlikely(at_load_relaxed(&latch->owner) != 0))
		coiri_latch_unbias(latch);
	latch->by_busy = false;
	latch->last = 0;
}

/* The way of the owner, if it is `who`. */
COIRI_INLINE bool coiri_latch_enter(coiri_latch *latch, unsigned who)
{
	if (at_load_relaxed(&latch->owner) != who || who == 0)
		return false;
	at_store_relaxed(&latch->busy, true);
	coiri_light_fence(); /* pairs with the heavy fence in coiri_latch_unbias */
	if (likely(at_load_relaxed(&latch->owner) == who)) {
		latch->by_busy = true;
		return true;
	}
	at_store_release(&latch->busy, false);
	return false;
}

/* `who` came by held. */
COIRI_INLINE void coiri_latch_count(coiri_latch *latch, unsigned who)
{
	latch->by_busy = false;
	if (latch->last != who) {
		latch->last = (uint16_t)who;
		latch->streak = 0;
	} else if (unlikely(++latch->streak >> (COIRI_LATCH_STREAK_BITS + 2 * latch->biases))) {
		coiri_latch_bias(latch);
	}
}

/* who: a number from 1 that no other thread has at the time; 0: like coiri_latch_acquire. */
COIRI_INLINE void coiri_latch_acquire_as(coiri_latch *latch, unsigned who)
{
	uint32_t free = 0;
	if (coiri_latch_enter(latch, who))
		return;
	/* acquire: as above */
	if (unlikely(!at_cas_acquire(&latch->held, &free, 1)))
		coiri_latch_slow(latch);
	if (unlikely(at_load_relaxed(&latch->owner) != 0))
		coiri_latch_unbias(latch);
	coiri_latch_count(latch, who);
}

/* The same, if it can be had at once and by inline code. */
COIRI_INLINE bool coiri_latch_try_as(coiri_latch *latch, unsigned who)
{
	uint32_t free = 0;
	if (likely(coiri_latch_enter(latch, who)))
		return true;
	/* acquire: as above */
	if (at_load_relaxed(&latch->owner) != 0 || !at_cas_acquire(&latch->held, &free, 1))
		return false;
	if (unlikely(at_load_relaxed(&latch->owner) != 0)) {
		at_store_release(&latch->held, 0);
		return false;
	}
	coiri_latch_count(latch, who);
	return true;
}

COIRI_INLINE void coiri_latch_release(coiri_latch *latch)
{
	/* release: what was done under the latch is seen by the next holder */
	if (latch->by_busy)
		at_store_release(&latch->busy, false); /* pairs with the acquire in coiri_latch_unbias */
	else
		at_store_release(&latch->held, 0);
}

#endif
