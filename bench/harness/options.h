/* SPDX-License-Identifier: MIT
 *
 * options.h - the command line of coir-bench.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

#define NAMES_MAX   32
#define WORKERS_MAX 16

/* Names from a comma-separated list; none: all. */
struct names {
	int n;
	const char *name[NAMES_MAX];
};

struct options {
	bool list, csv;
	struct names workloads, systems;
	int n_workers;
	int workers[WORKERS_MAX];
	int runs;
	int first_core;
	int timeout; /* s, for one run */
	double scale;
};

/* Exits with status 2 and one line if the command line is wrong, with 0 after --help. */
void options_parse(struct options *o, int argc, char **argv);

bool names_hold(const struct names *set, const char *name);

#endif
