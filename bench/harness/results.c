/* SPDX-License-Identifier: MIT
 *
 * results.c - the figures of one workload: collecting, medians, CSV and the table.
 *
 * The table's last column compares a system with coir: its median over coir's, of the same metric and workers;
 * results_like says which.
 */
#include "results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *grown(void *array, int n, size_t size)
{
	array = realloc(array, ((size_t)n + 1) * size);
	if (!array)
		abort();
	return array;
}

static struct figure *find(struct results *r, const struct figure *like)
{
	for (int i = 0; i < r->n; i++) {
		struct figure *f = &r->figures[i];
		if (!strcmp(f->system, like->system) && f->workers == like->workers &&
		    !strcmp(f->metric, like->metric) && !strcmp(f->params, like->params))
			return f;
	}
	r->figures = grown(r->figures, r->n, sizeof(*r->figures));
	r->figures[r->n] = *like;
	return &r->figures[r->n++];
}

bool results_add(struct results *r, const char *system, int workers, char *lines)
{
	bool any = false;
	char *rest;

	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct figure like = {.system = system, .workers = workers};
		double value;
		if (sscanf(line, "%23s %15s %lf %47s", like.metric, like.unit, &value, like.params) != 4)
			return false;
		struct figure *f = find(r, &like);
		f->values = grown(f->values, f->n, sizeof(*f->values));
		f->values[f->n++] = value;
		any = true;
	}
	return any;
}

void results_drop(struct results *r, const char *system, int workers)
{
	int kept = 0;

	for (int i = 0; i < r->n; i++) {
		struct figure *f = &r->figures[i];
		if (f->workers == workers && !strcmp(f->system, system))
			free(f->values);
		else
			r->figures[kept++] = *f;
	}
	r->n = kept;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct summary figure_summary(const struct figure *f)
{
	qsort(f->values, (size_t)f->n, sizeof(*f->values), by_value);
	return (struct summary){
		.median = (f->values[(f->n - 1) / 2] + f->values[f->n / 2]) / 2,
		.least = f->values[0],
		.most = f->values[f->n - 1],
	};
}

void results_forget(struct results *r)
{
	for (int i = 0; i < r->n; i++)
		free(r->figures[i].values);
	free(r->figures);
	r->figures = NULL;
	r->n = 0;
}

void results_csv_header(void)
{
	puts("workload,system,params,workers,metric,unit,value");
}

void results_csv(const struct results *r)
{
	for (int i = 0; i < r->n; i++) {
		const struct figure *f = &r->figures[i];
		printf("%s,%s,%s,%d,%s,%s,%.6g\n", r->workload, f->system, f->params, f->workers, f->metric, f->unit,
		       figure_summary(f).median);
	}
	fflush(stdout);
}

/* Only what is for each item ("ns/yield") compares with that of another size. */
static bool same_size(const struct figure *a, const struct figure *b)
{
	const char *n = strstr(a->params, "n="), *m = strstr(b->params, "n=");

	return strchr(a->metric, '/') || !strcmp(n ? n : "", m ? m : "");
}

const struct figure *results_like(const struct results *r, const struct figure *f, const char *system, int workers)
{
	const struct figure *first = NULL;

	for (int i = 0; i < r->n; i++) {
		const struct figure *c = &r->figures[i];
		if (strcmp(c->system, system) || c->workers != workers || strcmp(c->metric, f->metric) ||
		    !same_size(c, f))
			continue;
		if (!strcmp(c->params, f->params))
			return c;
		if (!first)
			first = c;
	}
	return first;
}

const char *shown(double x, char *text, size_t size)
{
	int decimals = x < 9.9995 ? 3 : x < 99.995 ? 2 : x < 999.95 ? 1 : 0;

	snprintf(text, size, "%.*f", decimals, x);
	return text;
}

static bool same_group(const struct figure *a, const struct figure *b)
{
	return a->workers == b->workers && !strcmp(a->metric, b->metric);
}

/* Whether none of the figures before is of the group of this one. */
static bool first_of_group(const struct results *r, const struct figure *f)
{
	for (const struct figure *before = r->figures; before < f; before++)
		if (same_group(before, f))
			return false;
	return true;
}

/* By workers, then metric in the order of arrival, then system in the order of arrival. */
static int table_order(const struct results *r, int *order)
{
	int n = 0;

	for (int i = 0; i < r->n; i++) {
		const struct figure *f = &r->figures[i];
		if (!first_of_group(r, f))
			continue;
		for (int k = i; k < r->n; k++)
			if (same_group(&r->figures[k], f))
				order[n++] = k;
	}
	return n;
}

void results_table_header(void)
{
	printf("%-14s %7s %-12s %-12s %-24s %10s   %-21s %8s\n", "workload", "workers", "metric", "system", "params",
	       "median", "least .. most", "x coir");
}

static void row(const struct results *r, const struct figure *f)
{
	char text[4][32], span[72];
	double m = figure_summary(f).median;
	const struct figure *c = results_like(r, f, "coir", f->workers);
	double base = c ? figure_summary(c).median : 0;

	snprintf(span, sizeof(span), "%s .. %s", shown(f->values[0], text[0], 32),
		 shown(f->values[f->n - 1], text[1], 32));
	printf("%-14s %7d %-12s %-12s %-24s %10s   %-21s %8s\n", r->workload, f->workers, f->metric, f->system,
	       f->params, shown(m, text[2], 32), span, base > 0 ? shown(m / base, text[3], 32) : "");
}

void results_table(const struct results *r)
{
	int *order = calloc((size_t)r->n + 1, sizeof(*order));

	if (!order)
		abort();
	int n = table_order(r, order);
	for (int i = 0; i < n; i++)
		row(r, &r->figures[order[i]]);
	if (n)
		putchar('\n');
	fflush(stdout);
	free(order);
}
