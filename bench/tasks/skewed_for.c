/* SPDX-License-Identifier: MIT
 *
 * skewed_for.c - the workload skewed_for: a loop whose steps become longer and longer, by coir_parallel_for with
 * automatic grain. work/skewed_for.h has the loop. Checked: the sum of the results.
 */
#include "../work/skewed_for.h"
#include "task.h"

static int steps(int64_t lo, int64_t hi, void *arg)
{
	skewed_for_steps(arg, lo, hi);
	return 0;
}

void bench_skewed_for(void)
{
	struct skewed_for loop = skewed_for_make();

	double start = peer_now();
	peer_ok("coir_parallel_for", coir_parallel_for(0, loop.n, 0, steps, &loop));
	skewed_for_result(&loop, peer_now() - start);
}
