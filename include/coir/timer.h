/* SPDX-License-Identifier: MIT
 *
 * coir/timer.h - functions called at a time, tickers, and frames for game loops.
 */
#ifndef COIR_TIMER_H
#define COIR_TIMER_H

#include <coir/time.h>

COIR_BEGIN_DECLS

/* ---- one-shot timers ----
 *
 * A timer calls a function at a time, on a worker's own thread, in no fiber: it needs no stack and no switch. The
 * function may do whatever a plain thread may that does not wait (unpark, spawn, cancel, start and stop timers, set
 * events, try to send); a wait in it ends the program with a clear line. To do something long, spawn.
 *
 * A timer lies in the caller's memory, which must stay until coir_timer_drain has returned or the runtime has ended.
 * Start and stop may be called by anyone at any time, also by the function itself. It never runs twice at a time. */

typedef void (*coir_timer_fn)(void *arg);

typedef struct coir_timer {
	uint64_t inside[14]; /* coir's own */
} coir_timer;

/* Prepares a timer that calls fn(arg). Any thread, also without a runtime; never parks. -EINVAL: a NULL. */
COIR_API int coir_timer_init(coir_timer *timer, coir_timer_fn fn, void *arg);

/* Starts it for that time, or sets it to that time if it is started already. A time that has passed: at once. Returns 1
 * if it was started before and will not fire for that time, else 0. Any thread; never parks.
 * Errors: -EINVAL, -EPERM (no runtime). */
COIR_API int coir_timer_start(coir_timer *timer, coir_time when);

/* Stops it. Returns 1 if it was started and will not fire; 0 if it was not, or its function has been called or is about
 * to be. Any thread; never parks. Errors: -EINVAL, -EPERM (no runtime). */
COIR_API int coir_timer_stop(coir_timer *timer);

/* Stops it and waits until its function does not run, also if that starts it again: the timer's memory is the caller's
 * then, unless someone else starts it. Any thread but the timer's own function: -EDEADLK. May let other fibers run; no
 * cancellation point. Errors: -EINVAL. */
COIR_API int coir_timer_drain(coir_timer *timer);

/* ---- tickers ----
 *
 * A beat at start + n * period, for one fiber or thread. It does not drift; beats that the user was too slow for are
 * counted, not made up for. */

typedef struct coir_ticker {
	coir_time next;
	int64_t period;
} coir_ticker;

/* Begins a beat of `period` nanoseconds (above 0) now. Any thread; never parks. -EINVAL. */
COIR_API int coir_ticker_init(coir_ticker *ticker, int64_t period);

/* Waits for the next beat. Returns how many there have been since the last call: 1, or more if the caller was late.
 * Cancellation point; parks in a fiber, blocks in a plain thread. Errors: -ECANCELED, -EINVAL, -EPERM (no runtime). */
COIR_API int64_t coir_ticker_wait(coir_ticker *ticker);

/* The same until the deadline at the latest (-ETIMEDOUT), or without waiting (-EAGAIN: no beat yet; any thread, never
 * parks, no cancellation point). */
COIR_API int64_t coir_ticker_wait_until(coir_ticker *ticker, coir_time deadline);
COIR_API int64_t coir_ticker_try_wait(coir_ticker *ticker);

/* ---- frames ----
 *
 * Manual ticks for a game loop: each fiber waits for the next frame, the loop begins it. All fibers that wait then run,
 * in the order in which they began to wait; with one worker one after the other, and so, as each waits again in that
 * order, in the same order in every frame. */

typedef struct coir_frames {
	uint64_t number;    /* of the running frame */
	uint64_t inside[6]; /* coir's own */
} coir_frames;

#define COIR_FRAMES_INIT  \
	{                 \
		0,        \
		{         \
			0 \
		}         \
	}

/* Waits for the next frame and returns its number (from 1). Fiber only: -EPERM. Cancellation point. Errors:
 * -ECANCELED, -EINVAL. */
COIR_API int64_t coir_frames_wait(coir_frames *frames);

/* The same until the deadline at the latest: -ETIMEDOUT. */
COIR_API int64_t coir_frames_wait_until(coir_frames *frames, coir_time deadline);

/* Begins the next frame: wakes all that wait, and returns how many. In a fiber it lets them run first: with one worker
 * each has then run until it waited or yielded. Any thread. Errors: -EINVAL, -EPERM (no runtime). */
COIR_API int coir_frames_advance(coir_frames *frames);

COIR_END_DECLS

#endif
