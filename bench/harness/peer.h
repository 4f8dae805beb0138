/* SPDX-License-Identifier: MIT
 *
 * peer.h - what every measured program shares: the protocol towards coir-bench, sizes, checks.
 *
 * A peer program measures one system. coir-bench runs it, pinned, once for each figure, so that every run is a fresh
 * process and all systems are treated alike:
 *   peer-X --list                      prints a line "WORKLOAD FEWEST MOST" (workers) for each workload it knows
 *   peer-X WORKLOAD WORKERS [SCALE]    warms up, measures once, prints lines "METRIC UNIT VALUE PARAMS"; exit
 *                                      status 0. A wrong result: a line on stderr, exit status 1
 * METRIC and UNIT tell what sort of figure it is. A METRIC that is its UNIT of time, or begins with it ("ms",
 * "ns/spawn"), is how long the work took: less is faster. A UNIT that ends in "/s" is how much was done in a time: more
 * is faster. Anything else, such as a latency, CPU time or memory, says nothing of speed.
 * PARAMS says where the size differs from the workload's definition; "-": nowhere. SCALE below 1 shrinks the work.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct peer_workload {
	const char *name;
	int fewest, most; /* workers */
	void (*run)(void);
};

/* Starts the system with that many workers and calls body once, where it can spawn. */
typedef void (*peer_enter)(int workers, void (*body)(void));

/* The main function of a peer: workloads ends with a NULL name; enter is NULL where nothing needs starting. run is
 * called at least twice in one start of the system. All calls but the last warm up, for 50 ms or more: a tenth of the
 * rounds, and nothing is printed. */
int peer_main(int argc, char **argv, const struct peer_workload *workloads, peer_enter enter);

bool peer_warming(void);

/* Sizes, scaled. Rounds shrink to a tenth while warming up; a tree or an array keeps its size, except fib's. */
bool peer_shrunk(void); /* SCALE is below 1 */
long peer_rounds(long full);
long peer_leaves(long full); /* skynet, arrays: a power of ten */
int peer_fib_n(int full);    /* fib */
int peer_queens(void);       /* nqueens: 11, or 8 */
double peer_now(void);       /* ns, monotonic */
double peer_cpu(void);       /* CPU time of this process in seconds, user and system */
int64_t peer_memory(void);   /* VmRSS + VmPTE of this process in bytes */
long peer_fib(int n);        /* the right answer of fib */
long peer_fib_spawns(int n); /* spawns of fib with one of the two calls spawned at every node */

/* Number i of a fixed sequence of random ones. */
uint64_t peer_random(int64_t i);

/* A wrong answer or a failed call ends the program. */
void peer_check(const char *what, int64_t got, int64_t want);
void peer_ok(const char *what, int err); /* err: 0, or a number of errno, of either sign */

/* Prints one figure, except while warming up. params may be NULL. */
void peer_result(const char *metric, const char *unit, double value, const char *params);

/* Prints the memory that the workload took, in KiB: the growth of the greatest VmRSS, without pages of files, since
 * before the warm-up, or since the warm-up called peer_peak_from_here, when the data was made. */
void peer_peak_from_here(void);
void peer_peak_result(const char *params);

/* Check the answer of a tree that took ns, then print its figures. how: how skynet's nodes gather their sums. */
void peer_fib_result(int n, long got, double ns);
void peer_queens_result(int n, long got, double ns);
void peer_skynet_result(long leaves, int64_t sum, double ns, const char *how);

/* ---- wake: latencies ---- */
#define PEER_IDLE_NS 200e3 /* the sleeper has been idle for so long when it is woken */

/* Spins until peer_now() reaches `time`. */
void peer_spin_until(double time);
/* Prints p50 and p99 of n latencies in ns, which get sorted. */
void peer_latencies(double *ns, long n);

/* ---- the sizes that the channels' workloads share ---- */
#define PEER_CHANNEL_CAPACITY 128
#define PEER_CHANNEL_PEERS    4 /* chan_mpmc: so many fibers send, and as many receive */

/* ---- mutex ---- */
#define PEER_LOCKERS 100

/* ---- timers ---- */
#define PEER_SLEEPERS 1000000

/* How long sleeper i sleeps, in ns: uniform over one second, the same for every system. */
int64_t peer_nap(long i);
/* How late each sleeper woke, in ns after it meant to: an array for them to fill, already touched. */
double *peer_sleepers(long n);
/* Checks that each woke and none too early, prints the CPU seconds and the lateness, frees the array. */
void peer_timers_result(double *late, long n, double cpu);

/* ---- generator: the Fibonacci numbers from 0 on, modulo 2^64; pipeline10: 0 to n-1, each later stage adds 1 ---- */
#define PEER_VALUES         10000000
#define PEER_PIPELINE_ITEMS 1000000
#define PEER_STAGES         10 /* the first makes the values */

/* Check the sum of what came out and print the figures. */
void peer_generator_result(long n, uint64_t sum, double ns);
void peer_pipeline_result(long n, int64_t sum, double ns);

/* ---- yield1000: how far the counts drift apart ---- */
struct peer_spread {
	int32_t *counts; /* yields of each fiber so far */
	int fibers;
	int32_t worst; /* greatest difference seen */
};

/* The first count at which fiber self looks: every 20th fiber does, once in `fibers` yields. */
static inline int32_t peer_first_look(int self)
{
	return self % 20 == 0 ? self : -1;
}

void peer_look(struct peer_spread *s);

/* ---- nqueens: the board is an array, the column of each row's queen ---- */
struct peer_board {
	int8_t col[12];
};

/* The columns of `row` that no queen above attacks, as a set of bits. */
static inline unsigned peer_free_columns(const struct peer_board *b, int row, int n)
{
	unsigned taken = 0;
	for (int r = 0; r < row; r++) {
		unsigned queen = 1u << b->col[r];
		taken |= queen | queen << (row - r) | queen >> (row - r);
	}
	return ~taken & ((1u << n) - 1);
}

#ifdef __cplusplus
}
#endif

#endif
