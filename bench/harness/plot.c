/* SPDX-License-Identifier: MIT
 *
 * plot.c - see plot.h. A script holds its data, so that it draws the picture again without anything else:
 * gnuplot WORKLOAD.gp, in its folder.
 */
#include "plot.h"
#include "child.h"
#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GNUPLOT_TIMEOUT 60 /* s */

/* Runs `gnuplot -d ARGUMENT` in the folder; -d: without the user's own settings. */
static int gnuplot(const struct plotter *p, const char *argument, char *why, size_t size)
{
	char *argv[] = {(char *)"gnuplot", (char *)"-d", (char *)argument, NULL};
	struct child_run run = {.path = "gnuplot", .argv = argv, .folder = p->folder, .timeout = GNUPLOT_TIMEOUT};
	char out[256];

	return child_output(&run, out, sizeof(out), why, size);
}

void plotter_find(struct plotter *p, const char *folder)
{
	char why[128];

	*p = (struct plotter){.folder = folder};
	p->gnuplot = gnuplot(p, "--version", why, sizeof(why)) == 0;
	if (!p->gnuplot)
		fprintf(stderr,
			"coir-bench: no plots, for gnuplot %s: install gnuplot-nox, then: cd %s && gnuplot *.gp\n", why,
			folder);
}

static char *path_of(const struct plotter *p, const char *workload, const char *ending)
{
	char *path;

	if (asprintf(&path, "%s/%s.%s", p->folder, workload, ending) < 0)
		abort();
	return path;
}

static int write_script(const char *path, const struct workload *w, const struct points *points)
{
	FILE *f = fopen(path, "we");
	bool lost = !f;

	if (f) {
		script_write(f, w, points);
		lost = ferror(f);
		lost |= fclose(f) != 0;
	}
	if (lost)
		fprintf(stderr, "coir-bench: cannot write %s: %s\n", path, strerror(errno));
	return lost ? -1 : 0;
}

static int draw(const struct plotter *p, const char *workload)
{
	char *script, why[128];
	int err;

	if (asprintf(&script, "%s.gp", workload) < 0)
		abort();
	err = gnuplot(p, script, why, sizeof(why));
	if (err)
		fprintf(stderr, "coir-bench: FAILED: %s: gnuplot %s %s\n", workload, script, why);
	free(script);
	return err;
}

int plot(const struct plotter *p, const struct workload *w, const struct points *points)
{
	char *script = path_of(p, w->name, "gp"), *picture = path_of(p, w->name, "svg");
	int err = 0;

	/* Nobody should take an older run's for this one's. */
	unlink(script);
	unlink(picture);
	if (script_lines(points) > 0) {
		err = write_script(script, w, points);
		if (!err && p->gnuplot)
			err = draw(p, w->name);
	}
	free(script);
	free(picture);
	return err;
}
