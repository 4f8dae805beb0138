/* SPDX-License-Identifier: MIT
 *
 * report.h - the figures of scaling as a table and as lines of CSV.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "speedup.h"

#include <stdio.h>

/* Prints it. */
void report_table(const char *workload, const struct points *p);

void report_csv_header(FILE *csv);
void report_csv(FILE *csv, const char *workload, const struct points *p);

#endif
