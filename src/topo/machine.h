/* SPDX-License-Identifier: MIT
 *
 * topo/machine.h - the processors as a flat table, in the machine's own order. Private to src/topo.
 *
 * Two steps. A backend (topo_hwloc.c or topo_affinity.c, chosen by the build) describes the whole machine once, as a
 * coiri_table. Each start then makes a coiri_machine from it: the processors that the affinity mask allows at that
 * moment, with group numbers made dense. Nothing of hwloc stays alive in between: its topology costs some hundred KiB,
 * and what workers need of it is 20 bytes a processor.
 *
 * Describing a machine costs milliseconds on a big one (measured with hwloc 2.9: 2 processors 0.6 ms, 128 processors
 * 8 ms), so the table is kept for the process and shared by all later starts; it is never freed. A machine that the
 * environment put in front of the real one is described anew each time.
 */
#ifndef COIRI_TOPO_MACHINE_H
#define COIRI_TOPO_MACHINE_H

#include "base/compiler.h"

/* What processors have in common, from the outside in. A cache is the last level that is shared: L3, else L2. */
enum { COIRI_PACKAGE, COIRI_NODE, COIRI_CACHE, COIRI_CORE, COIRI_GROUPS };

/* One processor (hardware thread). */
typedef struct coiri_pu {
	int os; /* the kernel's number */
	unsigned group[COIRI_GROUPS];
} coiri_pu;

/* A whole machine as the backend sees it: siblings stand next to each other at every level. Group numbers are any that
 * tell groups of one kind apart, but a node's is the kernel's number. */
typedef struct coiri_table {
	bool native; /* the machine we run on: binding makes sense */
	unsigned count;
	coiri_pu pu[];
} coiri_table;

/* The part of a machine that the process may use. Groups count from 0 in table order. */
typedef struct coiri_machine {
	bool native;
	unsigned count;                /* at least 1 */
	unsigned groups[COIRI_GROUPS]; /* how many of each */
	unsigned *node_os;             /* the kernel's number of each node */
	coiri_pu *pu;
} coiri_machine;

/* 0 or -ENOMEM. */
int coiri_machine_load(coiri_machine **out);
void coiri_machine_free(coiri_machine *m);

/* The processor with the kernel's number os, or NULL. */
const coiri_pu *coiri_machine_find(const coiri_machine *m, int os);

/* The number of processors in the calling thread's affinity mask; at least 1. */
unsigned coiri_affinity_count(void);

/* ---- the backend ---- */

/* Describes the machine; the caller frees *out. NULL in *out: nothing is known but the affinity mask. 0 or -ENOMEM. */
int coiri_table_load(coiri_table **out);

/* Whether the environment may have put another machine in front of the real one. */
bool coiri_table_overridden(void);

/* Its name, for the user. */
const char *coiri_table_source(void);

#endif
