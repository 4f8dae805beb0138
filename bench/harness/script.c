/* SPDX-License-Identifier: MIT
 *
 * script.c - see script.h. The picture has a background of its own, so that it can be read on a dark page too, and
 * names a generic font in place of holding one. A system has the same colour in all pictures, and for all its lines.
 */
#include "script.h"
#include "machine.h"

#include <stdlib.h>
#include <string.h>

/* That the colour-blind can tell apart; on white. */
static const char *const colours[] = {"#d55e00", "#0072b2", "#009e73", "#cc79a7",
				      "#e69f00", "#56b4e9", "#7f5539", "#444444"};
static const int markers[] = {7, 5, 9, 11, 13, 6, 4, 8};

#define COLOURS (int)(sizeof(colours) / sizeof(*colours))
#define MARKERS (int)(sizeof(markers) / sizeof(*markers))

/* The points of a series. */
struct line {
	const struct point *point;
	int n;
};

static struct line line_at(const struct points *p, int i)
{
	struct line line = {&p->point[i], 1};

	while (i + line.n < p->n && line.point[line.n].series == line.point->series)
		line.n++;
	return line;
}

/* It has more to show than one worker. */
static bool drawn(struct line line)
{
	for (int i = 0; i < line.n; i++)
		if (line.point[i].speedup > 0 && line.point[i].figure->workers > 1)
			return true;
	return false;
}

/* The first line from point i on that is drawn; n is 0 if there is none. */
static struct line next_line(const struct points *p, int i)
{
	for (struct line line; i < p->n; i += line.n) {
		line = line_at(p, i);
		if (drawn(line))
			return line;
	}
	return (struct line){NULL, 0};
}

static struct line line_after(const struct points *p, struct line line)
{
	return next_line(p, (int)(line.point - p->point) + line.n);
}

int script_lines(const struct points *points)
{
	int n = 0;

	for (struct line l = next_line(points, 0); l.n; l = line_after(points, l))
		n++;
	return n;
}

static int most_workers(const struct points *p)
{
	int most = 1;

	for (int i = 0; i < p->n; i++)
		if (p->point[i].figure->workers > most)
			most = p->point[i].figure->workers;
	return most;
}

static double most_speedup(const struct points *p)
{
	double most = 1;

	for (int i = 0; i < p->n; i++)
		if (p->point[i].speedup > most)
			most = p->point[i].speedup;
	return most;
}

/* A string as gnuplot reads it. */
static void quoted(FILE *f, const char *text)
{
	fputc('\'', f);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', f);
		fputc(*text, f);
	}
	fputc('\'', f);
}

static void head(FILE *f, const struct workload *w, int processors)
{
	char machine[256], below[300];

	snprintf(below, sizeof(below), "%s, %d processor%s", machine_name(machine, sizeof(machine)), processors,
		 processors == 1 ? "" : "s");
	fprintf(f,
		"# gnuplot %s.gp draws %s.svg.\n"
		"reset\n"
		"set terminal svg size 840,480 fixed noenhanced font 'sans-serif,13' background '#ffffff'\n"
		"set output '%s.svg'\n"
		"set title ",
		w->name, w->name, w->name);
	quoted(f, w->name);
	fputs(" . ': ' . ", f);
	quoted(f, w->about);
	fputs(" . \"\\n\" . ", f);
	quoted(f, below);
	fputs("\n"
	      "set xlabel 'workers'\n"
	      "set ylabel 'speed-up over one worker'\n"
	      "set key outside right top Left reverse\n"
	      "set grid ytics lt 1 lc rgb '#dddddd'\n"
	      "set border 3\n"
	      "set tics nomirror\n",
	      f);
}

/* The ranges, and grey behind what is oversubscribed. */
static void plane(FILE *f, int workers, double speedup, int processors)
{
	int ideal = workers < processors ? workers : processors;

	fprintf(f,
		"set xrange [0.5:%d.5]\n"
		"set yrange [0:%.4g]\n"
		"set xtics 1,%d\n",
		workers, 1.05 * (speedup > ideal ? speedup : ideal), (workers + 15) / 16);
	if (workers > processors)
		fprintf(f,
			"set object 1 rectangle from first %d.5, graph 0 to graph 1, graph 1 behind fc rgb '#eeeeee' "
			"fs solid noborder\n",
			processors);
}

static void data(FILE *f, int number, struct line line)
{
	fprintf(f, "$line%d << end\n", number);
	for (int i = 0; i < line.n; i++)
		if (line.point[i].speedup > 0)
			fprintf(f, "%d %.4g\n", line.point[i].figure->workers, line.point[i].speedup);
	fputs("end\n", f);
}

/* As many times as fast as there are workers, until the processors are all in use. */
static void ideal_data(FILE *f, int workers, int processors)
{
	fputs("$ideal << end\n1 1\n", f);
	if (workers > processors)
		fprintf(f, "%d %d\n", processors, processors);
	fprintf(f, "%d %d\nend\n", workers, workers < processors ? workers : processors);
}

static int colour_of(const char *system)
{
	const char *before = "";
	int n = -1;

	for (const struct program *p = programs; p->system; before = p->system, p++) {
		n += strcmp(before, p->system) != 0;
		if (!strcmp(p->system, system))
			break;
	}
	return n % COLOURS;
}

/* A system's name, and its params where it has several lines. */
static void name(FILE *f, const struct points *p, const struct figure *of)
{
	int lines = 0;

	for (struct line l = next_line(p, 0); l.n; l = line_after(p, l))
		lines += !strcmp(l.point->figure->system, of->system);
	quoted(f, of->system);
	if (lines > 1) {
		fputs(" . ' ' . ", f);
		quoted(f, of->params);
	}
}

static void curve(FILE *f, const struct points *p, int number, struct line line)
{
	const struct figure *of = line.point->figure;

	fprintf(f, ", \\\n\t$line%d with linespoints lw 2 ps 0.7 pt %d lc rgb '%s' title ", number,
		markers[number % MARKERS], colours[colour_of(of->system)]);
	name(f, p, of);
}

void script_write(FILE *f, const struct workload *w, const struct points *points)
{
	int workers = most_workers(points), number = 0;

	head(f, w, points->processors);
	plane(f, workers, most_speedup(points), points->processors);
	ideal_data(f, workers, points->processors);
	for (struct line l = next_line(points, 0); l.n; l = line_after(points, l))
		data(f, number++, l);
	fputs("plot $ideal with lines lw 2 dt 2 lc rgb '#888888' title 'ideal'", f);
	number = 0;
	for (struct line l = next_line(points, 0); l.n; l = line_after(points, l))
		curve(f, points, number++, l);
	if (workers > points->processors)
		fputs(", \\\n\tkeyentry with boxes fs solid noborder lc rgb '#eeeeee' title 'more workers than "
		      "processors'",
		      f);
	fputs("\nset output\n", f);
}
