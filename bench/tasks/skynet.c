/* SPDX-License-Identifier: MIT
 *
 * skynet.c - the workload skynet: every node forks ten tasks down to the leaves and joins them; a leaf's result is its
 * number. Checked: the sum.
 */
#include "task.h"

COIR_TASK(int64_t, sky, long, first, long, size)
{
	struct sky_task child[10];
	int64_t sum = 0;

	if (size == 1)
		return first;
	for (int i = 0; i < 10; i++)
		sky_fork(&child[i], first + i * (size / 10), size / 10);
	for (int i = 10; i-- > 0;)
		sum += sky_join(&child[i]);
	return sum;
}

void bench_skynet(void)
{
	long leaves = peer_leaves(1000000);

	double start = peer_now();
	int64_t sum = sky(0, leaves);
	peer_skynet_result(leaves, sum, peer_now() - start, "order=any");
}
