/* SPDX-License-Identifier: MIT
 *
 * main.c - coir-bench: measures coir and its peers side by side.
 *
 * Each workload is run --runs times by each system in turn, so that the drift of a shared machine hits all alike; each
 * run is a process of its own (harness/peer.h has the protocol). Every peer checks its answers: a wrong one makes the
 * peer fail, its figure is left out and coir-bench ends with status 1.
 */
#include "child.h"
#include "options.h"
#include "results.h"
#include "systems.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One system's turn at a workload, taken in every run until it fails. */
struct turn {
	const struct program *program;
	int workers;
	bool failed;
};

#define TURNS_MAX (WORKERS_MAX * 16)

static void refuse(const char *what, const char *name)
{
	fprintf(stderr, "coir-bench: %s: %s (see --list)\n", what, name);
	exit(2);
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

static int plan(const struct options *o, const char *workload, struct turn *turns)
{
	const char *before = "";
	int n = 0;

	for (int w = 0; w < o->n_workers; w++) {
		for (const struct program *p = programs; p->system; before = p->system, p++) {
			if (!strcmp(before, p->system) || !names_hold(&o->systems, p->system))
				continue;
			const struct program *able = systems_program(p->system, workload, o->workers[w]);
			if (able && n < TURNS_MAX)
				turns[n++] = (struct turn){able, o->workers[w], false};
		}
	}
	return n;
}

static void take(struct turn *t, const struct options *o, struct results *r)
{
	char workers[16], scale[32], out[4096], why[128] = "printed no figure";
	char *argv[] = {t->program->path, (char *)r->workload, workers, scale, NULL};
	struct child_run run = {t->program->path, argv, o->first_core, t->workers, o->timeout};

	snprintf(workers, sizeof(workers), "%d", t->workers);
	snprintf(scale, sizeof(scale), "%g", o->scale);
	if (!child_output(&run, out, sizeof(out), why, sizeof(why)) &&
	    results_add(r, t->program->system, t->workers, out))
		return;
	fprintf(stderr, "coir-bench: FAILED: %s, %s, %d workers: %s\n", r->workload, t->program->system, t->workers,
		why);
	t->failed = true;
	results_drop(r, t->program->system, t->workers);
}

/* Returns the number of turns that failed. */
static int measure(const char *workload, const struct options *o)
{
	struct results r = {.workload = workload};
	struct turn turns[TURNS_MAX];
	int n = plan(o, workload, turns), failed = 0;

	for (int run = 0; run < o->runs; run++)
		for (int i = 0; i < n; i++)
			if (!turns[i].failed)
				take(&turns[i], o, &r);
	for (int i = 0; i < n; i++)
		failed += turns[i].failed;
	if (o->csv)
		results_csv(&r);
	else
		results_table(&r);
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
	check_cores(&o);
	if (o.csv)
		results_csv_header();
	else
		results_table_header();
	for (const struct workload *w = workloads; w->name; w++)
		if (names_hold(&o.workloads, w->name))
			failed += measure(w->name, &o);
	return failed ? 1 : 0;
}
