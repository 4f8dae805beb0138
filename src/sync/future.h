/* SPDX-License-Identifier: MIT
 *
 * sync/future.h - the future, and what is to be done when one is settled.
 *
 * pending -> settled, once, under the latch; error and value are written before and never change after, so they are read
 * without the latch by who has seen `settled`. Under the latch the settler wins the waiters and takes the continuations;
 * after it he wakes the ones and runs the others. A continuation may settle further futures; their continuations are
 * appended to the same list, so a long chain needs no deep stack.
 *
 * A future lives as long as somebody refers to it: its handles, its promise, a call that settles it. A continuation is
 * referred to by one future, which runs it exactly once: a promise that is destroyed settles its future. So nothing
 * else need be counted.
 */
#ifndef COIRI_SYNC_FUTURE_H
#define COIRI_SYNC_FUTURE_H

#include "sync/sync.h"
#include <coir/future.h>

struct coiri_settling;

typedef struct coiri_continuation {
	struct coiri_continuation *next;
	void (*run)(struct coiri_continuation *c, struct coiri_settling *settling);
	int error; /* of the future that was settled */
	intptr_t value;
} coiri_continuation;

struct coir_future {
	coiri_queue queue;
	coiri_latch latch;
	coiri_atomic(uint32_t) refs;
	coiri_atomic(bool) settled;
	int error;
	intptr_t value;
	coiri_continuation *first, *last;
};

/* One call that settles: its continuations that are still to be run. */
typedef struct coiri_settling {
	coiri_worker *w;
	coiri_continuation *first, *last;
} coiri_settling;

/* A new one with one reference, or NULL. */
coir_future *coiri_future_make(void);

/* Settles f, and leaves what follows to coiri_settling_run. -EALREADY. */
int coiri_future_settle(coiri_settling *s, coir_future *f, int error, intptr_t value);

/* Adds a continuation; if f is settled already, to what is to be run. */
void coiri_future_follow(coiri_settling *s, coir_future *f, coiri_continuation *c);

void coiri_settling_run(coiri_settling *s);

#endif
