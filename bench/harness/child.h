/* SPDX-License-Identifier: MIT
 *
 * child.h - running one peer program.
 */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stddef.h>

struct child_run {
	const char *path; /* without a slash: looked for in $PATH */
	char *const *argv;
	int first_core, cores; /* what it is pinned to; no cores: not pinned */
	int timeout;           /* s */
	const char *folder;    /* what it runs in; NULL: in ours */
};

/* The number of the i-th core that this process may use, from 0, or -1. */
int child_core(int i);

/* Runs the program and stores what it prints, zero-terminated and cut to size. Returns 0, or -1 if it could not run,
 * failed or took too long; why[] then says what happened. */
int child_output(const struct child_run *run, char *out, size_t size, char *why, size_t why_size);

#endif
