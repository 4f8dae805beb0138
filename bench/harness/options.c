/* SPDX-License-Identifier: MIT
 *
 * options.c - the command line of coir-bench.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: coir-bench [OPTION]...\n"
	"Measures coir and its peers side by side: every run is a fresh process, pinned, and warms up first.\n"
	"\n"
	"  -l, --list               workloads, systems, and which package a system lacks\n"
	"  -w, --workloads A,B      only these workloads\n"
	"  -s, --systems A,B        only these systems\n"
	"      --workers 1,2        numbers of workers, each on as many cores (1,2)\n"
	"      --runs N             runs, of which the median counts (5)\n"
	"      --csv                lines workload,system,params,workers,metric,unit,value\n"
	"      --core N             the first of the cores to pin to (0)\n"
	"      --timeout S          seconds after which a run is given up (300)\n"
	"      --scale X            shrink the work: for trying out, not for figures\n"
	"      --scaling            speed-up over 1, 2 and more workers: tables, a CSV file and plots\n"
	"      --max-workers N      the most workers of --scaling (twice the processors); or name them by --workers\n"
	"      --out DIR            where --scaling writes (scaling)\n"
	"      --smoke              check coir's own results quickly: -s coir,coir-task --runs 1 --scale 0.001\n"
	"      --help\n";

void options_refuse(const char *what, const char *value, const char *see)
{
	fprintf(stderr, "coir-bench: %s: %s (see %s)\n", what, value, see);
	exit(2);
}

static _Noreturn void bad(const char *what, const char *value)
{
	options_refuse(what, value, "--help");
}

static long number(const char *option, const char *text, long least, long most)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < least || n > most)
		bad(option, text);
	return n;
}

static void parse_names(struct names *set, const char *option, char *list)
{
	char *rest;

	for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		if (set->n == NAMES_MAX)
			bad(option, "too many");
		set->name[set->n++] = name;
	}
}

static void parse_workers(struct options *o, char *list)
{
	char *rest;

	o->n_workers = 0;
	for (char *n = strtok_r(list, ",", &rest); n; n = strtok_r(NULL, ",", &rest)) {
		if (o->n_workers == WORKERS_MAX)
			bad("--workers", "too many");
		o->workers[o->n_workers++] = (int)number("--workers", n, 1, WORKERS_MAX);
	}
}

static void smoke(struct options *o)
{
	o->systems = (struct names){2, {"coir", "coir-task"}};
	o->runs = 1;
	o->scale = 0.001;
	o->timeout = 60;
}

static double fraction(const char *option, const char *text)
{
	char *end;
	double x = strtod(text, &end);

	if (end == text || *end || !(x > 0) || x > 1000)
		bad(option, text);
	return x;
}

enum { WORKERS = 256, RUNS, CSV, CORE, TIMEOUT, SCALE, SCALING, MAX_WORKERS, OUT, SMOKE, HELP };

static const struct option longs[] = {
	{"list", no_argument, NULL, 'l'},
	{"workloads", required_argument, NULL, 'w'},
	{"systems", required_argument, NULL, 's'},
	{"workers", required_argument, NULL, WORKERS},
	{"runs", required_argument, NULL, RUNS},
	{"csv", no_argument, NULL, CSV},
	{"core", required_argument, NULL, CORE},
	{"timeout", required_argument, NULL, TIMEOUT},
	{"scale", required_argument, NULL, SCALE},
	{"scaling", no_argument, NULL, SCALING},
	{"max-workers", required_argument, NULL, MAX_WORKERS},
	{"out", required_argument, NULL, OUT},
	{"smoke", no_argument, NULL, SMOKE},
	{"help", no_argument, NULL, HELP},
	{NULL, 0, NULL, 0},
};

/* Takes one option, which getopt_long found. */
static void take(struct options *o, int option)
{
	switch (option) {
	case 'l':
		o->list = true;
		break;
	case 'w':
		parse_names(&o->workloads, "--workloads", optarg);
		break;
	case 's':
		parse_names(&o->systems, "--systems", optarg);
		break;
	case WORKERS:
		parse_workers(o, optarg);
		break;
	case RUNS:
		o->runs = (int)number("--runs", optarg, 1, 1000);
		break;
	case CSV:
		o->csv = true;
		break;
	case CORE:
		o->first_core = (int)number("--core", optarg, 0, 1023);
		break;
	case TIMEOUT:
		o->timeout = (int)number("--timeout", optarg, 1, 100000);
		break;
	case SCALE:
		o->scale = fraction("--scale", optarg);
		break;
	case SCALING:
		o->scaling = true;
		break;
	case MAX_WORKERS:
		o->max_workers = (int)number("--max-workers", optarg, 2, WORKERS_MAX);
		break;
	case OUT:
		o->out = optarg;
		break;
	case SMOKE:
		smoke(o);
		break;
	case HELP:
		fputs(help, stdout);
		exit(0);
	default:
		exit(2);
	}
}

/* What only goes with --scaling, and what does not. */
static void check_scaling(const struct options *o)
{
	if (o->scaling && o->csv)
		bad("--csv", "--scaling writes its own file");
	if (o->max_workers && o->n_workers)
		bad("--max-workers", "--workers already says how many");
	if (!o->scaling && o->max_workers)
		bad("--max-workers", "only with --scaling");
	if (!o->scaling && o->out)
		bad("--out", "only with --scaling");
}

void options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){.runs = 5, .timeout = 300, .scale = 1};
	for (int c; (c = getopt_long(argc, argv, "lw:s:", longs, NULL)) != -1;)
		take(o, c);
	if (optind < argc)
		bad("not an option", argv[optind]);
	check_scaling(o);
	if (!o->out)
		o->out = "scaling";
	if (!o->scaling && !o->n_workers) {
		o->n_workers = 2;
		o->workers[0] = 1;
		o->workers[1] = 2;
	}
}

bool names_hold(const struct names *set, const char *name)
{
	for (int i = 0; i < set->n; i++)
		if (!strcmp(set->name[i], name))
			return true;
	return set->n == 0;
}
