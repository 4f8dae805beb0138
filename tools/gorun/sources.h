/* SPDX-License-Identifier: MIT
 *
 * gorun/sources.h - the files a program was compiled from, as the compiler told them (-MD), and their contents.
 *
 * One command to compile (compiler, flags, name of the file, folder) has one list: the files its last compilation
 * read. The list and the contents of those files together name the compiled program. So an unchanged program is
 * found without the compiler, a changed header is noticed, and a file that is touched but equal changes nothing.
 *
 * Not noticed: a new file that would now be found in place of a listed one because its folder is searched earlier;
 * --rebuild is for that.
 */
#ifndef GORUN_SOURCES_H
#define GORUN_SOURCES_H

#include "hash.h"
#include "util.h"

#include <time.h>

/* Adds the files that a make rule as compilers write it names behind its colon. Returns 0 or -errno. */
int sources_from_rule(const char *path, struct strings *files);

/* The list as the cache keeps it: names, each with a zero behind it. */
int sources_load(const char *path, struct strings *files);
int sources_save(const char *path, const struct strings *files);

/* Adds every name and content to *hash. Returns 0, or -errno when a file cannot be read. */
int sources_hash(const struct strings *files, hash128 *hash);

/* Has no file been changed since that time of CLOCK_REALTIME? */
bool sources_unchanged(const struct strings *files, const struct timespec *since);

#endif
