/* SPDX-License-Identifier: MIT
 *
 * sched/ask.h - how a thief asks an owner, before it makes a heavy fence.
 *
 * A thief has claimed something (deque.h, tasks.h), and must know two things before it goes on: that the owner will see
 * the claim, and what the owner did before. A heavy fence gives both, by an interrupt to each processor that runs one of
 * our threads. An owner that comes by gives both for two pairs of release and acquire:
 *
 *        thief, under the lock              owner
 *        claim
 *        asked = n, release                 load asked, acquire: n, and with it the claim
 *        load granted, acquire: n           granted = n, release
 *        what the owner did before
 *
 * Questions are numbered, because an owner may be stopped between its two steps, for longer than any thief waits: what it
 * then grants is a question that is over. It knows nothing of the claim behind the one that is open.
 *
 * An owner that wants the lock grants every question: it does nothing without the lock until it has it. There it takes
 * this back; so who holds the lock and finds everything granted knows that the owner waits, also if it waits since before
 * the question.
 */
#ifndef COIRI_SCHED_ASK_H
#define COIRI_SCHED_ASK_H

#include "base/futex.h"

typedef struct coiri_ask {
	coiri_atomic(uint64_t) asked;   /* the last question; odd: it is open. Written under the lock */
	coiri_atomic(uint64_t) granted; /* the last one that was answered, or COIRI_ASK_EVERY. The owner's */
} coiri_ask;

#define COIRI_ASK_EVERY UINT64_MAX
#define COIRI_ASK_SPINS 500 /* some 10 us */

/* ---- owner ---- */

/* The question that it sees, or 0. */
COIRI_INLINE uint64_t coiri_ask_heard(coiri_ask *ask)
{
	uint64_t n = at_load_acquire(&ask->asked); /* pairs with the release in coiri_ask_begin: the claim */
	return unlikely(n & 1) ? n : 0;
}

/* From here on it acts by what it saw. */
COIRI_INLINE void coiri_ask_grant(coiri_ask *ask, uint64_t n)
{
	if (unlikely(n != 0))
		at_store_release(&ask->granted, n); /* pairs with the acquire in coiri_ask_wait: bottom */
}

/* Takes the lock that thieves hold. */
COIRI_INLINE void coiri_ask_lock(coiri_ask *ask, coiri_lock *lock)
{
	coiri_ask_grant(ask, COIRI_ASK_EVERY);
	/* A thief that has made its fence holds the lock for longer than who waits for it should sleep. */
	for (int i = 0; unlikely(!coiri_lock_try(lock)); i++) {
		if (i == COIRI_ASK_SPINS) {
			coiri_lock_acquire(lock);
			break;
		}
		coiri_pause();
	}
	at_store_relaxed(&ask->granted, 0); /* the next thief sees it by the lock */
}

/* ---- thief, under the lock ---- */

/* After the claim. */
COIRI_INLINE uint64_t coiri_ask_begin(coiri_ask *ask)
{
	uint64_t n = at_load_relaxed(&ask->asked) + 1;
	at_store_release(&ask->asked, n); /* pairs with the acquire in coiri_ask_heard */
	return n;
}

/* False: the owner does not answer question n. */
bool coiri_ask_wait(coiri_ask *ask, uint64_t n);

COIRI_INLINE void coiri_ask_end(coiri_ask *ask, uint64_t n)
{
	at_store_relaxed(&ask->asked, n + 1);
}

#endif
