/* SPDX-License-Identifier: MIT
 *
 * main.c - the peer program of coir itself: linked with libcoir as any user's program is.
 */
#include "coir.h"

static intptr_t call(void *arg)
{
	void (**body)(void) = arg;

	(*body)();
	return 0;
}

static void enter(int workers, void (*body)(void))
{
	coir_config cfg = COIR_CONFIG_INIT;

	cfg.workers = (unsigned)workers;
	peer_ok("coir_run", coir_run(&cfg, call, &body, NULL));
}

int main(int argc, char **argv)
{
	static const struct peer_workload workloads[] = {
		{"yield2", 1, 1, bench_yield2},
		{"yield2x", 1, 1, bench_yield2x},
		{"yield1000", 1, 1, bench_yield1000},
		{"parkpair", 1, COIR_WORKERS_MAX, bench_parkpair},
		{"spawnjoin1", 1, COIR_WORKERS_MAX, bench_spawnjoin1},
		{"spawnjoin1000", 1, COIR_WORKERS_MAX, bench_spawnjoin1000},
		{"skynet", 1, COIR_WORKERS_MAX, bench_skynet},
		{"fib", 1, COIR_WORKERS_MAX, bench_fib},
		{"nqueens", 1, COIR_WORKERS_MAX, bench_nqueens},
		{"uts", 1, COIR_WORKERS_MAX, bench_uts},
		{"matmul", 1, COIR_WORKERS_MAX, bench_matmul},
		{"mergesort", 1, COIR_WORKERS_MAX, bench_mergesort},
		{"skewed_for", 1, COIR_WORKERS_MAX, bench_skewed_for},
		{"mem", 1, 1, bench_mem},
		{"wake", 2, 2, bench_wake},
		{"timers", 1, COIR_WORKERS_MAX, bench_timers},
		{"pingpong", 1, COIR_WORKERS_MAX, bench_pingpong},
		{"chan_spsc", 1, COIR_WORKERS_MAX, bench_chan_spsc},
		{"chan_mpmc", 1, COIR_WORKERS_MAX, bench_chan_mpmc},
		{"mutex", 1, COIR_WORKERS_MAX, bench_mutex},
		{"generator", 1, 1, bench_generator},
		{"pipeline10", 1, 1, bench_pipeline10},
		{NULL, 0, 0, NULL},
	};
	return peer_main(argc, argv, workloads, enter);
}
