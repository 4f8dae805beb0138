/* SPDX-License-Identifier: MIT
 *
 * gorun/util.h - what every part of the launcher needs: its exit codes, one way to complain, text that is
 * allocated or the launcher ends, lists of strings, numbers read from words.
 *
 * The launcher's own failures end in one line on stderr that starts with "gorun: ".
 */
#ifndef GORUN_UTIL_H
#define GORUN_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The exit code is the program's own, except where there was no program to run. --help lists these. */
enum {
	EXIT_OWN_FAILURE = 1,  /* the C file did not compile; the runtime could not start */
	EXIT_BAD_USAGE = 2,    /* an option, an argument or a COIR_ variable is wrong */
	EXIT_NOT_LOADED = 126, /* the file is there but cannot be run */
	EXIT_NOT_FOUND = 127   /* no such file, no such demo */
};

/* "gorun: ...\n" on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, ending in "; see gorun --help". */
void complain_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* sprintf into memory of its own; ends the launcher when there is none. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A growing list of strings of its own, always ended by a NULL: fit for execv. All zero is empty. */
struct strings {
	char **item;
	size_t count;
	size_t room;
};

void strings_add(struct strings *list, const char *item);
void strings_free(struct strings *list);

/* Reads a whole decimal number from least to most. False: it is none, or out of range. */
bool read_number(const char *word, uint64_t least, uint64_t most, uint64_t *out);

/* The same with an optional k, M or G (1024 and its powers) behind. */
bool read_size(const char *word, uint64_t least, uint64_t most, uint64_t *out);

/* Reads a whole file into memory of its own, with a zero behind it. Returns 0 or -errno. */
int read_file(const char *path, char **data, size_t *size);

#endif
