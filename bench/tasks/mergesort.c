/* SPDX-License-Identifier: MIT
 *
 * mergesort.c - the workload mergesort: an array is sorted by halves, and its sorted halves merged by halves, a task for
 * one of the two each time. work/mergesort.h has the array. Checked: order and contents.
 */
#include "../work/mergesort.h"
#include "task.h"

COIR_TASK_VOID(merge, const struct merge *, m)
{
	struct merge half[2];

	if (!merge_split(m, half)) {
		merge_base(m);
		return;
	}
	COIR_FORK(other, merge, &half[1]);
	merge(&half[0]);
	COIR_JOIN(other, merge);
}

COIR_TASK_VOID(sort, const struct mergesort *, s)
{
	struct mergesort half[2];
	struct merge after;

	if (!mergesort_split(s, half, &after)) {
		mergesort_base(s);
		return;
	}
	COIR_FORK(other, sort, &half[1]);
	sort(&half[0]);
	COIR_JOIN(other, sort);
	merge(&after);
}

void bench_mergesort(void)
{
	struct mergesort whole = mergesort_make();

	double start = peer_now();
	sort(&whole);
	mergesort_result(&whole, peer_now() - start);
}
