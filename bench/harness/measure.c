/* SPDX-License-Identifier: MIT
 *
 * measure.c - all runs of one workload: it is run --runs times by each system in turn, so that the drift of a shared
 * machine hits all alike; each run is a process of its own (harness/peer.h has the protocol).
 */
#include "measure.h"
#include "child.h"
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

struct turns {
	int n;
	struct turn *turn;
};

static void add(struct turns *t, const struct program *program, int workers)
{
	t->turn = realloc(t->turn, ((size_t)t->n + 1) * sizeof(*t->turn));
	if (!t->turn)
		abort();
	t->turn[t->n++] = (struct turn){program, workers, false};
}

static struct turns plan(const struct options *o, const char *workload)
{
	struct turns turns = {0, NULL};
	const char *before = "";

	for (int w = 0; w < o->n_workers; w++) {
		for (const struct program *p = programs; p->system; before = p->system, p++) {
			if (!strcmp(before, p->system) || !names_hold(&o->systems, p->system))
				continue;
			const struct program *able = systems_program(p->system, workload, o->workers[w]);
			if (able)
				add(&turns, able, o->workers[w]);
		}
	}
	return turns;
}

static void take(struct turn *t, const struct options *o, struct results *r)
{
	char workers[16], scale[32], out[4096], why[128] = "printed no figure";
	char *argv[] = {t->program->path, (char *)r->workload, workers, scale, NULL};
	struct child_run run = {
		.path = t->program->path,
		.argv = argv,
		.first_core = o->first_core,
		.cores = t->workers,
		.timeout = o->timeout,
	};

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

int measure(struct results *r, const struct options *o)
{
	struct turns turns = plan(o, r->workload);
	int failed = 0;

	for (int run = 0; run < o->runs; run++)
		for (int i = 0; i < turns.n; i++)
			if (!turns.turn[i].failed)
				take(&turns.turn[i], o, r);
	for (int i = 0; i < turns.n; i++)
		failed += turns.turn[i].failed;
	free(turns.turn);
	return failed;
}
