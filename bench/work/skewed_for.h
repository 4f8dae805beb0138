/* SPDX-License-Identifier: MIT
 *
 * skewed_for.h - the loop of the workload skewed_for, for every system: the work of a step grows with its number, so
 * that equal parts of the loop are unequal work.
 */
#ifndef BENCH_SKEWED_FOR_H
#define BENCH_SKEWED_FOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The number of steps, and where each leaves its result. */
struct skewed_for {
	uint64_t *result;
	long n;
};

struct skewed_for skewed_for_make(void);

/* Does the steps from `begin` up to, not including, `end`. */
void skewed_for_steps(const struct skewed_for *loop, long begin, long end);

/* Checks the sum of the results and prints the figures. */
void skewed_for_result(const struct skewed_for *loop, double ns);

#ifdef __cplusplus
}
#endif

#endif
