/* SPDX-License-Identifier: MIT
 *
 * topo/topo.h - which processors there are for workers, where each worker lives, and who is near to whom.
 *
 * Every worker has a home processor. Pinned workers are bound to it. The home of one that is not pinned is notional:
 * the kernel moves the worker as it likes, and the home only gives the order of victims and the node.
 *
 *   none, compact  homes in the machine's own order: SMT siblings, then cores that share a cache, then a node
 *   scatter        far apart first: packages, nodes, caches, then cores, SMT siblings last
 *   list           the processors of the list, in its order
 *
 * When there are more workers than homes they wrap around. All calls are for the thread that starts the runtime, except
 * those that name another thread; after coiri_topo_init a topology does not change.
 */
#ifndef COIRI_TOPO_TOPO_H
#define COIRI_TOPO_TOPO_H

#include "base/compiler.h"
#include <coir/runtime.h>
#include <stdio.h>

struct coiri_machine;
struct coiri_pu;

typedef struct coiri_place {
	int cpu;                     /* OS number of the processor the worker is bound to; -1: not bound */
	unsigned node;               /* NUMA node of the home, 0 and up */
	const struct coiri_pu *home; /* NULL: not looked up (see coiri_topo_init) */
} coiri_place;

typedef struct coiri_topo {
	unsigned workers;
	unsigned nodes; /* NUMA nodes that have a processor for us; at least 1 */
	coir_pin pin;
	coiri_place *place; /* of each worker */
	struct coiri_machine *machine;
} coiri_topo;

/* How far a worker is from another. Two with the same home count as SMT siblings. */
enum { COIRI_NEAR_SMT, COIRI_NEAR_CACHE, COIRI_NEAR_NODE, COIRI_FAR, COIRI_LEVELS };

/* The number of workers a runtime gets that asks for none: the processors the calling thread may run on, limited by
 * the quota of every control group it lies in; 1 to COIR_WORKERS_MAX. Where the environment puts another machine in
 * front of hwloc (HWLOC_SYNTHETIC), the processors of that one. */
unsigned coiri_topo_cores(void);

/* Places `workers` workers (at least 1). pin_list is for COIR_PIN_LIST only. A single worker that is not pinned needs
 * no machine, and none is looked up. Errors: -EINVAL after one line (the list is malformed or names a processor that
 * the process may not use), -ENOMEM. */
int coiri_topo_init(coiri_topo *topo, unsigned workers, coir_pin pin, const char *pin_list);
void coiri_topo_fini(coiri_topo *topo);

/* The calling kernel thread, one of a worker that is not bound, goes to the worker's home, from where the kernel may move
 * it: it puts threads that are woken at the same time on one processor, and takes milliseconds to see that. */
void coiri_topo_visit_home(const coiri_topo *topo, unsigned worker);

/* Binds the calling kernel thread to its worker's home, if that worker is bound; else does nothing. Threads that it
 * makes later inherit the binding. 0 or -errno. */
int coiri_topo_bind_self(const coiri_topo *topo, unsigned worker);

/* Asks the kernel to take memory for [addr, addr + len) from a node when it is first touched; addr is page aligned.
 * Best effort, any thread. Nothing where there is one node, or workers are not pinned: first touch serves those better
 * than a notional home. */
void coiri_topo_bind_memory(const coiri_topo *topo, unsigned node, void *addr, size_t len);

/* The workers that `worker` steals from, nearest first: order gets workers - 1 numbers. level_end[l] is the index in
 * order where level l ends; it starts where the level before ends. Inside a level they count up from worker and wrap
 * around. */
void coiri_topo_victims(const coiri_topo *topo, unsigned worker, unsigned *order, unsigned level_end[COIRI_LEVELS]);

/* Writes the processors and the quota, the machine, and each worker's place. */
void coiri_topo_print(const coiri_topo *topo, FILE *stream);

#endif
