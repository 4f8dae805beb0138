/* SPDX-License-Identifier: MIT
 *
 * sched/wait.h - the waiter protocol: how a fiber or a plain thread waits for anything, and what ends that.
 *
 * A wait has one word that says whether it goes on: the fiber's `wait` (in the descriptor, so that a late look at it is
 * harmless) or the thread's. Who compares-and-swaps it away from the wait's ticket has won, and he alone ends the wait:
 * the trigger (whoever gives what was waited for), the timeout, or the cancel. The ticket is a number that no other
 * wait of the process has, with these flags:
 *
 *   ARMED        there is a wait (the word is even otherwise)
 *   OFF_STACK    the fiber is off its stack: who wins makes it runnable. Not part of the ticket
 *   OPEN         may be won before that: then the fiber goes on by itself, from its post action
 *   CANCELLABLE  a cancellation point, outside a shield
 *   BENEATH      the fiber is busy beneath another, which it runs inside its wait
 *
 * Waiting at one object (coiri_wait): under its latch the fiber arms the word, queues its waiter and leaves its stack;
 * the post action sets OFF_STACK by a plain store and only then releases the latch. So a trigger, which works under the
 * latch, never meets a fiber that is still on its stack; timeout and cancel, which don't, step back from a word without
 * OFF_STACK: the timer comes again a little later, the cancel leaves it to the post action:
 *
 *        post action                     coiri_cancel
 *        store wait |= OFF_STACK         set CANCEL in the state word
 *        release the latch               heavy fence
 *        light fence                     load wait: OFF_STACK and CANCELLABLE: CAS
 *        load CANCEL: set: CAS
 *
 *   so at least one of the two sees the other, and the CAS picks one.
 *
 * Waiting at several objects (coiri_wait_open, for select): one latch after the other is taken to queue a waiter there,
 * so a trigger may come before the fiber has left: the ticket is OPEN, the post action too must CAS, and if it loses
 * makes the fiber runnable itself. The fiber takes its waiters out when it goes on, under each latch: so who triggered
 * it under one of them has done with it.
 *
 * A fiber that waits for its children in a scope may run some inside its wait (coiri_wait_beneath). It can't be made
 * runnable then, but a cancel must be carried to the children: who ends such a wait puts TAKEN there, calls
 * coiri_cancel_beneath with the waiter's object, and then clears the word, for which the fiber waits before it goes on.
 *
 * The winner owns the fiber: he may read and write what it waits with (its waiter, its element) until he has made it
 * runnable. Timeout and cancel take a waiter with `latch` out of its queue before that, so a fiber goes on with nothing
 * to clean up. The result (0, an index, -errno) travels in the saved context: coiri_wait returns it, for nothing.
 * An object lives as long as somebody waits at it; nobody touches it after releasing its latch, except who waited.
 *
 * Orders: the winner's CAS acquires what OFF_STACK's store released (the saved context); what the winner did reaches the
 * fiber by the queue in which it becomes runnable. A thread: `done`'s release and acquire.
 *
 * Rejected: a second CAS in each wait to commit the park (a locked operation is a third of a hand-over); the winner's
 * CAS left out by a biased claim (possible, saves one of four; the explorer should see it first).
 */
#ifndef COIRI_SCHED_WAIT_H
#define COIRI_SCHED_WAIT_H

#include "sched/sched.h"
#include <coir/time.h>
#include <errno.h>

enum {
	COIRI_ARMED = 1,
	COIRI_OFF_STACK = 2,
	COIRI_OPEN = 4,
	COIRI_CANCELLABLE = 8,
	COIRI_BENEATH = 16,
	COIRI_TICKET_SHIFT = 5,
};

/* ---- cancellation, as a wait sees it ---- */

/* Must a cancellation point of the current fiber give -ECANCELED now? */
bool coiri_must_cancel(coiri_fiber *me);

COIRI_INLINE bool coiri_cancelled(coiri_fiber *me)
{
	if (unlikely(at_load_relaxed(&me->state) & COIRI_CANCELS))
		return coiri_must_cancel(me);
	return coiri_is_task(me) && coiri_must_cancel(me);
}

/* ---- fibers ---- */

/* The current fiber begins to wait: arms its word and fills the waiter. flags: COIRI_CANCELLABLE, COIRI_OPEN or 0. */
void coiri_new_tickets(coiri_worker *w);

