/* SPDX-License-Identifier: MIT
 *
 * speedup.c - speed-up is time over time, or rate over rate the other way round. Which of these a figure is shows in
 * its metric and unit (harness/peer.h); memory, latencies and CPU time have none. Efficiency is speed-up over the
 * processors that so many workers can use: more workers than processors cannot be faster than one for each.
 */
#include "speedup.h"

#include <stdlib.h>
#include <string.h>

/* How many times as fast something is. */
enum speed { NO_SPEED, TIME, RATE };

static bool is_time(const char *unit)
{
	return !strcmp(unit, "ns") || !strcmp(unit, "us") || !strcmp(unit, "ms") || !strcmp(unit, "s");
}

static enum speed speed_of(const struct figure *f)
{
	size_t unit = strlen(f->unit);

	if (unit > 2 && !strcmp(f->unit + unit - 2, "/s"))
		return RATE;
	if (is_time(f->unit) && !strncmp(f->metric, f->unit, unit) && (!f->metric[unit] || f->metric[unit] == '/'))
		return TIME;
	return NO_SPEED;
}

/* How many times as fast f is as base, which may be NULL; 0: they do not compare. */
static double ratio(const struct figure *f, const struct figure *base)
{
	enum speed speed = speed_of(f);

	if (!base || speed == NO_SPEED || strcmp(f->unit, base->unit))
		return 0;
	double now = figure_summary(f).median, then = figure_summary(base).median;
	if (!(now > 0 && then > 0))
		return 0;
	return speed == TIME ? then / now : now / then;
}

static bool same_metric(const struct figure *a, const struct figure *b)
{
	return !strcmp(a->metric, b->metric);
}

/* What differs are the workers. */
static bool same_series(const struct figure *a, const struct figure *b)
{
	return !strcmp(a->system, b->system) && same_metric(a, b) && !strcmp(a->params, b->params);
}

bool oversubscribed(const struct points *p, const struct figure *f)
{
	return f->workers > p->processors;
}

static const struct figure *one_worker(const struct results *r, const struct figure *f)
{
	for (int i = 0; i < r->n; i++)
		if (r->figures[i].workers == 1 && same_series(&r->figures[i], f))
			return &r->figures[i];
	return NULL;
}

/* The place in r of the first figure that is the same as f in that respect. */
static int first(const struct results *r, const struct figure *f,
		 bool (*same)(const struct figure *, const struct figure *))
{
	int i = 0;

	while (!same(&r->figures[i], f))
		i++;
	return i;
}

static struct point point_of(const struct results *r, const struct figure *f, int processors)
{
	double speedup = ratio(f, one_worker(r, f));

	return (struct point){
		.figure = f,
		.value = figure_summary(f),
		.speedup = speedup,
		.efficiency = speedup / (f->workers < processors ? f->workers : processors),
		.over_seq = ratio(f, results_like(r, f, "seq", 1)),
		.metric = first(r, f, same_metric),
		.series = first(r, f, same_series),
	};
}

static int in_order(const void *x, const void *y)
{
	const struct point *a = x, *b = y;

	if (a->metric != b->metric)
		return a->metric - b->metric;
	if (a->series != b->series)
		return a->series - b->series;
	return a->figure->workers - b->figure->workers;
}

struct points points_make(const struct results *r, int processors)
{
	struct points p = {r->n, calloc((size_t)r->n + 1, sizeof(*p.point)), processors};

	if (!p.point)
		abort();
	for (int i = 0; i < r->n; i++)
		p.point[i] = point_of(r, &r->figures[i], processors);
	qsort(p.point, (size_t)p.n, sizeof(*p.point), in_order);
	return p;
}

void points_free(struct points *p)
{
	free(p->point);
	*p = (struct points){0, NULL, 0};
}
