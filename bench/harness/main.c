/* SPDX-License-Identifier: MIT
 *
 * main.c - coir-bench: measures coir and its peers side by side.
 *
 * Every peer checks its answers: a wrong one makes the peer fail, its figure is left out and coir-bench ends with
 * status 1.
 */
#include "child.h"
#include "measure.h"
#include "options.h"
#include "results.h"
#include "scaling.h"
#include "systems.h"

#include <stdio.h>

static void refuse(const char *what, const char *name)
{
	options_refuse(what, name, "--list");
}

static void check_names(const struct options *o)
{
	for (int i = 0; i < o->workloads.n; i++)
		if (!systems_know_workload(o->workloads.name[i]))
			refuse("no such workload", o->workloads.name[i]);
	for (int i = 0; i < o->systems.n; i++) {
		if (!systems_know_system(o->systems.name[i]))
			refuse("no such system", o->systems.name[i]);
		if (!systems_built(o->systems.name[i]))
			refuse("not built", o->systems.name[i]);
	}
}

/* Leaves out the numbers of workers for which there are no cores. */
static void check_cores(struct options *o)
{
	int kept = 0;

	for (int i = 0; i < o->n_workers; i++) {
		if (child_core(o->first_core + o->workers[i] - 1) >= 0)
			o->workers[kept++] = o->workers[i];
		else
			fprintf(stderr, "coir-bench: too few cores from core %d on for %d workers: left out\n",
				o->first_core, o->workers[i]);
	}
	o->n_workers = kept;
}

/* Measures a workload and prints its figures. Returns the number of turns that failed. */
static int show(const char *workload, const struct options *o)
{
	struct results r = {.workload = workload};
	int failed = measure(&r, o);

	if (o->csv)
		results_csv(&r);
	else
		results_table(&r);
	results_forget(&r);
	return failed;
}

int main(int argc, char **argv)
{
	struct options o;
	int failed = 0;

	options_parse(&o, argc, argv);
	systems_find();
	if (o.list) {
		systems_print();
		return 0;
	}
	check_names(&o);
	if (o.scaling)
		return scaling(&o);
	check_cores(&o);
	if (o.csv)
		results_csv_header();
	else
		results_table_header();
	for (const struct workload *w = workloads; w->name; w++)
		if (names_hold(&o.workloads, w->name))
			failed += show(w->name, &o);
	return failed ? 1 : 0;
}
