/* SPDX-License-Identifier: MIT
 *
 * machine.h - what is measured on.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stddef.h>

/* How many processors this process may use at once, not counting the first ones of its affinity mask. 0: none is left.
 * A quota of its control groups counts as so many whole ones. */
int machine_processors(int leave_out);

/* Writes "PROCESSOR, Linux VERSION"; returns text. */
const char *machine_name(char *text, size_t size);

#endif
