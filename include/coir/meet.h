/* SPDX-License-Identifier: MIT
 *
 * coir/meet.h - waiting for others to have come to a point: wait groups, events, once, barriers.
 *
 * Fibers and plain threads, which block. Where not said otherwise, a wait group, an event or a barrier may be freed by
 * who waited for it as soon as nobody else is going to use it.
 */
#ifndef COIR_MEET_H
#define COIR_MEET_H

#include <coir/mutex.h>

COIR_BEGIN_DECLS

/* ---- wait groups: so many things are still to be done (Go's sync.WaitGroup) ---- */

typedef struct coir_wait_group {
	coir_waiting waiting;
	int64_t count;
	coir_latch latch;
} coir_wait_group;

#define COIR_WAIT_GROUP_INIT                          \
	{                                             \
		COIR_WAITING_INIT, 0, COIR_LATCH_INIT \
	}

/* Makes g a group with nothing to wait for, whatever it was; ends its use, which only checks (-EBUSY: somebody waits).
 * Any thread, also without a runtime; never park. -EINVAL: g NULL. */
COIR_API int coir_wait_group_init(coir_wait_group *g);
COIR_API int coir_wait_group_destroy(coir_wait_group *g);

/* n more (or, below 0, fewer) things are to be done; at 0 all that wait go on. Never parks.
 * Errors: -EINVAL (g NULL; fewer than none: nothing was changed), -EPERM (no runtime). */
COIR_API int coir_wait_group_add(coir_wait_group *g, int32_t n);

/* One fewer. */
COIR_API int coir_wait_group_done(coir_wait_group *g);

/* Waits until nothing is to be done. Parks in a fiber, blocks in a plain thread. Cancellation point: -ECANCELED.
 * Errors: -EINVAL (g NULL), -EPERM (no runtime, or it has ended meanwhile). */
COIR_API int coir_wait_group_wait(coir_wait_group *g);

/* Until the deadline at the latest: -ETIMEDOUT. At once or not at all: -EAGAIN, never parks, no cancellation point. */
COIR_API int coir_wait_group_wait_until(coir_wait_group *g, coir_time deadline);
COIR_API int coir_wait_group_try_wait(coir_wait_group *g);

/* ---- events: something has happened, until it is reset ---- */

typedef struct coir_event {
	coir_waiting waiting;
	coir_latch latch;
	uint32_t happened, spare;
} coir_event;

#define COIR_EVENT_INIT                                  \
	{                                                \
		COIR_WAITING_INIT, COIR_LATCH_INIT, 0, 0 \
	}

/* As a wait group's. */
COIR_API int coir_event_init(coir_event *e);
COIR_API int coir_event_destroy(coir_event *e);

/* It has happened: all that wait go on, and who comes later does not wait. Never parks. -EINVAL, -EPERM (no runtime). */
COIR_API int coir_event_set(coir_event *e);

/* It has not happened. Who was let go before stays so. Never parks. -EINVAL, -EPERM. */
COIR_API int coir_event_reset(coir_event *e);

/* Waits until it has happened. Forms and errors as coir_wait_group_wait's. */
COIR_API int coir_event_wait(coir_event *e);
COIR_API int coir_event_wait_until(coir_event *e, coir_time deadline);
COIR_API int coir_event_try_wait(coir_event *e);

/* ---- once: whoever comes first does it, the others wait for that ---- */

/* Must not be freed while a call on it goes on anywhere. */
typedef struct coir_once {
	coir_waiting waiting;
	uint64_t owner, epoch;
	coir_latch latch;
	uint32_t state, spare;
} coir_once;

#define COIR_ONCE_INIT                                         \
	{                                                      \
		COIR_WAITING_INIT, 0, 0, COIR_LATCH_INIT, 0, 0 \
	}

/* Calls fn(arg) in the calling fiber or thread if nobody has yet, or waits until whoever does has returned from it. After
 * it what fn did is visible. fn may park. A run that the end of the runtime cut off, in a fiber that was abandoned, is
 * void: the next caller runs again. Parks; not a cancellation point (fn's are its own). Errors: -EDEADLK (called from
 * inside fn by who runs it), -EINVAL (o or fn NULL), -EPERM (no runtime, or it has ended meanwhile; not if it has been
 * run already). */
COIR_API int coir_once_run(coir_once *o, void (*fn)(void *), void *arg);

/* The same, but waits for another's run until the deadline at the latest: -ETIMEDOUT; cancellation point. */
COIR_API int coir_once_run_until(coir_once *o, void (*fn)(void *), void *arg, coir_time deadline);

/* The same, but does not wait for another's run: -EAGAIN. No cancellation point. */
COIR_API int coir_once_try_run(coir_once *o, void (*fn)(void *), void *arg);

/* ---- barriers: so many wait for each other, again and again ---- */

typedef struct coir_barrier {
	coir_waiting waiting;
	uint64_t round;
	coir_latch latch;
	uint32_t parties, arrived;
} coir_barrier;

#define COIR_BARRIER_INIT(parties)                                  \
	{                                                           \
		COIR_WAITING_INIT, 0, COIR_LATCH_INIT, (parties), 0 \
	}

/* What one of each round gets: the last to come. */
#define COIR_BARRIER_LAST 1

/* As a wait group's. init: -EINVAL also for no parties. */
COIR_API int coir_barrier_init(coir_barrier *b, uint32_t parties);
COIR_API int coir_barrier_destroy(coir_barrier *b);

/* Waits until as many have come as the barrier has parties. Returns COIR_BARRIER_LAST in one of them, 0 in the others.
 * There is no try form: nobody makes a round alone. Parks in a fiber, blocks in a plain thread; not a cancellation
 * point. Errors: -EINVAL, -EPERM. */
COIR_API int coir_barrier_wait(coir_barrier *b);

/* The same until the deadline at the latest: -ETIMEDOUT, and the caller has not come. No cancellation point either. */
COIR_API int coir_barrier_wait_until(coir_barrier *b, coir_time deadline);

COIR_END_DECLS

#endif
