/* SPDX-License-Identifier: MIT
 *
 * report.c - see report.h. A comparison that cannot be made is left empty.
 */
#include "report.h"

/* A comparison in so many decimals. */
static const char *compared(double x, int decimals, char *text, size_t size)
{
	if (x > 0)
		snprintf(text, size, "%.*f", decimals, x);
	else
		text[0] = 0;
	return text;
}

static void row(const struct points *p, const struct point *at)
{
	const struct figure *f = at->figure;
	char text[6][32], span[72];

	snprintf(span, sizeof(span), "%s .. %s", shown(at->value.least, text[0], 32),
		 shown(at->value.most, text[1], 32));
	printf("%-12s %-24s %-12s %7d%c %10s   %-21s %8s %12s %10s\n", f->system, f->params, f->metric, f->workers,
	       oversubscribed(p, f) ? '*' : ' ', shown(at->value.median, text[2], 32), span,
	       compared(at->speedup, 2, text[3], 32), compared(at->efficiency * 100, 0, text[4], 32),
	       at->over_seq > 0 ? shown(at->over_seq, text[5], 32) : "");
}

void report_table(const char *workload, const struct points *p)
{
	if (p->n == 0)
		return;
	printf("%s on %d processor%s (*: more workers than that)\n", workload, p->processors,
	       p->processors == 1 ? "" : "s");
	printf("%-12s %-24s %-12s %7s  %10s   %-21s %8s %12s %10s\n", "system", "params", "metric", "workers", "median",
	       "least .. most", "speed-up", "efficiency/%", "over seq");
	for (int i = 0; i < p->n; i++)
		row(p, &p->point[i]);
	putchar('\n');
	fflush(stdout);
}

void report_csv_header(FILE *csv)
{
	fputs("workload,system,params,workers,cores,oversubscribed,metric,unit,median,min,max,speedup,efficiency\n",
	      csv);
}

void report_csv(FILE *csv, const char *workload, const struct points *p)
{
	for (int i = 0; i < p->n; i++) {
		const struct point *at = &p->point[i];
		const struct figure *f = at->figure;
		char text[2][32];
		fprintf(csv, "%s,%s,%s,%d,%d,%d,%s,%s,%.6g,%.6g,%.6g,%s,%s\n", workload, f->system, f->params,
			f->workers, p->processors, oversubscribed(p, f), f->metric, f->unit, at->value.median,
			at->value.least, at->value.most, compared(at->speedup, 4, text[0], 32),
			compared(at->efficiency, 4, text[1], 32));
	}
	fflush(csv);
}
