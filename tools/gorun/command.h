/* SPDX-License-Identifier: MIT
 *
 * gorun/command.h - the compiler's command line: $CC $CPPFLAGS $CFLAGS ... $LDFLAGS ... $LDLIBS around what makes
 * a shared object of one C file against coir.
 *
 * The variables are split into words as a shell would ("-DX='a b'"), but run no commands.
 */
#ifndef GORUN_COMMAND_H
#define GORUN_COMMAND_H

#include "hash.h"
#include "util.h"
#include "where.h"

struct command {
	struct strings words; /* up to the folder to write to, which command_run adds */
	size_t compiler_words;
};

/* Returns 0 or the launcher's exit code, after one line on stderr. */
int command_make(struct command *command, const struct where *where, const char *file);

/* Adds all that the compiler's output depends on besides the contents of the files it reads: words, the folder it
 * runs in, the variables it looks at, the version of coir, which compiler it is (its file, size, time; not run). */
hash128 command_hash(const struct command *command, hash128 hash);

/* Compiles to FOLDER/object and writes the make rule FOLDER/rule. What the compiler says goes to stderr. Returns 0
 * or the launcher's exit code. */
int command_run(const struct command *command, const char *folder);

void command_free(struct command *command);

#endif
