/* SPDX-License-Identifier: MIT */
#include "sched/deque.h"
#include "base/clock.h"

#include <errno.h>

#define PATIENCE 3000 /* ns that a thief waits for a grant */

int coiri_deque_init(coiri_deque *q)
{
	q->array = coiri_array_make(COIRI_ARRAY_FIRST, NULL);
	at_init(&q->limit, COIRI_ARRAY_FIRST);
	return q->array ? 0 : -ENOMEM;
}

void coiri_deque_fini(coiri_deque *q)
{
	coiri_array_free(q->array);
}

/* Under the lock: pushes may go as far as the room does. release: what was in the slots was read. */
static void set_limit(coiri_deque *q)
{
	at_store_release(&q->limit, at_load_relaxed(&q->top) + q->array->mask + 1);
}

/* Owner. A thief that asks is answered: there is nothing that the owner does without the lock from here on. */
static void lock(coiri_deque *q)
{
	at_store_release(&q->granted, true); /* pairs with the acquire in wait_for_grant: bottom */
	coiri_lock_acquire(&q->lock);
}

/* Owner. */
static bool grow(coiri_deque *q)
{
	lock(q);
	coiri_array *old = q->array;
	coiri_array *new = coiri_array_double(old, at_load_relaxed(&q->top), at_load_relaxed(&q->bottom));
	if (new) {
		new->older = NULL;
		q->array = new;
		set_limit(q);
	}
	coiri_lock_release(&q->lock);
	if (new)
		coiri_array_free(old);
	return new != NULL;
}

bool coiri_deque_push_slow(coiri_deque *q, coiri_fiber *f)
{
	/* acquire: pairs with the release in claim_all: the claim. release: pairs with the acquire in wait_for_grant */
	if (at_load_acquire(&q->asked))
		at_store_release(&q->granted, true);
	int64_t b = at_load_relaxed(&q->bottom);
	/* acquire: pairs with the release of top in settle: its slots are read */
	int64_t end = at_load_acquire(&q->top) + q->array->mask + 1;
	if (b >= end && !grow(q))
		return false;
	if (b < end && !at_load_relaxed(&q->asked))
		at_store_relaxed(&q->limit, end);
	coiri_deque_put(q, b, f);
	return true;
}

/* The owner saw a claim on what it wanted. */
coiri_fiber *coiri_deque_pop_slow(coiri_deque *q)
{
	coiri_fiber *f = NULL;
	lock(q);
	int64_t b = at_load_relaxed(&q->bottom) - 1;
	if (at_load_relaxed(&q->top) <= b) {
		at_store_release(&q->bottom, b);
		f = at_load_relaxed(&q->array->slot[b & q->array->mask]);
	}
	coiri_lock_release(&q->lock);
	return f;
}

/* Under the lock: the elements up to end are gone. */
static void settle(coiri_deque *q, int64_t end)
{
	at_store_relaxed(&q->claim, end);
	at_store_release(&q->top, end); /* pairs with the acquire of top in push */
	set_limit(q);
}

coiri_fiber *coiri_deque_pop_oldest(coiri_deque *q)
{
	coiri_fiber *f = NULL;
	if (coiri_deque_is_empty(q))
		return NULL;
	lock(q);
	int64_t t = at_load_relaxed(&q->top);
	if (t < at_load_relaxed(&q->bottom)) {
		f = at_load_relaxed(&q->array->slot[t & q->array->mask]);
		settle(q, t + 1);
	}
	coiri_lock_release(&q->lock);
	return f;
}

bool coiri_deque_is_settled_empty(coiri_deque *q)
{
	lock(q);
	bool empty = at_load_relaxed(&q->top) >= at_load_relaxed(&q->bottom);
	coiri_lock_release(&q->lock);
	return empty;
}

/* False: the owner does not answer. */
static bool wait_for_grant(coiri_deque *q)
{
	int64_t end = coiri_now() + PATIENCE;
	do
		for (int i = 0; i < 8; i++) {
			if (at_load_acquire(
				    &q->granted)) /* pairs with the releases in lock and coiri_deque_push_slow */
				return true;
			coiri_pause();
		}
	while (coiri_now() < end);
	return false;
}

/* Under the lock: the owner takes nothing without it any more. Returns bottom, as it then is at least. */
static int64_t claim_all(coiri_deque *q)
{
	at_store_relaxed(&q->granted, false);
	at_store_relaxed(&q->claim, COIRI_DEQUE_ASKED);
	at_store_release(&q->asked, true); /* pairs with the acquire in coiri_deque_push_slow */
	at_store_relaxed(&q->limit, 0);
	if (!wait_for_grant(q))
		coiri_heavy_fence(); /* pairs with the light fence of pop */
	at_store_relaxed(&q->asked, false);
	return at_load_acquire(&q->bottom); /* pairs with the release in push: the slots are written */
}

unsigned coiri_deque_steal(coiri_deque *q, coiri_fiber **out, unsigned max)
{
	if (coiri_deque_size(q) == 0 || !coiri_lock_try(&q->lock))
		return 0;
	int64_t t = at_load_relaxed(&q->top), n = 0;
	if (at_load_relaxed(&q->bottom) > t) {
		n = (claim_all(q) - t + 1) / 2;
		if (n > (int64_t)max)
			n = (int64_t)max;
		for (int64_t i = 0; i < n; i++)
			out[i] = at_load_relaxed(&q->array->slot[(t + i) & q->array->mask]);
		settle(q, t + n);
	}
	coiri_lock_release(&q->lock);
	return (unsigned)n;
}
