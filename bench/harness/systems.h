/* SPDX-License-Identifier: MIT
 *
 * systems.h - what is measured: the workloads, the systems and the programs that measure them.
 */
#ifndef BENCH_SYSTEMS_H
#define BENCH_SYSTEMS_H

#include <stdbool.h>

#define ABILITIES_MAX 32

struct workload {
	const char *name, *about;
};

/* What a program says with --list. */
struct ability {
	char workload[24];
	int fewest, most; /* workers */
};

/* A program that measures a system. A system may have several, each for its own workloads. */
struct program {
	const char *system;
	const char *file;    /* beside coir-bench */
	const char *package; /* what its build needs */
	char *path;
	bool built;
	int n_abilities;
	struct ability abilities[ABILITIES_MAX];
};

extern const struct workload workloads[]; /* ends with a NULL name */
extern struct program programs[];         /* ends with a NULL system */

/* Finds out which programs were built and what each can do. */
void systems_find(void);

/* The program of the system that runs this workload with so many workers, or NULL. */
struct program *systems_program(const char *system, const char *workload, int workers);

bool systems_know_workload(const char *name);
bool systems_know_system(const char *name);
bool systems_built(const char *system);
void systems_print(void);

#endif
