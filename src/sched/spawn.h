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

/* Spawns with that record, which is freed on failure too. */
int coiri_spawn_with(coiri_extra *extra, bool detached, coir_fn fn, void *arg, coir_fiber *out);

#endif
