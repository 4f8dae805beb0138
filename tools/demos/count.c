/* SPDX-License-Identifier: MIT */
#include "count.h"

/* What a byte does to "in a word": sets it, clears it, keeps it. As masks, so that the loop has no branch. */
enum { SET = 1, KEEP = 2 };

static const uint8_t effect[256] = {
	[0 ... 8] = KEEP, ['\t' ... '\r'] = 0, [14 ... 31] = KEEP, [' '] = 0, ['!' ... '~'] = SET, [127 ... 255] = KEEP,
};

void count_bytes(struct count *count, const unsigned char *data, size_t size)
{
	unsigned in = count->in_word;
	uint64_t lines = 0, words = 0;
	for (size_t i = 0; i < size; i++) {
		unsigned what = effect[data[i]];
		unsigned next = (in & what >> 1) | (what & SET);
		words += next & ~in;
		lines += data[i] == '\n';
		in = next;
	}
	count->lines += lines;
	count->words += words;
	count->bytes += size;
	count->in_word = in;
}
