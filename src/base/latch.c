/* SPDX-License-Identifier: MIT */
#include "base/latch.h"
#include "base/spin.h"

#define MOST_BIASES 4 /* 128 times 4^4 is what the streak can count to */

void coiri_latch_slow(coiri_latch *latch)
{
	uint32_t free = 0;
	/* acquire: pairs with the release in coiri_latch_release */
	for (unsigned i = 0; at_load_relaxed(&latch->held) != 0 || !at_cas_acquire(&latch->held, &free, 1); i++) {
		coiri_spin_wait(i);
		free = 0;
	}
}

/* Under `held`: who came last, has come often enough. */
void coiri_latch_bias(coiri_latch *latch)
{
	bool allowed = COIRI_LATCH_BIAS && (latch->favourite == 0 || latch->favourite == latch->last);
	latch->streak = 0;
	if (!allowed || latch->last == 0)
		return;
	latch->favourite = latch->last;
	if (latch->biases < MOST_BIASES)
		latch->biases++;
	at_store_relaxed(&latch->owner, latch->last);
}

void coiri_latch_unbias(coiri_latch *latch)
{
	at_store_relaxed(&latch->owner, 0);
	coiri_heavy_fence(); /* pairs with the light fence in coiri_latch_acquire_as */
	/* acquire: pairs with the release in coiri_latch_release */
	for (unsigned i = 0; at_load_acquire(&latch->busy); i++)
		coiri_spin_wait(i);
}
