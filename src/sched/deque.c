/* SPDX-License-Identifier: MIT */
#include "sched/deque.h"

#include <errno.h>

int coiri_deque_init(coiri_deque *q)
{
	q->array = coiri_array_make(COIRI_ARRAY_FIRST, NULL);
	return q->array ? 0 : -ENOMEM;
}

void coiri_deque_fini(coiri_deque *q)
{
	coiri_array_free(q->array);
}

bool coiri_deque_grow(coiri_deque *q)
{
	coiri_lock_acquire(&q->lock);
	coiri_array *old = q->array;
	coiri_array *new = coiri_array_double(old, at_load_relaxed(&q->top), at_load_relaxed(&q->bottom));
	if (new) {
		new->older = NULL;
		q->array = new;
	}
	coiri_lock_release(&q->lock);
	if (new)
		coiri_array_free(old);
	return new != NULL;
}

/* The owner wanted b and saw a claim on it. */
coiri_fiber *coiri_deque_pop_contended(coiri_deque *q, int64_t b)
{
	coiri_fiber *f = NULL;
	at_store_release(&q->bottom, b + 1); /* as in pop */
	coiri_lock_acquire(&q->lock);
	if (at_load_relaxed(&q->top) <= b) { /* the thief saw us, and left it */
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
}

coiri_fiber *coiri_deque_pop_oldest(coiri_deque *q)
{
	coiri_fiber *f = NULL;
	if (coiri_deque_is_empty(q))
		return NULL;
	coiri_lock_acquire(&q->lock);
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
	coiri_lock_acquire(&q->lock);
	bool empty = at_load_relaxed(&q->top) >= at_load_relaxed(&q->bottom);
	coiri_lock_release(&q->lock);
	return empty;
}

unsigned coiri_deque_steal(coiri_deque *q, coiri_fiber **out, unsigned max)
{
	if (coiri_deque_size(q) == 0 || !coiri_lock_try(&q->lock))
		return 0;
	int64_t t = at_load_relaxed(&q->top);
	int64_t n = (at_load_relaxed(&q->bottom) - t + 1) / 2;
	if (n > (int64_t)max)
		n = (int64_t)max;
	if (n > 0) {
		at_store_relaxed(&q->claim, t + n);
		coiri_heavy_fence();                     /* pairs with the light fence of pop */
		int64_t b = at_load_acquire(&q->bottom); /* pairs with the release in push: the slots are written */
		if (b < t + n)
			n = b > t ? b - t : 0;
		for (int64_t i = 0; i < n; i++)
			out[i] = at_load_relaxed(&q->array->slot[(t + i) & q->array->mask]);
		settle(q, t + n);
	}
	coiri_lock_release(&q->lock);
	return n > 0 ? (unsigned)n : 0;
}
