/* SPDX-License-Identifier: MIT
 *
 * report.h - what came of simulations: checked, and averaged over seeds.
 */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include "sim.h"

struct report {
	const char *graph, *machine;
	unsigned workers, runs;
	double span, least, most; /* us; of the runs, the mean, and speed-ups from and to */
	double speedup;
	double steals[COIRI_LEVELS], stolen, looks, hits, wakes, sleeps, watches, fences;
	double share[CATEGORIES]; /* of all workers' time */
};

/* Was everything executed once, and is every ps of every worker accounted for? If not: one line. */
bool report_check(const struct world *o);

/* Adds a run; alone: the ps that one worker takes. */
void report_add(struct report *r, const struct world *o, ps alone);

void report_title(bool csv);
void report_print(const struct report *r, bool csv);

#endif
