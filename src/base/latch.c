/* SPDX-License-Identifier: MIT */
#include "base/latch.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#define SPINS  200
#define YIELDS 20
#define NAP    50000 /* ns */

void coiri_latch_slow(coiri_latch *latch)
{
	int saved = errno;
	for (unsigned i = 0; !coiri_latch_try(latch); i++) {
		if (i < SPINS)
			coiri_pause();
		else if (i < SPINS + YIELDS)
			sched_yield();
		else
			nanosleep(&(struct timespec){.tv_nsec = NAP}, NULL);
	}
	errno = saved;
}
