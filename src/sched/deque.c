/* SPDX-License-Identifier: MIT */
#include "sched/deque.h"

#include <errno.h>
#include <stdlib.h>

coiri_array *coiri_array_make(int64_t slots, coiri_array *older)
{
	coiri_array *a = malloc(sizeof *a + (size_t)slots * sizeof a->slot[0]);
	if (a) {
		a->mask = slots - 1;
		a->older = older;
	}
	return a;
}

void coiri_array_free_all(coiri_array *array)
{
	while (array) {
		coiri_array *older = array->older;
		free(array);
		array = older;
	}
}

int coiri_deque_init(coiri_deque *q, bool solo)
{
	coiri_array *a = coiri_array_make(COIRI_QUEUE_FIRST, NULL);
	if (!a)
		return -ENOMEM;
	at_init(&q->top, 0);
	at_init(&q->bottom, 0);
	at_init(&q->array, a);
	q->solo = solo;
	return 0;
}

void coiri_deque_fini(coiri_deque *q)
{
	coiri_array_free_all(at_load_relaxed(&q->array));
}

bool coiri_deque_grow(coiri_deque *q, int64_t top, int64_t bottom)
{
	coiri_array *old = at_load_relaxed(&q->array);
	coiri_array *new = coiri_array_make((old->mask + 1) * 2, old);
	if (!new)
		return false;
	for (int64_t i = top; i < bottom; i++)
		at_store_relaxed(&new->slot[i & new->mask], at_load_relaxed(&old->slot[i & old->mask]));
	at_store_release(&q->array, new); /* pairs with the acquire of array in steal */
	return true;
}

coiri_fiber *coiri_deque_steal(coiri_deque *q)
{
	int64_t t = at_load_acquire(&q->top); /* pairs with the CAS of another thief */
	at_fence_seq_cst();                   /* pairs with the fence of pop */
	int64_t b = at_load_acquire(&q->bottom); /* pairs with the release in push: the slot is written */
	if (t >= b)
		return NULL;
	coiri_array *a = at_load_acquire(&q->array);
	coiri_fiber *f = at_load_relaxed(&a->slot[t & a->mask]);
	return at_cas_seq_cst(&q->top, &t, t + 1) ? f : NULL;
}
