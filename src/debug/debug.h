/* SPDX-License-Identifier: MIT
 *
 * debug/debug.h - explaining what the runtime does: fibers described in words, counters added up.
 */
#ifndef COIRI_DEBUG_H
#define COIRI_DEBUG_H

#include "sched/worker.h"

/* "fiber 7 'name', entry f", of the fiber that runs on the calling thread. Async-signal-safe as far as dladdr is.
 * */
void coiri_describe_current(char *text, size_t size);

/* The line before an uncaught exception ends the program. */
void coiri_report_uncaught(void);

/* Fibers that have not ended. */
uint64_t coiri_stats_living(coiri_runtime *rt);

/* In a forked child: there has been no runtime. */
void coiri_stats_forked(void);

/* Keeps the figures of a runtime that has stopped. */
void coiri_stats_keep(coiri_runtime *rt, uint64_t abandoned);

#endif
