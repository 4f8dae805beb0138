/* SPDX-License-Identifier: MIT
 *
 * script.h - the text of a gnuplot script that draws speed-up over workers.
 */
#ifndef BENCH_SCRIPT_H
#define BENCH_SCRIPT_H

#include "speedup.h"
#include "systems.h"

#include <stdio.h>

/* The number of lines that the picture would have: of systems with a speed-up at more than one worker. */
int script_lines(const struct points *points);

void script_write(FILE *f, const struct workload *w, const struct points *points);

#endif
