/* SPDX-License-Identifier: MIT
 *
 * sched/spawn.h - spawning for the runtime itself, and the record of special attributes.
 */
#ifndef COIRI_SPAWN_H
#define COIRI_SPAWN_H

#include "sched/fiber.h"

/* An empty record, or NULL. */
coiri_extra *coiri_extra_make(void);

/* Sets the name, cut to what fits. */
void coiri_extra_name(coiri_extra *extra, const char *name);

/* Spawns, from a plain thread, a fiber that is claimed and awaited already by `joiner` (see coiri_fiber), so that
 * nobody else can join or detach it. The record is freed on failure too. */
int coiri_spawn_awaited(coiri_extra *extra, coir_fn fn, void *arg, void *joiner);

/* The same with the calling thread as the joiner: returns when the fiber has ended. */
int coiri_run_awaited(coiri_extra *extra, coir_fn fn, void *arg, intptr_t *out);

#endif
