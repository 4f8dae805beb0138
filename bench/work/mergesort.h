/* SPDX-License-Identifier: MIT
 *
 * mergesort.h - the array of the workload mergesort, for every system: merge sort whose halves are sorted at the same
 * time, and whose merges are split in two likewise, so that the last of them does not leave all but one worker idle.
 */
#ifndef BENCH_MERGESORT_H
#define BENCH_MERGESORT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MERGESORT_BASE 2048 /* up to so many numbers are sorted, or merged, without splitting */

/* n numbers in `data` to sort, and as much room; which of the two the sorted ones end in. The halves of a sort end in
 * the other one, so that no merge has to be copied back. */
struct mergesort {
	int64_t *data, *room;
	long n;
	bool in_room;
};

/* Two sorted sequences that become one. */
struct merge {
	const int64_t *left, *right;
	long n_left, n_right;
	int64_t *out;
};

/* The whole, filled anew. */
struct mergesort mergesort_make(void);

/* The halves, and the merge to do after both: false if the array is small enough to be sorted as it is. */
bool mergesort_split(const struct mergesort *s, struct mergesort half[2], struct merge *after);

/* Two merges whose results come one after the other, split at the middle of the longer sequence: false if the merge is
 * small enough. */
bool merge_split(const struct merge *m, struct merge half[2]);

void mergesort_base(const struct mergesort *s);
void merge_base(const struct merge *m);

/* Checks order and contents and prints the figures. */
void mergesort_result(const struct mergesort *whole, double ns);

#ifdef __cplusplus
}
#endif

#endif
