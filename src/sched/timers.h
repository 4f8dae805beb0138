/* SPDX-License-Identifier: MIT
 *
 * sched/timers.h - who keeps timers, who fires them, and the clock, which may be virtual.
 *
 * Each worker has a wheel under a latch. What is started on a worker goes into its wheel; what a plain thread starts,
 * into the first worker's, which is woken if it sleeps for longer. A worker fires what is due
 *   - in its loop, when it has nothing to run, before it sleeps; it sleeps until its next timer at most;
 *   - between two fibers, every so many steps: its pick then goes to the loop;
 *   - as a thief, for a worker that is busy with something long.
 * Timers are fired in the loop only, on the thread's own large stack, never on a fiber's.
 *
 * States of a timer, under the latch of the wheel that it was last put in (`home`):
 *   idle -> started -> firing -> idle, or started again by its own function
 * The function runs without the latch, once at a time. coiri_timed_stop waits for a function that is running elsewhere, so that the
 * timer's memory is the caller's after it. (In its own function a timer must not be stopped that way.)
 *
 * A virtual clock stands still while anything runs. It jumps to the next timer when the one worker that such a runtime
 * has would sleep, unless a hold is open; or moves by coir_clock_advance only.
 */
#ifndef COIRI_SCHED_TIMERS_H
#define COIRI_SCHED_TIMERS_H

#include "base/clock.h"
#include "base/latch.h"
#include "timer/wheel.h"

struct coiri_worker;
struct coiri_runtime;
struct coiri_timed;

/* Ran when the time is up, in the loop of worker w. False: try again a little later. */
typedef bool (*coiri_timed_fn)(struct coiri_timed *timed, struct coiri_worker *w);

typedef struct coiri_timed {
	coiri_timer timer;
	struct coiri_timers *home;
	coiri_timed_fn fn;
	int64_t retry; /* ns until the next try */
	coiri_atomic(bool) firing;
} coiri_timed;

typedef struct coiri_timers {
	COIRI_LINE_ALIGNED coiri_latch latch;
	coiri_atomic(int64_t) next; /* when to look; COIRI_NO_TIME: there are none. Written under the latch */
	coiri_wheel wheel;
} coiri_timers;

void coiri_timers_init(coiri_timers *timers);

/* Starts a timer that is idle. w: the calling worker, or NULL in a plain thread (which has entered). Never fails. A
 * fiber that does not wait now must call coiri_notify_next too: its worker may be busy with it when the time is up. */
void coiri_timed_start(struct coiri_worker *w, coiri_timed *timed, int64_t when, coiri_timed_fn fn);

/* The same for one that has its `fn`, and is in no wheel; its function, which never asks for another try, may still be
 * running. */
void coiri_timed_restart(struct coiri_worker *w, coiri_timed *timed, int64_t when);

/* Takes it out of its wheel. False: it was in none. *runs: its function was running at that moment. */
bool coiri_timed_remove(coiri_timed *timed, bool *runs);

/* After it the timer is idle and its function runs nowhere. True: it was stopped before its function was called. */
bool coiri_timed_stop(coiri_timed *timed);

/* Fires what is due. `timers` may be another worker's. Only in w's loop. True: something was. */
bool coiri_timers_run(struct coiri_worker *w, coiri_timers *timers);

/* A function of the user is called in the loop, by a plain thread as far as coir's calls can see; it must not wait.
 * what: something that tells which, for coiri_callback, which gives NULL outside of any. */
void coiri_callback_begin(const void *what);
void coiri_callback_end(void);
const void *coiri_callback(void);

/* In a forked child: the worker whose loop the thread was, has gone. */
void coiri_callbacks_forked(void);

/* ---- the clock ---- */

typedef enum coiri_clock_mode {
	COIRI_CLOCK_REAL,
	COIRI_CLOCK_VIRTUAL, /* jumps when all wait */
	COIRI_CLOCK_MANUAL,
} coiri_clock_mode;

typedef struct coiri_clock {
	coiri_atomic(coiri_clock_mode) mode; /* anybody may ask for the time at any time */
	coiri_atomic(int64_t) now;           /* if it is not real */
	coiri_atomic(uint32_t) holds;        /* coir_clock_hold's. Added to under the latch of worker 0's timers */
	coiri_atomic(uint32_t) waits;        /* plain threads that wait for as long as it takes. The same */
} coiri_clock;

/* Of the running runtime, else real. */
extern coiri_clock coiri_the_clock;

COIRI_INLINE int64_t coiri_time(void)
{
	return likely(at_load_acquire(&coiri_the_clock.mode) == COIRI_CLOCK_REAL)
		       ? coiri_now()
		       : at_load_acquire(&coiri_the_clock.now);
}

COIRI_INLINE bool coiri_timers_due(coiri_timers *timers)
{
	int64_t next = at_load_relaxed(&timers->next);
	return unlikely(next != COIRI_NO_TIME) && next <= coiri_time();
}

/* How long (ns) the worker may sleep for its timers; -1: for ever. */
int64_t coiri_timers_sleep(coiri_timers *timers);

/* Everything waits: a virtual clock jumps to the next timer. True: it did. */
bool coiri_clock_jump(struct coiri_worker *w);

/* A plain thread (which has entered) keeps a virtual clock from jumping while it waits. */
void coiri_clock_stay(void);
void coiri_clock_go_on(void);

#endif
