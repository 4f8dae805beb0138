/* SPDX-License-Identifier: MIT
 *
 * sched/local.h - fiber-local storage: a table for each fiber that uses it, made at its first set.
 */
#ifndef COIRI_LOCAL_H
#define COIRI_LOCAL_H

#include "sched/fiber.h"

/* Runs the destructors of the calling fiber, up to COIR_DESTRUCTOR_ITERATIONS rounds, and frees the table. May park. */
void coiri_locals_end(coiri_cold *cold);

/* What scopes do at a fiber's end (set by that room): runs its deferred handlers; leaves the scope that it belongs to.
 * Or, if it will not run again: frees the handlers. */
struct coiri_cold;
extern void (*coiri_run_defers)(struct coiri_cold *cold);
extern void (*coiri_drop_defers)(struct coiri_cold *cold);
extern void (*coiri_leave_scope)(struct coiri_cold *cold, intptr_t result);

COIRI_INLINE bool coiri_has_end_work(const coiri_cold *cold)
{
	return ((uintptr_t)at_load_relaxed(&cold->locals) | (uintptr_t)cold->defers | (uintptr_t)cold->scope) != 0;
}

/* The fiber's function has returned, its fiber has not ended: deferred handlers, then destructors of its fiber-local
 * storage, then its scope. All of it in the fiber: it may park. */
void coiri_end_work(coiri_cold *cold, intptr_t result);

/* Frees the table of a fiber that will not run again. */
void coiri_locals_drop(coiri_cold *cold);

/* In a forked child. */
void coiri_locals_forked(void);
void coiri_names_forked(void);

#endif
