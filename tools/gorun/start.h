/* SPDX-License-Identifier: MIT
 *
 * gorun/start.h - the runtime as the launcher starts it.
 */
#ifndef GORUN_START_H
#define GORUN_START_H

#include <coir/coir.h>

/* Runs fn(arg) as the main fiber. Returns its result as an exit code, or the launcher's own after one line on
 * stderr, the library's or ours, when the runtime did not start. */
int start_runtime(const coir_config *config, coir_fn fn, void *arg);

/* Prints the runtime's figures on stderr when the process exits, however it does. */
void stats_at_exit(void);

#endif
