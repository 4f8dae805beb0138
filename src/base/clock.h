/* SPDX-License-Identifier: MIT
 *
 * base/clock.h - the monotonic clock in nanoseconds.
 */
#ifndef COIRI_BASE_CLOCK_H
#define COIRI_BASE_CLOCK_H

#include "base/compiler.h"
#include <time.h>

COIRI_INLINE int64_t coiri_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#endif
