/* SPDX-License-Identifier: MIT
 *
 * spawnjoin.c - the workloads spawnjoin1 and spawnjoin1000: a fiber spawns 1 or 1000 empty ones, then joins them in the
 * order they were spawned. Checked: the sum of what the fibers hand back, each its own number.
 */
#include "coir.h"

#define MOST 1000

static intptr_t empty(void *arg)
{
	return (intptr_t)arg;
}

void bench_spawnjoin1(void)
{
	long n = peer_rounds(1000000);
	int64_t sum = 0;

	double start = peer_now();
	for (intptr_t i = 0; i < n; i++)
		sum += bench_join(bench_spawn(NULL, empty, (void *)i));
	double ns = peer_now() - start;
	peer_check("sum", sum, (int64_t)n * (n - 1) / 2);
	peer_result("ns/fiber", "ns", ns / (double)n, NULL);
}

void bench_spawnjoin1000(void)
{
	static coir_fiber f[MOST];
	long n = peer_rounds(1000);
	int64_t sum = 0;

	double start = peer_now();
	for (long i = 0; i < n; i++) {
		for (intptr_t k = 0; k < MOST; k++)
			f[k] = bench_spawn(NULL, empty, (void *)k);
		for (int k = 0; k < MOST; k++)
			sum += bench_join(f[k]);
	}
	double ns = peer_now() - start;
	peer_check("sum", sum, (int64_t)n * MOST * (MOST - 1) / 2);
	peer_result("ns/fiber", "ns", ns / (double)(n * MOST), NULL);
}
