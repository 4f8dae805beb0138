/* SPDX-License-Identifier: MIT
 *
 * stack/pool.h - the shared pools and the arenas under them, for room.c, which says when.
 */
#ifndef COIRI_POOL_H
#define COIRI_POOL_H

#include "stack/stack.h"

/* Makes the pools, or if there are some, takes over another runtime's settings. On failure what was there is. */
int coiri_pools_start(const coiri_stack_setup *setup);

/* Gives all memory back. forget: drops the tables and leaves the memory. */
void coiri_pools_stop(void);
void coiri_pools_forget(void);

#endif