COIRI_INLINE void coiri_wait_begin(coiri_worker *w, coiri_waiter *waiter, coiri_reason reason, const void *object,
				   unsigned flags)
{
	coiri_fiber *me = w->current;
	if (unlikely(w->next_ticket == w->last_ticket))
		coiri_new_tickets(w);
	if (unlikely(me->cold->shields > 0))
		flags &= ~(unsigned)COIRI_CANCELLABLE;
	uint64_t ticket = w->next_ticket++ << COIRI_TICKET_SHIFT | flags | COIRI_ARMED;
	waiter->queue = NULL;
	waiter->fiber = me;
	waiter->ticket = ticket;
	waiter->latch = NULL;
	waiter->object = object;
	waiter->reason = reason;
	if (flags & COIRI_BENEATH)
		at_store_release(&me->wait, ticket); /* pairs with the acquire in coiri_reach_beneath */
	else
		at_store_relaxed(&me->wait, ticket);
}

/* The waiter that a fiber waits with at one object. */
COIRI_INLINE coiri_waiter *coiri_own_waiter(coiri_worker *w)
{
	return &w->current->cold->waiter;
}

void coiri_post_wait(void *worker, void **save);

/* Waits. Before: coiri_wait_begin with the fiber's own waiter; the waiter queued; the latch of that queue held (NULL:
 * there is no queue and no latch), which is released once the fiber is off its stack. Returns the winner's result: what
 * the trigger gave, or -ECANCELED, with the waiter out of the queue. End with it: it is a sibling call. */
COIRI_INLINE int coiri_wait(coiri_worker *w, coiri_latch *latch)
{
	coiri_fiber *me = w->current;
	coiri_fiber *next = coiri_pick_quick(w);
	if (unlikely(!next))
		next = coiri_pick(w);
	me->cold->waiter.latch = latch;
	w->wait_latch = latch;
	return coiri_switch(w, me, next, coiri_post_wait);
}

/* The same, until `deadline` at the latest: -ETIMEDOUT, with the waiter out of the queue. */
int coiri_wait_until(coiri_worker *w, coiri_latch *latch, coir_time deadline);

/* The current fiber is about to run others on top of itself: after coiri_wait_begin with CANCELLABLE and BENEATH. True:
 * it is cancelled, and must not. */
bool coiri_wait_beneath(coiri_fiber *me);
/* It is done with that. */
void coiri_wait_surface(coiri_fiber *me);

/* A deadline on the current fiber's wait, on its stack: started after coiri_wait_begin, stopped after the wait. */
typedef struct coiri_timeout {
	coiri_timed timed;
	coiri_fiber *fiber; /* NULL: for ever */
	uint64_t ticket;
} coiri_timeout;

void coiri_timeout_start(coiri_worker *w, coiri_timeout *timeout, coir_time deadline);
void coiri_timeout_stop(coiri_timeout *timeout);

/* Waits at several objects. Before: one coiri_wait_begin(.. COIRI_OPEN), whose waiter was copied for each object;
 * coiri_timeout_start; the copies queued, each under its latch. No latch is held. Returns the winner's result. After it
 * the caller takes its waiters out, each under its latch, and that of the winner too: who triggered may still be busy
 * there. A caller that finds its wait won while it still queues calls this all the same. */
int coiri_wait_open(coiri_worker *w, coiri_timeout *timeout);

/* ---- the winner ---- */

/* Who must be woken, after a win: nobody, a fiber, or a thread. */
typedef struct coiri_won {
	bool won;
	coiri_fiber *fiber;
	struct coiri_thread *thread;
} coiri_won;

coiri_won coiri_win_slow(coiri_waiter *waiter, uint64_t word, int result);

/* The trigger tries to end the wait with a result, which the waiting side's call returns. Under the latch of the queue,
 * from which the caller then removes the waiter if it has won, else shuns it. Won: the caller may still work on what the
 * waiter holds, then must call coiri_wake, best after it released the latch. Not won: the wait is ending by a timeout or
 * cancel. */
COIRI_INLINE coiri_won coiri_win(coiri_waiter *waiter, int result)
{
	coiri_fiber *f = waiter->fiber;
	if (likely(f != NULL)) {
		uint64_t word = waiter->ticket | COIRI_OFF_STACK;
		/* acquire: pairs with the release in coiri_post_wait */
		if (unlikely(!at_cas_acq_rel(&f->wait, &word, 0)))
			return coiri_win_slow(waiter, word, result);
		if (result)
			coiri_arch_set_result(f->sp, result);
		return (coiri_won){true, f, NULL};
	}
	return coiri_win_slow(waiter, 0, result);
}

/* Wins the wait of a fiber whatever its ticket: for one that can be in that wait only. */
COIRI_INLINE bool coiri_win_join(coiri_fiber *f)
{
	uint64_t word = at_load_relaxed(&f->wait);
	return (word & COIRI_ARMED) && at_cas_acq_rel(&f->wait, &word, 0); /* acquire: as in coiri_win */
}

void coiri_wake_outside(coiri_worker *w, coiri_won won);

