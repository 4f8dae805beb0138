/* SPDX-License-Identifier: MIT
 *
 * task.h - what the workloads of coir's tasks share: the system coir-task.
 */
#ifndef BENCH_TASK_H
#define BENCH_TASK_H

#include "../harness/peer.h"

#include <coir/coir.h>

/* One for each figure, each in a file of its own; the fibers' files (../workloads) say what is measured and how it is
 * checked. */
void bench_skynet(void);
void bench_fib(void);
void bench_nqueens(void);
void bench_uts(void);
void bench_matmul(void);
void bench_mergesort(void);
void bench_skewed_for(void);

#endif
