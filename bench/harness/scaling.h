/* SPDX-License-Identifier: MIT
 *
 * scaling.h - how the workloads scale over numbers of workers.
 */
#ifndef BENCH_SCALING_H
#define BENCH_SCALING_H

#include "options.h"

/* Measures, prints the tables, writes the files. Returns the exit status; exits with status 2 if the options cannot be
 * followed. */
int scaling(struct options *o);

#endif
