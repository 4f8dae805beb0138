/* SPDX-License-Identifier: MIT
 *
 * sched/array.h - the circular array under the deque and the ring: a power of two of slots, indexed by ever-counting
 * positions.
 */
#ifndef COIRI_ARRAY_H
#define COIRI_ARRAY_H

#include "sched/fiber.h"

typedef struct coiri_array {
	int64_t mask;
	struct coiri_array *older; /* for queues that must keep what they outgrew */
	coiri_atomic(coiri_fiber *) slot[];
} coiri_array;

#define COIRI_ARRAY_FIRST 256 /* slots to begin with */

/* An array of that many slots, all NULL, or NULL. */
coiri_array *coiri_array_make(int64_t slots, coiri_array *older);

/* One of twice the size with the elements in [begin, end), or NULL. */
coiri_array *coiri_array_double(coiri_array *old, int64_t begin, int64_t end);

/* Frees it and all the older ones. */
void coiri_array_free(coiri_array *array);

#endif
