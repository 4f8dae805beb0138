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

/* Spawns a fiber into a scope, which is its cold->home from its start: main(arg) runs as its entry, with fn in its
 * `joiner`, which nobody else will be: it is detached. attr may be NULL; so may out. Any thread. */
int coiri_spawn_into(void *scope, const coir_attr *attr, coir_fn main, coir_fn fn, void *arg, coir_fiber *out);

/* A fiber of w, which then must make it runnable. It is claimed already, and nobody will unpark it: it has a permit for
 * ever, so that coir_park goes the long way, and refuses. NULL: no memory. */
struct coiri_worker;
coiri_fiber *coiri_fiber_make(struct coiri_worker *w, coir_fn fn, void *arg, void *scope, coiri_extra *extra);

/* Spawns, from a plain thread, a fiber that is claimed and awaited already by `joiner` (see coiri_fiber), so that
 * nobody else can join or detach it. The record is freed on failure too. */
int coiri_spawn_awaited(coiri_extra *extra, coir_fn fn, void *arg, void *joiner);

/* The same with the calling thread as the joiner: returns when the fiber has ended. */
int coiri_run_awaited(coiri_extra *extra, coir_fn fn, void *arg, intptr_t *out);

#endif
