/* SPDX-License-Identifier: MIT
 *
 * speedup.h - what the figures of a workload say of its speed-up.
 */
#ifndef BENCH_SPEEDUP_H
#define BENCH_SPEEDUP_H

#include "results.h"

/* One figure and how it compares; a comparison that cannot be made is 0. */
struct point {
	const struct figure *figure;
	struct summary value;
	double speedup;    /* over the same system's one worker */
	double efficiency; /* speed-up for each processor in use */
	double over_seq;   /* speed-up over the system "seq" */
	int metric;        /* which one, by the order of arrival */
	int series;        /* which system, metric and params */
};

/* In the order of metric, series and workers. */
struct points {
	int n;
	struct point *point;
	int processors;
};

/* The figures stay those of r. */
struct points points_make(const struct results *r, int processors);
void points_free(struct points *p);

/* There are fewer processors than workers. */
bool oversubscribed(const struct points *p, const struct figure *f);

#endif
