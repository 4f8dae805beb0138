/* SPDX-License-Identifier: MIT
 *
 * measure.h - all runs of one workload.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "options.h"
#include "results.h"

/* Takes the figures of r->workload, by the systems and numbers of workers that the options say. Returns the number of
 * these that failed; they have no figures. */
int measure(struct results *r, const struct options *o);

#endif
