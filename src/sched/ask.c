/* SPDX-License-Identifier: MIT */
#include "sched/ask.h"
#include "base/clock.h"
#include "sched/policy.h"

bool coiri_ask_wait(coiri_ask *ask, uint64_t n)
{
	int64_t end = coiri_now() + coiri_the_policy.patience;
	do
		for (int i = 0; i < 8; i++) {
			/* acquire: pairs with the release in coiri_ask_grant */
			uint64_t granted = at_load_acquire(&ask->granted);
			if (granted == n || granted == COIRI_ASK_EVERY)
				return true;
			coiri_pause();
		}
	while (coiri_now() < end);
	return false;
}
