/* SPDX-License-Identifier: MIT
 *
 * base/membarrier.h - an asymmetric fence: free for the side that runs often, dear for the side that runs seldom.
 *
 * coiri_light_fence orders the compiler only; coiri_heavy_fence makes every other thread of the process execute a full
 * fence (membarrier(2), an interrupt to each processor that runs one of them: 1 to 2 us here;
 * docs/decisions/0002-queues.md). So in Dekker's pattern
 *
 *        often                          seldom
 *        store A                        store B
 *        light fence                    heavy fence
 *        load B                         load A
 *
 * at least one side sees the other's store, as with a full fence on both. Where the kernel has no membarrier (or an
 * emulator refuses it) the light fence is a full one: coiri_fence_setup decides, before there are workers.
 * Source of the idea: asymmetric Dekker synchronisation (Dice, Huang, Yang, 2001); folly's AsymmetricMemoryBarrier.
 */
#ifndef COIRI_BASE_MEMBARRIER_H
#define COIRI_BASE_MEMBARRIER_H

#include "base/atomic.h"

extern bool coiri_fence_symmetric;

void coiri_fence_setup(void);
void coiri_heavy_fence(void);

COIRI_INLINE void coiri_light_fence(void)
{
	at_fence_compiler();
	if (unlikely(coiri_fence_symmetric))
		at_fence_seq_cst();
}

#endif
