/* SPDX-License-Identifier: MIT
 *
 * scaling.c - coir-bench --scaling: the workloads over 1, 2 and more workers, up to more than there are processors.
 *
 * W workers are pinned to W processors, or to all of them where there are fewer. The files are written workload by
 * workload, so that what is there counts if a long run is stopped.
 */
#include "scaling.h"
#include "machine.h"
#include "measure.h"
#include "plot.h"
#include "report.h"
#include "speedup.h"
#include "systems.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int processors_for(const struct options *o)
{
	int n = machine_processors(o->first_core);
	char core[16];

	if (n == 0) {
		snprintf(core, sizeof(core), "%d", o->first_core);
		options_refuse("no processor from this one on", core, "--help");
	}
	return n;
}

static void choose_workers(struct options *o, int processors)
{
	bool from_one = false;

	if (o->n_workers == 0) {
		int most = o->max_workers ? o->max_workers : 2 * processors;
		o->n_workers = most < WORKERS_MAX ? most : WORKERS_MAX;
		for (int i = 0; i < o->n_workers; i++)
			o->workers[i] = i + 1;
	}
	for (int i = 0; i < o->n_workers; i++)
		from_one |= o->workers[i] == 1;
	if (!from_one)
		options_refuse("--workers", "speed-up needs 1 among them", "--help");
}

static bool system_scales(const struct options *o, const char *system, const char *workload)
{
	if (!systems_program(system, workload, 1))
		return false;
	for (int i = 0; i < o->n_workers; i++)
		if (o->workers[i] > 1 && systems_program(system, workload, o->workers[i]))
			return true;
	return false;
}

static bool scales(const struct options *o, const char *workload)
{
	for (const struct program *p = programs; p->system; p++)
		if (names_hold(&o->systems, p->system) && system_scales(o, p->system, workload))
			return true;
	return false;
}

/* What is named has to be something that scales; where nothing is named, the rest is left out. */
static void check_workloads(const struct options *o)
{
	int n = 0;

	for (int i = 0; i < o->workloads.n; i++)
		if (!scales(o, o->workloads.name[i]))
			options_refuse("no chosen system runs this with one and with more workers",
				       o->workloads.name[i], "--list");
	for (const struct workload *w = workloads; w->name; w++)
		n += scales(o, w->name);
	if (n == 0)
		options_refuse("no workload runs with one and with more workers in the chosen systems",
			       o->systems.n ? o->systems.name[0] : "all", "--list");
}

static _Noreturn void cannot_write(const char *path)
{
	fprintf(stderr, "coir-bench: cannot write %s: %s (--out names another folder)\n", path, strerror(errno));
	exit(2);
}

/* Makes the folder and those above it. Only the last one must work: the others may be there, out of reach. */
static void make_folder(const char *folder)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s", folder) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		cannot_write(folder);
	}
	for (char *slash = path; *slash && (slash = strchr(slash + 1, '/'));) {
		*slash = 0;
		mkdir(path, 0777);
		*slash = '/';
	}
	if (mkdir(path, 0777) && errno != EEXIST)
		cannot_write(folder);
}

static FILE *start_csv(const char *folder)
{
	char *path;

	make_folder(folder);
	if (asprintf(&path, "%s/scaling.csv", folder) < 0)
		abort();
	FILE *csv = fopen(path, "we");
	if (!csv)
		cannot_write(path);
	free(path);
	report_csv_header(csv);
	return csv;
}

/* Returns the number of things that went wrong. */
static int show(const struct workload *w, const struct options *o, int processors, struct plotter *plotter, FILE *csv)
{
	struct results r = {.workload = w->name};
	int failed = measure(&r, o);
	struct points points = points_make(&r, processors);

	report_table(w->name, &points);
	report_csv(csv, w->name, &points);
	failed += plot(plotter, w, &points) ? 1 : 0;
	points_free(&points);
	results_forget(&r);
	return failed;
}

int scaling(struct options *o)
{
	int failed = 0, processors = processors_for(o);
	struct plotter plotter;

	choose_workers(o, processors);
	check_workloads(o);
	FILE *csv = start_csv(o->out);
	plotter_find(&plotter, o->out);
	for (const struct workload *w = workloads; w->name; w++)
		if (names_hold(&o->workloads, w->name) && scales(o, w->name))
			failed += show(w, o, processors, &plotter, csv);
	bool lost = ferror(csv);
	if (fclose(csv) || lost) {
		fprintf(stderr, "coir-bench: cannot write all of %s/scaling.csv\n", o->out);
		failed++;
	}
	return failed ? 1 : 0;
}
