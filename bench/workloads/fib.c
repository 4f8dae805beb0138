/* SPDX-License-Identifier: MIT
 *
 * fib.c - the workload fib: at every node one of the two calls is spawned and joined after the other. Checked: the
 * number.
 */
#include "coir.h"

static intptr_t fib(void *arg)
{
	intptr_t n = (intptr_t)arg;

	if (n < 2)
		return n;
	coir_fiber child = bench_spawn(NULL, fib, (void *)(n - 1));
	intptr_t b = fib((void *)(n - 2));
	return bench_join(child) + b;
}

void bench_fib(void)
{
	int n = peer_fib_n(30);

	double start = peer_now();
	intptr_t got = fib((void *)(intptr_t)n);
	peer_fib_result(n, got, peer_now() - start);
}
