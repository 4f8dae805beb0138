/* SPDX-License-Identifier: MIT
 *
 * trace/counters.h - what each worker counts. Written by one thread (at_count), read by any.
 */
#ifndef COIRI_COUNTERS_H
#define COIRI_COUNTERS_H

#include "base/atomic.h"

typedef coiri_atomic(uint64_t) coiri_counter;

typedef struct coiri_counters {
	coiri_counter spawned;
	coiri_counter finished, inlined; /* finished: not inline */
	coiri_counter rounds;            /* of COIRI_FAIR_STEPS scheduling steps */
	coiri_counter steals, stolen, searches;
	coiri_counter sleeps, timed_sleeps, wakes;
} coiri_counters;

#endif
