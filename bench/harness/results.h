/* SPDX-License-Identifier: MIT
 *
 * results.h - the figures of one workload, and how they are shown.
 */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

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

void results_forget(struct results *r);

struct summary {
	double median, least, most;
};

struct summary figure_summary(const struct figure *f);

/* The figure of that system and number of workers that f compares with, or NULL. Where there are several, the one with
 * the same params counts, else the first. Figures of other sizes compare only if they are for each item. */
const struct figure *results_like(const struct results *r, const struct figure *f, const char *system, int workers);

/* Writes a value with about four digits; returns text. */
const char *shown(double x, char *text, size_t size);

/* Print the medians. */
void results_csv(const struct results *r);
void results_table(const struct results *r);

void results_csv_header(void);
void results_table_header(void);

#endif
