/* SPDX-License-Identifier: MIT
 *
 * options.h - the command line of coir-bench.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

#define NAMES_MAX   32
#define WORKERS_MAX 1024 /* the most, and of how many numbers */

/* Names from a comma-separated list; none: all. */
struct names {
	int n;
	const char *name[NAMES_MAX];
};

struct options {
	bool list, csv;
	bool scaling;
	struct names workloads, systems;
	int n_workers; /* with scaling 0: 1 to max_workers */
	int workers[WORKERS_MAX];
	int max_workers; /* 0: twice the processors */
	const char *out; /* where scaling writes */
	int runs;
	int first_core;
	int timeout; /* s, for one run */
	double scale;
};

/* Exits with status 2 and one line if the command line is wrong, with 0 after --help. */
void options_parse(struct options *o, int argc, char **argv);

/* Says in one line what is wrong with which value of the command line, and exits with status 2. */
_Noreturn void options_refuse(const char *what, const char *value, const char *see);

bool names_hold(const struct names *set, const char *name);

#endif
