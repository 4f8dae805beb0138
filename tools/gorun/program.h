/* SPDX-License-Identifier: MIT
 *
 * gorun/program.h - running a file: a C file, which is compiled first, or a shared object, by its main.
 *
 * A program in the language of goroutines has no runtime to start: its main is called as the main fiber, and what
 * it returns is the exit code; exit() in any fiber works. A program that starts the runtime itself, that is, one
 * that imports coir_run or coir_start, is called in the plain main thread just as if it had been linked, and gets
 * the launcher's options through the COIR_ variables. So the same file runs both ways.
 */
#ifndef GORUN_PROGRAM_H
#define GORUN_PROGRAM_H

#include "options.h"

#include <stdbool.h>

/* Is the word a file's name, and not a demo's? */
bool program_is_file(const char *word);

/* Runs argv[0] with the NULL-ended argv. Returns the exit code, the program's or the launcher's. */
int program_run(const struct options *options, int argc, char **argv);

#endif
