/* SPDX-License-Identifier: MIT
 *
 * support/child.h - running something that may die in a forked child, and looking at how it ended and what it said.
 */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct child {
	int status;      /* as waitpid gives it */
	int lines;       /* lines on stderr */
	char text[8192]; /* what it wrote to stderr */
};

/* Runs fn(arg) in a forked child: SIGSEGV, SIGBUS and SIGABRT at their defaults, no core file, a time limit. What fn
 * returns is the exit code. A failed must() in the child fails the caller too. Call it before a runtime starts. */
struct child run_child(int (*fn)(void *arg), void *arg);

bool child_exited(const struct child *c, int code);
bool child_killed(const struct child *c, int signal);

/* Died by abort() with a line of coir's own on stderr. */
bool child_refused(const struct child *c);

#ifdef __cplusplus
}
#endif

#endif
