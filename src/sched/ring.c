/* SPDX-License-Identifier: MIT */
#include "sched/ring.h"

#include <errno.h>

int coiri_ring_init(coiri_ring *q, bool solo)
{
	coiri_array *a = coiri_array_make(COIRI_ARRAY_FIRST, NULL);
	if (!a)
		return -ENOMEM;
	at_init(&q->head, 0);
	at_init(&q->tail, 0);
	at_init(&q->array, a);
	q->solo = solo;
	return 0;
}

void coiri_ring_fini(coiri_ring *q)
{
	coiri_array_free(at_load_relaxed(&q->array));
}

bool coiri_ring_grow(coiri_ring *q)
{
	coiri_array *new =
		coiri_array_double(at_load_relaxed(&q->array), at_load_acquire(&q->head), at_load_relaxed(&q->tail));
	if (!new)
		return false;
	at_store_release(&q->array, new); /* pairs with the acquire of array in steal */
	return true;
}

unsigned coiri_ring_steal(coiri_ring *q, coiri_fiber **out, unsigned max)
{
	int64_t h = at_load_acquire(&q->head); /* pairs with the CAS of another consumer */
	for (;;) {
		int64_t t = at_load_acquire(&q->tail); /* pairs with the release in push */
		int64_t n = (t - h + 1) / 2;
		if (n <= 0)
			return 0;
		if (n > (int64_t)max)
			n = (int64_t)max;
		coiri_array *a = at_load_acquire(&q->array); /* pairs with the release in grow */
		for (int64_t i = 0; i < n; i++)
			out[i] = at_load_relaxed(&a->slot[(h + i) & a->mask]);
		if (at_cas_acq_rel(&q->head, &h, h + n))
			return (unsigned)n;
	}
}
