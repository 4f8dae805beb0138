/* SPDX-License-Identifier: MIT
 *
 * demos/count.h - lines, words and bytes as GNU wc counts them in the POSIX locale.
 *
 * A word begins at the first printing character that is no white space, and ends at white space. What is neither
 * (control characters, bytes from 0x80 up) neither begins a word nor ends one: coreutils 9.1, wc.c, and checked
 * against it byte for byte.
 */
#ifndef DEMOS_COUNT_H
#define DEMOS_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct count {
	uint64_t lines;
	uint64_t words;
	uint64_t bytes;
	bool in_word; /* at the end of what was counted so far; false at a file's start */
};

/* Counts the next `size` bytes of a file. */
void count_bytes(struct count *count, const unsigned char *data, size_t size);

#endif
