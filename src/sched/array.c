/* SPDX-License-Identifier: MIT */
#include "sched/array.h"

#include <stdlib.h>

coiri_array *coiri_array_make(int64_t slots, coiri_array *older)
{
	coiri_array *a = calloc(1, sizeof *a + (size_t)slots * sizeof a->slot[0]);
	if (a) {
		a->mask = slots - 1;
		a->older = older;
	}
	return a;
}

coiri_array *coiri_array_double(coiri_array *old, int64_t begin, int64_t end)
{
	coiri_array *new = coiri_array_make((old->mask + 1) * 2, old);
	if (new)
		for (int64_t i = begin; i < end; i++)
			at_store_relaxed(&new->slot[i & new->mask], at_load_relaxed(&old->slot[i & old->mask]));
	return new;
}

void coiri_array_free(coiri_array *array)
{
	while (array) {
		coiri_array *older = array->older;
		free(array);
		array = older;
	}
}
