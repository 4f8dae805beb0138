/* SPDX-License-Identifier: MIT
 *
 * main.c - coir-sim: the scheduling policy on machines that are not at hand.
 */
#include "report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: coir-sim [OPTION]...\n"
	"Replays fork-join computations on made-up machines, by coir's scheduling policy, in virtual time.\n"
	"\n"
	"  -g, --graph NAME[:SIZE],..  fib:30, uts:10, for:1000000, skynet:6 (all four, with these sizes)\n"
	"  -m, --machine NAME          2, 16, 64 or 256 cores, or a machine in hwloc's words (16)\n"
	"      --workers N             fewer than the machine has\n"
	"      --seed N, --seeds N     the first seed (1), and how many, over which the report is averaged (1)\n"
	"      --order O               nearest (coir's, with --policy stray=N of it), uniform\n"
	"      --looks N               at most, at victims of one distance in a round (all)\n"
	"      --theft T               ask (coir's), membarrier, targeted, fence: see bench/sim/settings.h\n"
	"      --half                  a theft takes half of a deque, as of fibers, and not one task\n"
	"      --parallel-fences       without the kernel's lock around all membarriers\n"
	"      --awake                 the workers start awake\n"
	"      --policy NAME=NUMBER    another number than coir's in src/sched/policy.c\n"
	"      --cost NAME=NS          another cost than bench/sim/settings.c has\n"
	"      --csv                   a line of values for each report\n"
	"      --list                  the numbers of --policy and --cost\n"
	"      --check                 small graphs by all ways, whether they come out right\n"
	"      --fault                 a theft leaves behind what it takes: the check must see it\n"
	"      --help\n";

static const struct machine {
	const char *name, *synthetic;
} machines[] = {
	{"2", "package:1 [numa] l3:1 core:2 pu:1"},
	{"16", "package:1 [numa] l3:2 core:8 pu:1"},
	{"64", "package:2 [numa] l3:4 core:8 pu:1"},
	{"256", "package:2 [numa] l3:16 core:8 pu:1"},
};

static void bad(const char *what, const char *value)
{
	fprintf(stderr, "coir-sim: %s: %s (see --help)\n", what, value);
	exit(2);
}

static double number(const char *option, const char *text, double least)
{
	char *end;
	double n = strtod(text, &end);
	if (end == text || *end || n < least || n > 1e9)
		bad(option, text);
	return n;
}

static void parse_order(struct settings *s, const char *text)
{
	if (!strcmp(text, "nearest"))
		s->order = ORDER_NEAREST;
	else if (!strcmp(text, "uniform"))
		s->order = ORDER_UNIFORM;
	else
		bad("--order", text);
}

static const char *const thefts[] = {"ask", "membarrier", "targeted", "fence"};

static void parse_theft(struct settings *s, const char *text)
{
	for (unsigned i = 0; i < sizeof thefts / sizeof thefts[0]; i++)
		if (!strcmp(text, thefts[i])) {
			s->theft = (enum theft)i;
			return;
		}
	bad("--theft", text);
}

static coiri_topo topo_of(const char *machine, unsigned workers)
{
	coiri_topo t;
	const char *synthetic = machine;
	for (unsigned i = 0; i < sizeof machines / sizeof machines[0]; i++)
		if (!strcmp(machine, machines[i].name))
			synthetic = machines[i].synthetic;
	setenv("HWLOC_SYNTHETIC", synthetic, 1);
	unsigned cores = coiri_topo_cores();
	if (coiri_topo_init(&t, workers ? workers : cores, COIR_PIN_COMPACT, NULL))
		bad("--machine", machine);
	return t;
}

/* 0: wrong, after a line. */
static ps simulate(const struct settings *s, const struct graph *g, const coiri_topo *topo, struct report *r, ps alone)
{
	struct world o;
	world_init(&o, s, g, topo);
	world_run(&o);
	ps span = report_check(&o) ? o.now : 0;
	if (span && r)
		report_add(r, &o, alone);
	world_fini(&o);
	return span;
}

/* What one worker takes, in the product's way, which has no fence in a pop. */
static ps simulate_alone(const struct settings *s, const struct graph *g)
{
	struct settings plain = *s;
	coiri_topo topo = topo_of("2", 1);
	plain.theft = THEFT_ASK;
	ps span = simulate(&plain, g, &topo, NULL, 0);
	coiri_topo_fini(&topo);
	return span;
}

static bool run_graph(const struct settings *s, const char *name, const char *machine, unsigned workers, unsigned seeds,
		      bool csv)
{
	struct graph g;
	struct settings seeded = *s;
	struct report r = {.machine = machine};
	if (!graph_init(&g, name))
		return false;
	ps alone = simulate_alone(s, &g);
	coiri_topo topo = topo_of(machine, workers);
	bool right = alone > 0;
	for (unsigned i = 0; i < seeds && right; i++, seeded.seed++)
		right = simulate(&seeded, &g, &topo, &r, alone) > 0;
	if (right)
		report_print(&r, csv);
	coiri_topo_fini(&topo);
	graph_fini(&g);
	return right;
}

/* ---- --check ---- */

