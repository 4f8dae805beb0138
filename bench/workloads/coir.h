/* SPDX-License-Identifier: MIT
 *
 * coir.h - what coir's own workloads share.
 */
#ifndef BENCH_COIR_H
#define BENCH_COIR_H

#include "../harness/peer.h"

#include <coir/coir.h>

/* One for each figure; each says in its file what it measures and how it checks. */
void bench_yield2(void);
void bench_yield2x(void);
void bench_yield1000(void);
void bench_parkpair(void);
void bench_spawnjoin1(void);
void bench_spawnjoin1000(void);
void bench_skynet(void);
void bench_fib(void);
void bench_nqueens(void);
void bench_uts(void);
void bench_matmul(void);
void bench_mergesort(void);
void bench_skewed_for(void);
void bench_mem(void);
void bench_wake(void);
void bench_timers(void);
void bench_pingpong(void);
void bench_chan_spsc(void);
void bench_chan_mpmc(void);
void bench_mutex(void);
void bench_generator(void);
void bench_pipeline10(void);

static inline coir_fiber bench_spawn(const coir_attr *attr, coir_fn fn, void *arg)
{
	coir_fiber f;
	int err = coir_spawn(attr, fn, arg, &f);

	if (__builtin_expect(err != 0, 0))
		peer_ok("coir_spawn", err);
	return f;
}

static inline intptr_t bench_join(coir_fiber f)
{
	intptr_t result;
	int err = coir_join(f, &result);

	if (__builtin_expect(err != 0, 0))
		peer_ok("coir_join", err);
	return result;
}

#endif
