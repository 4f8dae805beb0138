/* SPDX-License-Identifier: MIT
 *
 * sched/cancel.h - asking a fiber to end, for coir_cancel and for scopes.
 *
 * Cancellation is a bit of the state word, for good (COIRI_CANCEL) or while a scope lasts (COIRI_SCOPED), and it is
 * level-triggered: every cancellation point looks at it first. One who waits already is reached through its wait: see
 * wait.h for why none is lost. The two steps are apart, so that many fibers can be cancelled behind one heavy fence.
 */
#ifndef COIRI_SCHED_CANCEL_H
#define COIRI_SCHED_CANCEL_H

#include "sched/fiber.h"

struct coiri_worker;

/* Step one: sets `bit`, and makes the fiber runnable if it parks (coir_park). -ESRCH: it has ended. w: the calling
 * worker, or NULL in a plain thread, which has entered. */
int coiri_cancel_mark(struct coiri_worker *w, coir_fiber h, uint64_t bit);

/* Step two, after a heavy fence: ends its wait, if it waits at a cancellation point. */
void coiri_cancel_reach(struct coiri_worker *w, coir_fiber h);

/* Both, with the fence. */
int coiri_cancel_fiber(struct coiri_worker *w, coir_fiber h, uint64_t bit);

/* The current fiber leaves a cancelled scope, and none around it is cancelled. */
void coiri_cancel_lift(coiri_fiber *me);

#endif