static unsigned check_machine(const struct settings *s, const struct graph *g, const char *machine, unsigned *runs)
{
	unsigned wrong = 0;
	coiri_topo topo = topo_of(machine, 0);
	for (unsigned way = 0; way < 4 * 2 * 2 * 2; way++) {
		struct settings t = *s;
		t.theft = (enum theft)(way % 4);
		t.order = (enum order)(way / 4 % 2);
		t.awake = way / 8 % 2;
		if (way / 16) {
			t.half = true;
			t.looks = 4;
			t.policy.stray = 30;
			t.policy.wakers_divisor = 2;
		}
		ps once = simulate(&t, g, &topo, NULL, 0), twice = simulate(&t, g, &topo, NULL, 0);
		wrong += once == 0 || once != twice;
		++*runs;
	}
	coiri_topo_fini(&topo);
	return wrong;
}

static int check(const struct settings *s)
{
	static const char *const graphs[] = {"fib:14", "uts:5", "for:5000", "skynet:3"};
	unsigned wrong = 0, runs = 0;
	for (unsigned i = 0; i < sizeof graphs / sizeof graphs[0]; i++) {
		struct graph g;
		if (!graph_init(&g, graphs[i]))
			return 1;
		wrong += check_machine(s, &g, "2", &runs);
		wrong += check_machine(s, &g, "16", &runs);
		wrong += check_machine(s, &g, "package:2 [numa] l3:2 core:4 pu:2", &runs);
		graph_fini(&g);
	}
	printf("%u simulations, each twice, %u wrong\n", runs, wrong);
	return wrong > 0;
}

/* ---- the command line ---- */

struct options {
	struct settings settings;
	char *graphs;
	const char *machine;
	unsigned workers, seeds;
	bool csv, check, list;
};

enum {
	OPT_WORKERS = 256,
	OPT_SEED,
	OPT_SEEDS,
	OPT_ORDER,
	OPT_LOOKS,
	OPT_THEFT,
	OPT_HALF,
	OPT_PARALLEL,
	OPT_AWAKE,
	OPT_POLICY,
	OPT_COST,
	OPT_CSV,
	OPT_LIST,
	OPT_CHECK,
	OPT_FAULT,
	OPT_HELP
};

static const struct option names[] = {
	{"graph", required_argument, NULL, 'g'},
	{"machine", required_argument, NULL, 'm'},
	{"workers", required_argument, NULL, OPT_WORKERS},
	{"seed", required_argument, NULL, OPT_SEED},
	{"seeds", required_argument, NULL, OPT_SEEDS},
	{"order", required_argument, NULL, OPT_ORDER},
	{"looks", required_argument, NULL, OPT_LOOKS},
	{"theft", required_argument, NULL, OPT_THEFT},
	{"half", no_argument, NULL, OPT_HALF},
	{"parallel-fences", no_argument, NULL, OPT_PARALLEL},
	{"awake", no_argument, NULL, OPT_AWAKE},
	{"policy", required_argument, NULL, OPT_POLICY},
	{"cost", required_argument, NULL, OPT_COST},
	{"csv", no_argument, NULL, OPT_CSV},
	{"list", no_argument, NULL, OPT_LIST},
	{"check", no_argument, NULL, OPT_CHECK},
	{"fault", no_argument, NULL, OPT_FAULT},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

static void parse_setting(struct settings *s, int option, const char *text)
{
	switch (option) {
	case OPT_SEED:
		s->seed = (uint64_t)number("--seed", text, 0);
		break;
	case OPT_ORDER:
		parse_order(s, text);
		break;
	case OPT_LOOKS:
		s->looks = (unsigned)number("--looks", text, 0);
		break;
	case OPT_THEFT:
		parse_theft(s, text);
		break;
	case OPT_POLICY:
		if (!settings_policy(s, text))
			bad("--policy", text);
		break;
	case OPT_COST:
		if (!settings_cost(s, text))
			bad("--cost", text);
		break;
	default:
		exit(2); /* getopt has said why */
	}
}

static void parse_option(struct options *o, int option, char *text)
{
	switch (option) {
	case 'g':
		o->graphs = text;
		break;
	case 'm':
		o->machine = text;
		break;
	case OPT_WORKERS:
		o->workers = (unsigned)number("--workers", text, 1);
		break;
	case OPT_SEEDS:
		o->seeds = (unsigned)number("--seeds", text, 1);
		break;
	case OPT_HALF:
		o->settings.half = true;
		break;
	case OPT_PARALLEL:
		o->settings.machine_wide = false;
		break;
	case OPT_AWAKE:
		o->settings.awake = true;
		break;
	case OPT_FAULT:
		o->settings.fault = true;
		break;
	case OPT_CSV:
		o->csv = true;
		break;
	case OPT_LIST:
		o->list = true;
		break;
	case OPT_CHECK:
		o->check = true;
		break;
	case OPT_HELP:
		fputs(help, stdout);
		exit(0);
	default:
		parse_setting(&o->settings, option, text);
	}
}

int main(int argc, char **argv)
{
	char all[] = "fib,uts,for,skynet", *rest;
	struct options o = {.settings = settings_default, .graphs = all, .machine = "16", .seeds = 1};
	o.settings.policy = coiri_the_policy;
	for (int option; (option = getopt_long(argc, argv, "g:m:", names, NULL)) != -1;)
		parse_option(&o, option, optarg);
	if (optind < argc)
		bad("not an option", argv[optind]);
	if (o.list) {
		settings_print(&o.settings);
		return 0;
	}
	if (o.check)
		return check(&o.settings);
	bool right = true;
	report_title(o.csv);
	for (char *name = strtok_r(o.graphs, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
		right &= run_graph(&o.settings, name, o.machine, o.workers, o.seeds, o.csv);
	return !right;
}
