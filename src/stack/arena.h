/* SPDX-License-Identifier: MIT
 *
 * stack/arena.h - address space for stacks, one mapping for thousands of slots.
 *
 * An arena is one private anonymous mapping, readable and writable, without swap reservation and without huge pages
 * (one would commit 2 MiB for the first touched byte). Arenas of a (node, class) double in size up to a limit; where
 * the kernel refuses one (RLIMIT_AS, overcommit), a smaller one is tried, down to a single slot. The list of arenas
 * only grows while the runtime runs, so that a signal handler can walk it.
 */
#ifndef COIRI_ARENA_H
#define COIRI_ARENA_H

#include "stack/stack.h"

/* Takes up to *count untouched slots: returns the end (highest address) of the topmost and how many follow below it in
 * *count. NULL: no address space. The caller holds the lock of that (node, class). */
char *coiri_arena_carve(unsigned node, unsigned class, unsigned *count);

/* May be called again, while no other thread uses stacks: arenas that are there stay. */
int coiri_arenas_start(const coiri_stack_setup *setup);
void coiri_arenas_stop(void);
void coiri_arenas_forget(void);

/* The slot's colour, from its number in the arena: bytes to leave free at its end. */
unsigned coiri_arena_colour(const char *slot_end, unsigned class);

bool coiri_arena_guard_hit(const void *address, size_t *size);

/* The end of the slot in which the address lies, and its class; NULL: in none. */
char *coiri_arena_slot_end(const void *address, unsigned *class);
uint64_t coiri_arena_bytes(void);

#endif
