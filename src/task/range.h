/* SPDX-License-Identifier: MIT
 *
 * task/range.h - a range of iterations that is split on demand: what loops and reductions have in common.
 */
#ifndef COIRI_TASK_RANGE_H
#define COIRI_TASK_RANGE_H

#include <coir/parallel.h>

/* Adds [begin, end) to *acc, which has a copy of the identity already. A loop has accumulators of size 0, and no
 * combine. The arguments are right. */
int coiri_range_run(int64_t begin, int64_t end, int64_t grain, const coir_reduction *reduction, void *acc);

#endif
