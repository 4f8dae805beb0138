/* SPDX-License-Identifier: MIT
 *
 * mem.c - the workload mem: what 1,000,000 fibers cost that are parked for ever after one small call, with stacks and
 * guards as they are by default. The growth of VmRSS + VmPTE from before the first spawn. Checked: all have started.
 */
#include "coir.h"

#include <stdatomic.h>
#include <stdio.h>

static atomic_long parked;

static __attribute__((noinline)) long small_call(long n)
{
	asm volatile("" : "+r"(n));
	return n + 1;
}

static intptr_t park_for_ever(void *arg)
{
	atomic_fetch_add_explicit(&parked, small_call(0), memory_order_relaxed);
	for (;;)
		coir_park();
	return (intptr_t)arg;
}

void bench_mem(void)
{
	long n = peer_rounds(1000000);
	char params[32];

	if (peer_warming())
		return;
	int64_t before = peer_memory();
	for (long i = 0; i < n; i++)
		peer_ok("coir_go", coir_go(park_for_ever, NULL));
	while (atomic_load_explicit(&parked, memory_order_relaxed) < n)
		coir_yield();
	int64_t after = peer_memory();
	peer_check("parked", atomic_load(&parked), n);
	snprintf(params, sizeof(params), "n=%ld", n);
	peer_result("bytes/fiber", "bytes", (double)(after - before) / (double)n, n == 1000000 ? NULL : params);
}
