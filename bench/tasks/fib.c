/* SPDX-License-Identifier: MIT
 *
 * fib.c - the workload fib: at every node one of the two calls is forked and joined after the other. Checked: the number.
 */
#include "task.h"

COIR_TASK(long, fib, int, n)
{
	if (n < 2)
		return n;
	COIR_FORK(a, fib, n - 1);
	long b = fib(n - 2);
	return COIR_JOIN(a, fib) + b;
}

void bench_fib(void)
{
	int n = peer_fib_n(34);

	double start = peer_now();
	long got = fib(n);
	peer_fib_result(n, got, peer_now() - start);
}
