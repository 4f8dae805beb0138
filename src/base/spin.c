/* SPDX-License-Identifier: MIT */
#include "base/spin.h"
#include "base/atomic.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#define SPINS  200u
#define YIELDS 20u
#define NAP    50000 /* ns */

void coiri_spin_wait(unsigned i)
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
