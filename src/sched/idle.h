/* SPDX-License-Identifier: MIT
 *
 * sched/idle.h - who searches, who sleeps, who is woken.
 *
 * A worker is running (it has, or had at its last look, fibers of its own), searching (looks for work at the others',
 * throttled to half of them), or asleep on its futex. Each change goes through one of the calls below, under one lock:
 * they are rare, because a worker searches for a while before it sleeps.
 *
 * Promises (SEMANTICS: wakes):
 *   - whenever something is runnable, some worker searches or is in a timed sleep, or all run;
 *   - a futex wake only when work stands behind a run-next slot and nobody searches, or when something is runnable and
 *     nobody even watches;
 *   - when all are idle, nobody has a timer.
 * Means:
 *   - at most one sleeper has a time limit (the watcher, 50 us to 1 ms), only while some worker runs. It makes the
 *     promises hold without a fence in spawn and wake: what a racy look at `hint` misses, the watcher finds;
 *   - hint says in one word whether a maker of work has anything to do here at all; nearly always it is 0;
 *   - a sleeper whose last loot was not worth its theft is drowsy: work that stands behind run-next wakes it only if
 *     nobody watches. It sleeps as the watcher, if there is none, and so finds by itself when there is more to get;
 *   - a maker of work from outside the workers (inject.h, inboxes) does fence, and so does a worker going to sleep:
 *
 *        outside                            going to sleep
 *        push to the injection queue        asleep: hint, slot state
 *        fence seq_cst                      fence seq_cst
 *        look at hint / slot state          look at the injection queue and the inbox
 *
 *     so that at least one of them sees the other;
 *   - a woken worker is counted as a searcher by its waker, so that one burst of work makes one wake, and the woken
 *     wakes the next when it found more than it can run (the chain);
 *   - the last searcher that stops because it found work, and leaves no watcher behind, looks over everything once more
 *     and wakes a successor if it sees anything runnable: the workers that run may all be busy with something long and
 *     never look at hint again. What is made runnable from then on meets the hint:
 *
 *        a worker makes work                the last searcher leaves
 *        push, or fill run-next             hint = MORE | WATCH
 *        light fence                        heavy fence
 *        look at hint                       look at all queues
 */
#ifndef COIRI_IDLE_H
#define COIRI_IDLE_H

#include "base/futex.h"
#include "sched/policy.h"

struct coiri_worker;

typedef struct coiri_idle {
	COIRI_LINE_ALIGNED coiri_atomic(uint32_t) hint; /* written under the lock */
	COIRI_LINE_ALIGNED coiri_lock lock;
	struct coiri_worker *sleepers; /* last one asleep first */
	struct coiri_worker *watcher;  /* the sleeper with a time limit, or NULL */
	coiri_crowd crowd;
	bool stopping;
} coiri_idle;

/* In each worker. */
typedef struct coiri_idle_slot {
	coiri_atomic(uint32_t) asleep; /* the futex: 1 from before the last look until woken */
	struct coiri_worker *next;     /* sleepers, under the lock */
	int64_t limit;                 /* of the next timed sleep */
	bool drowsy;                   /* counted as such */
	bool spare;                    /* it keeps stacks that nobody else can get at */
} coiri_idle_slot;

/* The worker w wants to search: false if enough others do. */
bool coiri_idle_search(struct coiri_worker *w);

/* w stops searching because it found work. */
void coiri_idle_found(struct coiri_worker *w);

/* w has nothing and sleeps until it is woken or, as the watcher, its time is up. Ends its search if it searched. After
 * it, w searches (counted) if it was woken. True: it was told to by somebody; false: its time was up, or there was a
 * reason not to sleep. */
bool coiri_idle_sleep(struct coiri_worker *w);

/* Wakes a sleeper to search, unless somebody searches. w: the calling worker, or NULL in a plain thread. Returns 0. */
int coiri_idle_wake_one(struct coiri_idle *idle, struct coiri_worker *w);

/* Wakes that very worker if it sleeps: it got something nobody else may run. After a fence. */
void coiri_idle_wake(struct coiri_idle *idle, struct coiri_worker *target, struct coiri_worker *w);

/* A fiber waits for a stack: wakes a sleeper that has one. */
void coiri_idle_wake_spare(struct coiri_idle *idle, struct coiri_worker *w);

/* Ends all sleep for good. */
void coiri_idle_stop(struct coiri_idle *idle);

#endif
