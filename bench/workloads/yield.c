/* SPDX-License-Identifier: MIT
 *
 * yield.c - the workloads yield2, yield2x and yield1000: fibers on one worker yield in turn.
 *
 * In yield2x the two run different functions: a switch that leans on return prediction is slower there. yield1000 also
 * watches how far the counts drift apart. Checked: the yields that each fiber counted.
 */
#include "coir.h"

#define MOST 1000

static int32_t counts[MOST];
static struct peer_spread spread;
static int32_t rounds;

static intptr_t yielder(void *arg)
{
	int32_t *count = arg;
	int32_t look = spread.fibers > 2 ? peer_first_look((int)(count - counts)) : -1;

	for (int32_t k = 0; k < rounds; k++) {
		*count = k;
		if (k == look) {
			peer_look(&spread);
			look += spread.fibers;
		}
		coir_yield();
	}
	*count = rounds;
	return rounds;
}

static intptr_t other_yielder(void *arg)
{
	int32_t *count = arg;

	while (*count < rounds) {
		++*count;
		coir_yield();
	}
	return *count;
}

static void yields(int fibers, long full_rounds, coir_fn second)
{
	static coir_fiber f[MOST];
	long sum = 0, counted = 0;

	rounds = (int32_t)peer_rounds(full_rounds);
	spread = (struct peer_spread){counts, fibers, 0};
	for (int i = 0; i < fibers; i++)
		counts[i] = 0;
	double start = peer_now();
	for (int i = 0; i < fibers; i++)
		f[i] = bench_spawn(NULL, i == 1 ? second : yielder, &counts[i]);
	for (int i = 0; i < fibers; i++)
		sum += bench_join(f[i]);
	double ns = peer_now() - start;
	for (int i = 0; i < fibers; i++)
		counted += counts[i];
	peer_check("yields", sum, (int64_t)fibers * rounds);
	peer_check("yields counted", counted, (int64_t)fibers * rounds);
	peer_result("ns/yield", "ns", ns / ((double)fibers * rounds), NULL);
	if (fibers > 2)
		peer_result("spread", "yields", spread.worst, NULL);
}

void bench_yield2(void)
{
	yields(2, 5000000, yielder);
}

void bench_yield2x(void)
{
	yields(2, 5000000, other_yielder);
}

void bench_yield1000(void)
{
	yields(1000, 5000, yielder);
}