/* Makes runnable whom the caller has won. w: the calling worker, or NULL in a plain thread (which has entered). */
COIRI_INLINE void coiri_wake(coiri_worker *w, coiri_won won)
{
	if (likely(w != NULL) && likely(won.fiber != NULL))
		coiri_ready(w, won.fiber);
	else
		coiri_wake_outside(w, won);
}

/* The same for a waiting side that is likely to be the next to run, and a fiber that goes on: see coiri_ready. Several
 * at a time: they are collected under the latch and woken in that order after it. All zero is an empty list. */
typedef struct coiri_wakes {
	coiri_fiber *first, *last;
	struct coiri_thread *threads;
} coiri_wakes;

void coiri_wakes_add(coiri_wakes *list, coiri_won won);
void coiri_wakes_run(coiri_worker *w, coiri_wakes *list);

/* Takes the first waiter out of the queue for whom a win succeeds. False: there is none. Under the latch. */
COIRI_INLINE coiri_waiter *coiri_queue_win(coiri_queue *q, int result, coiri_won *won)
{
	coiri_waiter *waiter;
	while (unlikely((waiter = coiri_queue_first(q)) != NULL)) {
		*won = coiri_win(waiter, result);
		if (likely(won->won)) {
			coiri_queue_remove(waiter);
			return waiter;
		}
		coiri_queue_shun(waiter);
	}
	return NULL;
}

/* ---- what a call that waits is asked for ---- */

/* "Now or not at all": -EAGAIN where a deadline would give -ETIMEDOUT. */
typedef enum coiri_mode {
	COIRI_TRY,   /* does not wait, is no cancellation point */
	COIRI_FIRM,  /* waits as long as it takes, is no cancellation point */
	COIRI_UNTIL, /* waits until the deadline, is a cancellation point */
} coiri_mode;

/* Is it too late to wait? Then *error says what to return. */
COIRI_INLINE bool coiri_too_late(coiri_mode mode, coir_time deadline, int *error)
{
	if (mode == COIRI_TRY)
		*error = -EAGAIN;
	else if (deadline != COIR_NEVER && deadline <= coiri_time())
		*error = -ETIMEDOUT;
	else
		return false;
	return true;
}

/* ---- the timeout and the cancel ---- */

/* Makes runnable whose wait was ended by other means than a trigger. w: NULL in a plain thread. */
void coiri_ready_early(coiri_worker *w, coiri_fiber *f);

/* Ends the wait of f that has this ticket, unless it has ended or has not come off its stack yet: then false. */
bool coiri_wait_end(coiri_worker *w, coiri_fiber *f, uint64_t ticket, int result);

/* Carries a cancel to what a fiber waits for beneath others (set by scope). */
extern void (*coiri_cancel_beneath)(coiri_worker *w, const void *object);

/* The cancel's side of coiri_wait_beneath; word: as it was found. */
void coiri_reach_beneath(coiri_worker *w, coiri_fiber *f, uint64_t word);

/* ---- plain threads (thread.c) ---- */

/* A plain thread that waits: in its frame. */
typedef struct coiri_thread {
	coiri_atomic(uint64_t) wait;
	coiri_atomic(uint32_t) done;
	int result;
	int dismissed; /* its result, if the runtime ends: -EPERM, or what the object sets after coiri_thread_begin */
	struct coiri_thread *next;          /* in a coiri_wakes */
	struct coiri_thread *newer, *older; /* all that wait, so that the end of the runtime can send them away */
} coiri_thread;

/* As coiri_wait_begin, for a calling plain thread, which has entered. Ended by coiri_thread_wait, or, if it does not
 * wait after all, by coiri_thread_end. */
void coiri_thread_begin(coiri_thread *thread, coiri_waiter *waiter, coiri_reason reason, const void *object);
void coiri_thread_end(coiri_thread *thread);

/* The trigger's side, if it has no waiter: see coiri_win, coiri_wake. */
bool coiri_win_thread(coiri_thread *thread, int result);
void coiri_wake_thread(coiri_thread *thread);

/* Sleeps for as long as it takes, without leaving and without holding up a virtual clock. */
int coiri_thread_sleep(coiri_thread *thread);

/* Waits until the deadline at the latest with the `count` waiters, which are copies of the one that was begun, queued at
 * objects whose latches they name (waiter.latch); no latch is held. Returns the trigger's result, -ETIMEDOUT, or -EPERM
 * if the runtime has ended. The thread leaves (coiri_exit) before it sleeps; after it none of the waiters is in a
 * queue. */
int coiri_thread_wait(coiri_thread *thread, coiri_waiter *waiters, unsigned count, coir_time deadline);

/* The runtime ends: all threads that wait get -EPERM, or what they want then. */
void coiri_threads_dismiss(void);

/* In a forked child there is but one thread. */
void coiri_threads_forked(void);

#endif
