/* SPDX-License-Identifier: MIT
 *
 * base/rand.h - a small generator for scheduling choices (xorshift64*, Vigna 2016). Not for secrets.
 */
#ifndef COIRI_BASE_RAND_H
#define COIRI_BASE_RAND_H

#include "base/compiler.h"

typedef struct coiri_rand {
	uint64_t state; /* never 0 */
} coiri_rand;

COIRI_INLINE void coiri_rand_seed(coiri_rand *r, uint64_t seed)
{
	r->state = seed * 0x9E3779B97F4A7C15u | 1;
}

COIRI_INLINE uint32_t coiri_rand_next(coiri_rand *r)
{
	uint64_t x = r->state;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	r->state = x;
	return (uint32_t)((x * 0x2545F4914F6CDD1Du) >> 32);
}

/* A number below limit (limit > 0). */
COIRI_INLINE uint32_t coiri_rand_below(coiri_rand *r, uint32_t limit)
{
	return (uint32_t)(((uint64_t)coiri_rand_next(r) * limit) >> 32);
}

#endif
