/* SPDX-License-Identifier: MIT
 *
 * mergesort.c - the workload mergesort: an array is sorted by halves, and its sorted halves merged by halves, a fiber for
 * one of the two each time. work/mergesort.h has the array. Checked: order and contents.
 */
#include "../work/mergesort.h"
#include "coir.h"

static void in_two(coir_fn fn, void *first, void *second)
{
	coir_fiber other = bench_spawn(NULL, fn, second);

	fn(first);
	bench_join(other);
}

static intptr_t merge(void *arg)
{
	struct merge half[2];

	if (merge_split(arg, half))
		in_two(merge, &half[0], &half[1]);
	else
		merge_base(arg);
	return 0;
}

static intptr_t sort(void *arg)
{
	struct mergesort half[2];
	struct merge after;

	if (!mergesort_split(arg, half, &after)) {
		mergesort_base(arg);
		return 0;
	}
	in_two(sort, &half[0], &half[1]);
	return merge(&after);
}

void bench_mergesort(void)
{
	struct mergesort whole = mergesort_make();

	double start = peer_now();
	sort(&whole);
	mergesort_result(&whole, peer_now() - start);
}
