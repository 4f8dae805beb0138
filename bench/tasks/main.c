/* SPDX-License-Identifier: MIT
 *
 * main.c - the peer program of coir's tasks, linked with libcoir as any user's program is.
 */
#include "task.h"

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
		{"skynet", 1, COIR_WORKERS_MAX, bench_skynet},
		{"fib", 1, COIR_WORKERS_MAX, bench_fib},
		{"nqueens", 1, COIR_WORKERS_MAX, bench_nqueens},
		{"uts", 1, COIR_WORKERS_MAX, bench_uts},
		{"matmul", 1, COIR_WORKERS_MAX, bench_matmul},
		{"mergesort", 1, COIR_WORKERS_MAX, bench_mergesort},
		{"skewed_for", 1, COIR_WORKERS_MAX, bench_skewed_for},
		{NULL, 0, 0, NULL},
	};
	return peer_main(argc, argv, workloads, enter);
}
