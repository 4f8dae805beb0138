/* SPDX-License-Identifier: MIT
 *
 * sched/local.h - fiber-local storage: a table for each fiber that uses it, made at its first set.
 */
#ifndef COIRI_LOCAL_H
#define COIRI_LOCAL_H

/* Runs the destructors of the calling fiber, up to COIR_DESTRUCTOR_ITERATIONS rounds, and frees the table. May park. */
void coiri_locals_end(void ***locals);

/* Frees the table of a fiber that will not run again. */
void coiri_locals_drop(void **locals);

/* In a forked child. */
void coiri_locals_forked(void);

#endif
