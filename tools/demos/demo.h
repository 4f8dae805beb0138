/* SPDX-License-Identifier: MIT
 *
 * demos/demo.h - what a demo is to the launcher, and what the launcher's side offers to demos.
 *
 * A demo is a program of fibers with a result that it checks itself. Its run function is called as the main fiber
 * and returns the exit code: 0 only if the result is right. The launcher prints the report when the runtime has
 * stopped, so the figures in it are exact.
 */
#ifndef DEMOS_DEMO_H
#define DEMOS_DEMO_H

#include <stdbool.h>
#include <stdint.h>

struct demo_report {
	char result[200]; /* one line; empty: no report */
	int64_t ns;       /* what the work itself took */
};

struct demo {
	const char *name;
	const char *arguments; /* as a usage line has them */
	const char *summary;   /* a few words */
	const char *details;   /* what gorun DEMO --help says */
	int (*run)(struct demo_report *report, int argc, char **argv);
};

extern const struct demo demo_skynet, demo_wc, demo_primes, demo_ring, demo_nqueens;

/* All of them; the last is NULL. */
extern const struct demo *const demos[];

/* Reads argument `index` of a demo, a whole number from least to most that the usage line calls `name`; otherwise
 * says so on stderr. An argument that is not there leaves *value as it is. */
bool demo_number(int argc, char **argv, int index, const char *name, uint64_t least, uint64_t most, uint64_t *value);

/* False, after a line on stderr, when there are more than `most` arguments. */
bool demo_count(int argc, char **argv, int most);

/* Says on stderr what the argument called `name` is, and that `word` is none. Returns the exit code 2. */
int demo_refused(char **argv, const char *name, const char *what, const char *word);

/* One line on stderr under the demo's name: no memory, a call that failed. Returns the exit code 1. */
int demo_failed(const char *name, const char *what, int error);

/* Nanoseconds of a monotonic clock. */
int64_t demo_now(void);

#endif
