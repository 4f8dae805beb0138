/* SPDX-License-Identifier: MIT */
#include "sched/deque.h"

#include <errno.h>

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

/* Owner. */
static void lock(coiri_deque *q)
{
	coiri_ask_lock(&q->ask, &q->lock);
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
	int64_t b = at_load_relaxed(&q->bottom);
	/* acquire: pairs with the release of top in settle: its slots are read */
	int64_t end = at_load_acquire(&q->top) + q->array->mask + 1;
	if (b >= end && !grow(q))
		return false;
	if (b < end && !coiri_ask_heard(&q->ask))
		at_store_relaxed(&q->limit, end);
	/* After the limit: if that has undone a thief's, the question is most likely seen here. */
	coiri_ask_grant(&q->ask, coiri_ask_heard(&q->ask));
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

/* Under the lock: the owner takes nothing without it any more. Returns bottom, as it then is at least. */
static int64_t claim_all(coiri_deque *q)
{
	at_store_relaxed(&q->claim, COIRI_DEQUE_ASKED);
	uint64_t question = coiri_ask_begin(&q->ask);
	at_store_relaxed(&q->limit, 0);
	if (!coiri_ask_wait(&q->ask, question))
		coiri_heavy_fence(); /* pairs with the light fence of pop */
	coiri_ask_end(&q->ask, question);
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
