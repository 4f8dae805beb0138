/* SPDX-License-Identifier: MIT
 *
 * graph.h - the computations that are replayed, as graphs of fork-join tasks.
 *
 * A frame is a task's place in its own program. graph_next says what the task does next; the simulator carries it out
 * and asks again. When a task ends, all that it forked is joined, newest first.
 *
 *   fib:N      every node forks fib(N - 1) and calls fib(N - 2)
 *   uts:D      unbalanced tree search T1 (geometric, b0 = 4, seed 19, SHA-1) to depth D; D = 10 is T1 itself, 4,130,071
 *              nodes. A node forks all its children but the last, which it calls
 *   for:N      N iterations, the i-th takes 4 ns + 64 ns * i / N; a range that has nothing left to be stolen is halved
 *              at the next chance, every 16 iterations
 *   skynet:D   every node forks nine children and calls the tenth, D levels deep; D = 6 has 10^6 leaves
 */
#ifndef SIM_GRAPH_H
#define SIM_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

struct uts;

struct graph {
	char name[24];
	enum { GRAPH_FIB, GRAPH_UTS, GRAPH_FOR, GRAPH_SKYNET } kind;
	unsigned size;
	struct uts *uts;
	/* What a sequential run executes, found without the simulator. */
	uint64_t nodes;
	int64_t work; /* ps */
};

struct frame {
	uint64_t a, b;
	uint32_t at;     /* how far it is */
	uint32_t forked; /* and not yet joined */
};

enum step {
	STEP_WORK, /* for *work ps, executing *nodes nodes */
	STEP_FORK, /* *child */
	STEP_CALL, /* *child */
	STEP_END,
};

/* "NAME" or "NAME:SIZE". False: no such graph, after one line. */
bool graph_init(struct graph *g, const char *text);
void graph_fini(struct graph *g);

struct frame graph_root(const struct graph *g);

/* hungry: the worker has nothing that could be stolen. */
enum step graph_next(const struct graph *g, struct frame *f, bool hungry, struct frame *child, int64_t *work,
		     uint64_t *nodes);

#endif
