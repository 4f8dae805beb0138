/* SPDX-License-Identifier: MIT
 *
 * systems.c - what is measured. The two tables are all there is to extend for a further workload or peer.
 */
#include "systems.h"
#include "child.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct workload workloads[] = {
	{"switch", "two contexts switch to each other directly, 20M times"},
	{"yield2", "2 fibers on one worker yield, 5M times each"},
	{"yield2x", "the same with two different functions"},
	{"yield1000", "1000 fibers on one worker yield, 5000 times each"},
	{"parkpair", "two fibers in turn unpark the other and park, 1M round trips"},
	{"spawnjoin1", "spawn an empty fiber and join it, 1M times"},
	{"spawnjoin1000", "spawn 1000 empty fibers, then join them, 1000 times"},
	{"skynet", "a tree of fibers with 1M leaves, ten to a node"},
	{"fib", "Fibonacci, one of the two calls spawned at every node"},
	{"nqueens", "11 queens, a fiber for each placed queen"},
	{"uts", "an unbalanced tree of 4,130,071 nodes, each made by SHA-1"},
	{"matmul", "1024 x 1024 matrices multiplied by halving"},
	{"mergesort", "10M integers sorted, the merges split too"},
	{"skewed_for", "a loop of 100,000 steps that become longer and longer"},
	{"mem", "1M fibers parked for ever"},
	{"wake", "a sticky fiber wakes one on the other, idle worker"},
	{"pingpong", "two fibers, two unbuffered channels, 1M round trips"},
	{"chan_spsc", "a fiber sends another 10M integers, capacity 128"},
	{"chan_mpmc", "4 fibers send 4M integers to 4 others, capacity 128"},
	{"mutex", "100 fibers lock, count up and unlock, 20000 times each"},
	{"timers", "1M fibers sleep once, for up to a second"},
	{"generator", "a generator of 10M Fibonacci numbers"},
	{"pipeline10", "1M values through ten generators"},
	{NULL, NULL},
};

struct program programs[] = {
	{.system = "coir", .file = "peer-coir"},
	{.system = "coir", .file = "peer-coir-switch"},
	{.system = "coir-task", .file = "peer-coir-task"},
	{.system = "go", .file = "peers/peer-go", .package = "golang-go"},
	{.system = "boost",
	 .file = "peers/peer-boost",
	 .package = "g++, libboost-fiber1.81-dev and libboost-context1.81-dev"},
	{.system = "tbb", .file = "peers/peer-tbb", .package = "g++ and libtbb-dev"},
	{.system = "openmp", .file = "peers/peer-openmp", .package = "gcc with libgomp1"},
	{.system = "openmp-clang", .file = "peers/peer-openmp-clang", .package = "clang and libomp-dev"},
	{.system = "pthread", .file = "peers/peer-pthread"},
	{.system = "cpp20", .file = "peers/peer-cpp20", .package = "g++"},
	{.system = "lua", .file = "peers/peer-lua", .package = "lua5.4"},
	{.system = "python", .file = "peers/peer-python", .package = "python3"},
	{.system = "limit", .file = "peers/peer-limit", .package = "an x86-64 processor"},
	{.system = "seq", .file = "peers/peer-seq"},
	{.system = NULL},
};

static char *beside_self(const char *file)
{
	char self[PATH_MAX], *path;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		n = 0;
	self[n] = 0;
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	if (asprintf(&path, "%s/%s", self, file) < 0)
		abort();
	return path;
}

static void ask(struct program *p)
{
	char *argv[] = {p->path, (char *)"--list", NULL};
	struct child_run run = {.path = p->path, .argv = argv, .timeout = 60};
	char out[4096], why[128], *rest;

	if (child_output(&run, out, sizeof(out), why, sizeof(why))) {
		fprintf(stderr, "coir-bench: %s --list %s\n", p->file, why);
		return;
	}
	p->built = true;
	for (char *line = strtok_r(out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct ability *a = &p->abilities[p->n_abilities];
		if (sscanf(line, "%23s %d %d", a->workload, &a->fewest, &a->most) == 3 &&
		    p->n_abilities + 1 < ABILITIES_MAX)
			p->n_abilities++;
	}
}

void systems_find(void)
{
	for (struct program *p = programs; p->system; p++) {
		p->path = beside_self(p->file);
		if (!access(p->path, X_OK))
			ask(p);
	}
}

struct program *systems_program(const char *system, const char *workload, int workers)
{
	for (struct program *p = programs; p->system; p++) {
		if (strcmp(p->system, system))
			continue;
		for (int i = 0; i < p->n_abilities; i++) {
			const struct ability *a = &p->abilities[i];
			if (!strcmp(a->workload, workload) && workers >= a->fewest && workers <= a->most)
				return p;
		}
	}
	return NULL;
}

bool systems_know_workload(const char *name)
{
	for (const struct workload *w = workloads; w->name; w++)
		if (!strcmp(w->name, name))
			return true;
	return false;
}

bool systems_know_system(const char *name)
{
	for (const struct program *p = programs; p->system; p++)
		if (!strcmp(p->system, name))
			return true;
	return false;
}

bool systems_built(const char *system)
{
	for (const struct program *p = programs; p->system; p++)
		if (!strcmp(p->system, system) && p->built)
			return true;
	return false;
}

static void print_system(const char *name)
{
	printf("  %-12s", name);
	for (const struct program *p = programs; p->system; p++) {
		if (strcmp(p->system, name))
			continue;
		if (!p->built)
			printf(" (%s is not built: needs %s)", p->file,
			       p->package ? p->package : "a build for this machine");
		for (int i = 0; i < p->n_abilities; i++)
			printf(" %s", p->abilities[i].workload);
	}
	putchar('\n');
}

void systems_print(void)
{
	const char *before = "";

	puts("workloads:");
	for (const struct workload *w = workloads; w->name; w++)
		printf("  %-14s %s\n", w->name, w->about);
	puts("systems:");
	for (const struct program *p = programs; p->system; before = p->system, p++)
		if (strcmp(p->system, before))
			print_system(p->system);
}
