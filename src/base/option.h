/* SPDX-License-Identifier: MIT
 *
 * base/option.h - the one table of options and how they are resolved.
 *
 * An option can be set in coir_config, in the environment, or not at all; a config field that is not zero wins over
 * the environment, that over the default. An empty variable counts as unset. A value that is not allowed is an error
 * that names the option, what was given and what is allowed; it is never replaced silently.
 */
#ifndef COIRI_BASE_OPTION_H
#define COIRI_BASE_OPTION_H

#include "base/compiler.h"
#include <coir/runtime.h>
#include <stdio.h>

typedef enum coiri_option_source {
	COIRI_FROM_DEFAULT,
	COIRI_FROM_ENV,
	COIRI_FROM_CONFIG,
} coiri_option_source;

/* The rows of the table. */
enum {
	COIRI_OPTION_WORKERS,
	COIRI_OPTION_PIN,
	COIRI_OPTION_STACK,
	COIRI_OPTION_MAIN_STACK,
	COIRI_OPTION_GUARD,
	COIRI_OPTION_WIPE_STACKS,
	COIRI_OPTION_OVERFLOW_REPORT,
	COIRI_OPTION_CLOCK,
	COIRI_OPTION_SEED,
	COIRI_OPTIONS
};

#define COIRI_PIN_LIST_SIZE 4096

typedef struct coiri_options {
	unsigned workers;                   /* 0: one for each processor the process may use */
	coir_pin pin;                       /* never COIR_PIN_DEFAULT */
	char pin_list[COIRI_PIN_LIST_SIZE]; /* well formed, for COIR_PIN_LIST; else empty */
	size_t stack_size;
	size_t main_stack; /* RLIMIT_STACK is looked up already: never 0 */
	coir_guard guard;  /* never COIR_GUARD_DEFAULT */
	bool wipe_stacks;
	bool overflow_report;
	coir_clock clock; /* never COIR_CLOCK_DEFAULT; one that is not real has one worker */
	uint64_t seed;
	coiri_option_source source[COIRI_OPTIONS];
} coiri_options;

/* Resolves every option from cfg (may be NULL), the environment and the defaults. -EINVAL after one line that says
 * what is wrong. */
int coiri_options_resolve(coiri_options *out, const coir_config *cfg);

/* Writes one line for each option: name, value, where the value came from (default, the variable, or config), help
 * with the variable and the default. */
void coiri_options_print(const coiri_options *o, FILE *stream);

/* Takes the next "4" or "4-7" off a list of processors such as "0,2,4-7" and moves *cursor past it. Returns 1, 0 at
 * the end of the text, -EINVAL where it is no such list. */
int coiri_cpu_list_next(const char **cursor, unsigned *first, unsigned *last);

#endif
