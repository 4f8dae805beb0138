/* SPDX-License-Identifier: MIT
 *
 * generator.c - the workloads generator and pipeline10: a coroutine that yields Fibonacci numbers (modulo 2^64), and ten
 * stages of coroutines, each adding one to what the one below yields. Checked: the sums.
 */
#include "coir.h"

COIR_GENERATOR(fibonacci, self, long, n)
{
	uint64_t a = 0, b = 1;

	for (long i = 0; i < n && coir_coro_yield(self, (intptr_t)a, NULL) == 0; i++) {
		uint64_t c = a + b;
		a = b;
		b = c;
	}
}

COIR_GENERATOR(integers, self, long, n)
{
	for (long i = 0; i < n && coir_coro_yield(self, i, NULL) == 0; i++)
		;
}

COIR_GENERATOR(plus_one, self, coir_coro *, below)
{
	coir_foreach (intptr_t, v, below)
		if (coir_coro_yield(self, v + 1, NULL))
			break;
}

void bench_generator(void)
{
	long n = peer_rounds(PEER_VALUES);
	uint64_t sum = 0;

	double start = peer_now();
	coir_foreach (uint64_t, v, fibonacci(n))
		sum += v;
	peer_generator_result(n, sum, peer_now() - start);
}

void bench_pipeline10(void)
{
	long n = peer_rounds(PEER_PIPELINE_ITEMS);
	int64_t sum = 0;

	double start = peer_now();
	coir_coro *stages = integers(n);
	for (int i = 1; i < PEER_STAGES; i++)
		stages = plus_one(stages);
	coir_foreach (int64_t, v, stages)
		sum += v;
	peer_pipeline_result(n, sum, peer_now() - start);
}
