/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

static bool wrong(const struct world *o, const char *what, int64_t got, int64_t expected)
{
	if (got == expected)
		return false;
	fprintf(stderr, "coir-sim: %s, %u workers, seed %" PRIu64 ": %s: %" PRId64 ", not %" PRId64 "\n",
		o->graph->name, o->count, o->s->seed, what, got, expected);
	return true;
}

bool report_check(const struct world *o)
{
	ps all = 0, worked = 0;
	for (unsigned i = 0; i < o->count; i++) {
		for (unsigned c = 0; c < CATEGORIES; c++)
			all += o->worker[i].spent[c];
		worked += o->worker[i].spent[WORK];
	}
	if (o->broken) {
		fprintf(stderr, "coir-sim: %s, %u workers, seed %" PRIu64 ": %s\n", o->graph->name, o->count,
			o->s->seed, o->broken);
		return false;
	}
	return !wrong(o, "nodes executed", (int64_t)o->nodes, (int64_t)o->graph->nodes) &&
	       !wrong(o, "work done, ps", o->work, o->graph->work) &&
	       !wrong(o, "time counted as work, ps", worked, o->graph->work) &&
	       !wrong(o, "time counted, ps", all, o->now * o->count);
}

static void extend(double *sum, uint64_t n)
{
	*sum += (double)n;
}

void report_add(struct report *r, const struct world *o, ps alone)
{
	double speedup = (double)alone / (double)o->now;
	r->graph = o->graph->name;
	r->workers = o->count;
	r->least = r->runs == 0 || speedup < r->least ? speedup : r->least;
	r->most = r->runs == 0 || speedup > r->most ? speedup : r->most;
	r->runs++;
	r->span += (double)o->now / 1e6;
	r->speedup += speedup;
	for (unsigned i = 0; i < o->count; i++) {
		const struct worker *w = &o->worker[i];
		for (unsigned level = 0; level < COIRI_LEVELS; level++)
			extend(&r->steals[level], w->steals[level]);
		for (unsigned c = 0; c < CATEGORIES; c++)
			r->share[c] += (double)w->spent[c] / (double)o->now / o->count;
		extend(&r->stolen, w->stolen);
		extend(&r->looks, w->looks);
		extend(&r->hits, w->hits);
		extend(&r->wakes, w->wakes);
		extend(&r->sleeps, w->sleeps);
		extend(&r->watches, w->watches);
		extend(&r->fences, w->fences);
	}
}

void report_title(bool csv)
{
	if (csv)
		puts("graph,machine,workers,runs,us,speedup,least,most,smt,cache,node,far,stolen,looks,hits,wakes,"
		     "sleeps,"
		     "watches,fences,work,overhead,searching,asleep");
	else
		printf("%-12s %4s %10s %8s %15s %9s %7s %7s %7s %9s %9s %7s %7s | %5s %5s %5s %5s %%\n", "graph", "p",
		       "us", "speed-up", "from - to", "steals", "cache", "node", "far", "looks", "again", "wakes",
		       "fences", "work", "over", "srch", "sleep");
}

void report_print(const struct report *r, bool csv)
{
	double n = r->runs, steals = (r->steals[0] + r->steals[1] + r->steals[2] + r->steals[3]) / n;
	if (csv) {
		printf("%s,%s,%u,%u,%.2f,%.3f,%.3f,%.3f,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f,",
		       r->graph, r->machine, r->workers, r->runs, r->span / n, r->speedup / n, r->least, r->most,
		       r->steals[0] / n, r->steals[1] / n, r->steals[2] / n, r->steals[3] / n, r->stolen / n,
		       r->looks / n, r->hits / n, r->wakes / n, r->sleeps / n, r->watches / n, r->fences / n);
		printf("%.4f,%.4f,%.4f,%.4f\n", r->share[WORK] / n, r->share[OVERHEAD] / n, r->share[SEARCHING] / n,
		       r->share[SLEEPING] / n);
		return;
	}
	printf("%-12s %4u %10.1f %8.2f %7.2f -%6.2f %9.0f %7.0f %7.0f %7.0f %9.0f %9.0f %7.0f %7.0f |", r->graph,
	       r->workers, r->span / n, r->speedup / n, r->least, r->most, steals, (r->steals[0] + r->steals[1]) / n,
	       r->steals[2] / n, r->steals[3] / n, r->looks / n, r->hits / n, r->wakes / n, r->fences / n);
	for (unsigned c = 0; c < CATEGORIES; c++)
		printf(" %5.1f", 100 * r->share[c] / n);
	printf("\n");
}
