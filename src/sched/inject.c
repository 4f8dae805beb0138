/* SPDX-License-Identifier: MIT */
#include "sched/inject.h"

void coiri_inject_append(coiri_inject *q, coiri_fiber *f)
{
	coiri_set_next(f, NULL);
	if (q->tail)
		coiri_set_next(q->tail, f);
	else
		q->head = f;
	q->tail = f;
	at_store_relaxed(&q->count, at_load_relaxed(&q->count) + 1);
}

void coiri_inject_push(coiri_inject *q, coiri_fiber *f)
{
	coiri_lock_acquire(&q->lock);
	coiri_inject_append(q, f);
	coiri_lock_release(&q->lock);
}

coiri_fiber *coiri_inject_pop(coiri_inject *q)
{
	if (coiri_inject_is_empty(q))
		return NULL;
	coiri_lock_acquire(&q->lock);
	coiri_fiber *f = q->head;
	if (f) {
		q->head = coiri_next_of(f);
		if (!q->head)
			q->tail = NULL;
		at_store_relaxed(&q->count, at_load_relaxed(&q->count) - 1);
	}
	coiri_lock_release(&q->lock);
	return f;
}

bool coiri_inject_remove(coiri_inject *q, coiri_fiber *f)
{
	if (coiri_inject_is_empty(q))
		return false;
	coiri_lock_acquire(&q->lock);
	coiri_fiber *before = NULL, *at = q->head;
	while (at && at != f) {
		before = at;
		at = coiri_next_of(at);
	}
	if (at) {
		if (before)
			coiri_set_next(before, coiri_next_of(f));
		else
			q->head = coiri_next_of(f);
		if (q->tail == f)
			q->tail = before;
		at_store_relaxed(&q->count, at_load_relaxed(&q->count) - 1);
	}
	coiri_lock_release(&q->lock);
	return at != NULL;
}
