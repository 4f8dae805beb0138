/* SPDX-License-Identifier: MIT */
#include "sched/next.h"

coiri_fiber *coiri_next_swap_slow(coiri_next *slot, coiri_fiber *expected, coiri_fiber *f)
{
	at_store_release(&slot->busy, false); /* pairs with the acquire in steal */
	coiri_lock_acquire(&slot->lock);
	coiri_fiber *found = at_load_relaxed(&slot->fiber); /* what was seen, or NULL: only the owner fills it */
	at_store_release(&slot->fiber, f);
	coiri_lock_release(&slot->lock);
	return found == expected ? found : NULL;
}

bool coiri_next_steal(coiri_next *slot, coiri_fiber *f)
{
	if (!coiri_lock_try(&slot->lock))
		return false;
	at_store_relaxed(&slot->wanted, true);
	coiri_heavy_fence(); /* pairs with the light fence in swap */
	/* acquire: pairs with the releases of busy and, if f was put there since it was last looked at, of fiber */
	bool taken = !at_load_acquire(&slot->busy) && at_load_acquire(&slot->fiber) == f;
	if (taken)
		at_store_relaxed(&slot->fiber, NULL);
	at_store_release(&slot->wanted, false); /* pairs with the acquire in swap */
	coiri_lock_release(&slot->lock);
	return taken;
}
