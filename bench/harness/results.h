/* SPDX-License-Identifier: MIT
 *
 * results.h - the figures of one workload, and how they are shown.
 */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdbool.h>

/* One figure of one system: its values over the runs. */
struct figure {
	const char *system;
	int workers;
	char metric[24], unit[16], params[48];
	int n;
	double *values;
};

struct results {
	const char *workload;
	int n;
	struct figure *figures;
};

/* Takes the lines "METRIC UNIT VALUE PARAMS" that a peer printed. False: a line that is none, or no line at all. */
bool results_add(struct results *r, const char *system, int workers, char *lines);

/* Forgets what a system has so far: a wrong result casts doubt on its others. */
void results_drop(struct results *r, const char *system, int workers);

/* Print the medians, then forget the figures. */
void results_csv(struct results *r);
void results_table(struct results *r);

void results_csv_header(void);
void results_table_header(void);

#endif
