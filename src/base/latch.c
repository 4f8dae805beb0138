/* SPDX-License-Identifier: MIT */
#include "base/latch.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#define SPINS  200u
#define YIELDS 20u
#define NAP    50000 /* ns */

/* The i-th look was in vain. */
static void wait_a_little(unsigned i)
{
	int saved = errno;
	if (i < SPINS)
		coiri_pause();
	else if (i < SPINS + YIELDS)
		sched_yield();
	else
		nanosleep(&(struct timespec){.tv_nsec = NAP}, NULL);
	errno = saved;
}

void coiri_latch_slow(coiri_latch *latch)
{
	uint32_t free = 0;
	/* acquire: pairs with the release in coiri_latch_release */
	for (unsigned i = 0; at_load_relaxed(&latch->held) != 0 || !at_cas_acquire(&latch->held, &free, 1); i++) {
		wait_a_little(i);
		free = 0;
	}
}

void coiri_latch_unbias(coiri_latch *latch)
{
	at_store_relaxed(&latch->owner, 0);
	coiri_heavy_fence(); /* pairs with the light fence in coiri_latch_acquire_as */
	/* acquire: pairs with the release in coiri_latch_release */
	for (unsigned i = 0; at_load_acquire(&latch->busy); i++)
		wait_a_little(i);
}
