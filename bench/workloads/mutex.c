/* SPDX-License-Identifier: MIT
 *
 * mutex.c - the workload mutex: 100 fibers lock one mutex, count up and unlock it. Checked: the counter.
 */
#include "coir.h"

static coir_mutex lock = COIR_MUTEX_INIT;
static long counter, rounds;

static intptr_t locker(void *arg)
{
	for (long i = 0; i < rounds; i++) {
		coir_mutex_lock(&lock);
		counter++;
		coir_mutex_unlock(&lock);
	}
	return (intptr_t)arg;
}

void bench_mutex(void)
{
	coir_fiber f[PEER_LOCKERS];

	rounds = peer_rounds(20000);
	counter = 0;
	double start = peer_now();
	for (int i = 0; i < PEER_LOCKERS; i++)
		f[i] = bench_spawn(NULL, locker, NULL);
	for (int i = 0; i < PEER_LOCKERS; i++)
		bench_join(f[i]);
	double ns = peer_now() - start;
	peer_check("counter", counter, PEER_LOCKERS * rounds);
	peer_result("ns/op", "ns", ns / (double)(PEER_LOCKERS * rounds), NULL);
}
