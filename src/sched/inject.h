/* SPDX-License-Identifier: MIT
 *
 * sched/inject.h - the injection queue: fibers that come from outside any worker, FIFO under a lock, linked through the
 * descriptors, so that it needs no memory.
 */
#ifndef COIRI_INJECT_H
#define COIRI_INJECT_H

#include "base/futex.h"
#include "sched/fiber.h"

typedef struct coiri_inject {
	COIRI_LINE_ALIGNED coiri_lock lock;
	coiri_fiber *head, *tail;
	coiri_atomic(uint64_t) count; /* written under the lock; read without to see whether a look pays */
} coiri_inject;

void coiri_inject_push(coiri_inject *q, coiri_fiber *f);
/* The same for who holds the lock. */
void coiri_inject_append(coiri_inject *q, coiri_fiber *f);

/* The oldest, or NULL. */
coiri_fiber *coiri_inject_pop(coiri_inject *q);

/* Takes f out, wherever it lies there. False: it does not. */
bool coiri_inject_remove(coiri_inject *q, coiri_fiber *f);

COIRI_INLINE bool coiri_inject_is_empty(coiri_inject *q)
{
	return at_load_relaxed(&q->count) == 0;
}

#endif
