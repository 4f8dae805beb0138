/* SPDX-License-Identifier: MIT
 *
 * parkpair.c - the workload parkpair: two fibers in turn unpark the other and park. Checked: the round trips of each.
 */
#include "coir.h"

struct pair {
	coir_fiber first, second;
	long rounds;
};

/* Parks before it needs the first one's handle. */
static intptr_t answer(void *arg)
{
	struct pair *p = arg;
	long pongs = 0;

	for (long i = 0; i < p->rounds; i++) {
		coir_park();
		pongs++;
		coir_unpark(p->first);
	}
	return pongs;
}

static intptr_t ask(void *arg)
{
	struct pair *p = arg;
	long pings = 0;

	coir_self(&p->first);
	for (long i = 0; i < p->rounds; i++) {
		coir_unpark(p->second);
		coir_park();
		pings++;
	}
	return pings;
}

void bench_parkpair(void)
{
	struct pair p = {.rounds = peer_rounds(1000000)};

	double start = peer_now();
	p.second = bench_spawn(NULL, answer, &p);
	coir_fiber first = bench_spawn(NULL, ask, &p);
	int64_t trips = bench_join(first) + bench_join(p.second);
	double ns = peer_now() - start;
	peer_check("round trips", trips, 2 * p.rounds);
	peer_result("ns/roundtrip", "ns", ns / (double)p.rounds, NULL);
}
