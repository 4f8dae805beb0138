/* SPDX-License-Identifier: MIT
 *
 * gorun/compile.h - from a C file to a shared object that can be loaded, by way of the cache.
 */
#ifndef GORUN_COMPILE_H
#define GORUN_COMPILE_H

#include "cache.h"

struct compiled {
	char *object; /* the shared object; it exists until compile_forget, mostly longer */
	char *work;   /* the folder it lies in when it was not fit for the cache, else NULL */
	struct cache cache;
};

/* Returns 0 or the launcher's exit code; why was said on stderr, by the compiler or in one line. */
int compile_program(struct compiled *compiled, const char *file, bool rebuild);

/* The object is loaded: what was made for this run alone can go. */
void compile_forget(struct compiled *compiled);

#endif
