/* SPDX-License-Identifier: MIT
 *
 * plot.h - speed-up over workers as a picture, drawn by gnuplot.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include "speedup.h"
#include "systems.h"

#include <stdbool.h>

struct plotter {
	const char *folder;
	bool gnuplot; /* there is one */
};

/* Looks for gnuplot; if there is none, says so. */
void plotter_find(struct plotter *p, const char *folder);

/* Writes WORKLOAD.gp and, by gnuplot, WORKLOAD.svg; neither, if no system has a speed-up. Returns 0, or -1 after a line
 * that says what went wrong. */
int plot(const struct plotter *p, const struct workload *w, const struct points *points);

#endif
