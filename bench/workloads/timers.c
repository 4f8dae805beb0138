/* SPDX-License-Identifier: MIT
 *
 * timers.c - the workload timers: 1,000,000 fibers sleep once, uniform over one second. CPU time from the first spawn
 * to the last join, and how late they woke. Checked: each woke, none too early.
 */
#include "coir.h"

#include <errno.h>
#include <stdlib.h>

static double *late;

static intptr_t sleeper(void *arg)
{
	intptr_t self = (intptr_t)arg;
	int64_t nap = peer_nap(self);

	double deadline = peer_now() + (double)nap;
	int err = coir_sleep(nap);
	late[self] = peer_now() - deadline;
	return err;
}

void bench_timers(void)
{
	long n = peer_rounds(PEER_SLEEPERS);
	coir_fiber *f = calloc((size_t)n, sizeof(*f));

	if (!f)
		peer_ok("calloc", ENOMEM);
	late = peer_sleepers(n);
	double before = peer_cpu();
	for (intptr_t i = 0; i < n; i++)
		f[i] = bench_spawn(NULL, sleeper, (void *)i);
	for (long i = 0; i < n; i++)
		peer_ok("coir_sleep", (int)bench_join(f[i]));
	peer_timers_result(late, n, peer_cpu() - before);
	free(f);
}
