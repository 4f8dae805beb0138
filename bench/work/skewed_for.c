/* SPDX-License-Identifier: MIT
 *
 * skewed_for.c - see skewed_for.h. Step i makes i/50 further numbers of a xorshift generator, one depending on the other.
 * Checked: the sum over all steps of the last ones.
 */
#include "skewed_for.h"
#include "../harness/peer.h"

#include <stdio.h>
#include <string.h>

#define STEPS         100000
#define STEPS_A_ROUND 50

static uint64_t step(long i)
{
	uint64_t x = peer_random(i);

	for (long k = i / STEPS_A_ROUND; k > 0; k--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

struct skewed_for skewed_for_make(void)
{
	static uint64_t result[STEPS];
	struct skewed_for loop = {result, peer_leaves(STEPS)};

	memset(result, 0, sizeof(result));
	peer_peak_from_here();
	return loop;
}

void skewed_for_steps(const struct skewed_for *loop, long begin, long end)
{
	for (long i = begin; i < end; i++)
		loop->result[i] = step(i);
}

void skewed_for_result(const struct skewed_for *loop, double ns)
{
	char text[32];
	const char *params = loop->n == STEPS ? NULL : text;
	uint64_t sum = 0, wanted = 0;

	snprintf(text, sizeof(text), "n=%ld", loop->n);
	for (long i = 0; i < loop->n; i++) {
		sum += loop->result[i];
		wanted += step(i);
	}
	peer_check("sum", (int64_t)sum, (int64_t)wanted);
	peer_result("ms", "ms", ns / 1e6, params);
	peer_peak_result(params);
}
