/* SPDX-License-Identifier: MIT
 *
 * scope/scope.h - structured concurrency: what a scope is, and how it lives and dies.
 *
 * A scope is its owner's memory (a fiber's frame, or a plain thread's). It counts what keeps it: its children, and holds
 * of whoever cancels it at the moment. It ends when its owner waits for it and nothing keeps it any more.
 *
 *   begin -> open -> [cancelled] -> the owner waits -> nothing keeps it -> ended
 *
 * The count has two halves. `balance` is under the latch: up for a spawn by anyone but the owner and for a hold, down at
 * the end of either. `spawned` is what the owner spawned, his alone, without any atomic operation; he adds it to the
 * balance when he waits. So the balance may be below zero until then, and only while the owner waits zero means the end.
 * Who brings it there wakes him, and touches the scope no more.
 *
 * A child is a detached fiber that knows its scope (cold->home; before its start the descriptor's `cold`). Only while it
 * is started does a scope list it, through its cold block: so a child costs no memory of its own. One that has not
 * started finds out by itself that its scope was cancelled. A child always runs.
 *
 * The tree: scopes that one fiber opens form a stack (cold->scope, `outer`); each is listed by the scope around it, which
 * is the one below it in that stack, or the home of the fiber. A scope that begins inside a shield has none around it.
 *
 * Cancelling, by anyone, once: under the latch the scope gets its error, the owner gets SCOPED in his state word, and a
 * hold. Then (cancel.c), for the scope and all inside it: every listed child gets CANCEL, every inner scope the same
 * treatment; then one heavy fence; then everybody's waits are ended (sched/cancel.h). A child that starts looks at
 * `cancelled` under the latch before it is listed, so none is lost. SCOPED goes when the owner leaves the scope, unless
 * one further out, of his own, is cancelled: he clears the bit and then looks at those, a canceller sets the mark
 * `cancelled` and then the bit.
 *
 * Latches: that of a scope before that of a scope inside it, before that of any object. Nobody ends a fiber's wait while
 * he holds a scope's latch (it may be a wait at that latch).
 *
 * The first cause of a cancel is the scope's error: see coir/scope.h for which counts.
 *
 * Rejected: a record for each child (from malloc 9 ns, and a cache line); listing children at their spawn (a locked
 * operation more, and thieves would write the descriptors of fibers that lie in others' queues); children that are
 * joined one by one (a server's scope would collect the dead).
 */
#ifndef COIRI_SCOPE_H
#define COIRI_SCOPE_H

#include "sched/cancel.h"
#include "sched/wait.h"

#include <coir/scope.h>
#include <limits.h>

typedef struct coiri_scope {
	coiri_latch latch;
	int error;                    /* what coir_scope_wait returns */
	coiri_atomic(bool) cancelled; /* written under the latch */
	bool mild;                    /* it was cancelled as asked: a child's own error says more */
	bool supervised;              /* errors of children cancel nobody */
	bool timed;                   /* has a timer */
	coiri_atomic(uint32_t) epoch; /* open in that run of the runtime; 0: not open */
	coir_fiber owner;             /* {NULL, 0}: a plain thread */
	struct coiri_scope *outer;    /* the next one out for the owner: of his own, or his home */
	struct coiri_scope *around;   /* that one, or NULL: its cancels don't come in here */
	coiri_link link;              /* in around->inner */
	coiri_link *inner;            /* the scopes inside */
	coiri_link *children;         /* started, and not told of a cancel */
	coiri_link *told;             /* told, and not yet reached */
	struct coiri_scope *next;     /* of those that a canceller is busy with */
	int64_t balance, spawned;
	unsigned given_before; /* the owner's, for the scope around it */
	coir_time deadline;    /* the sooner of its own and that of the scope around it */
	coiri_queue queue;     /* the owner, when he waits */
	coiri_timed timer;
} coiri_scope;

_Static_assert(sizeof(coiri_scope) <= sizeof(coir_scope), "coir_scope holds a coiri_scope");
_Static_assert(_Alignof(coiri_scope) <= _Alignof(coir_scope), "coir_scope is aligned as a coiri_scope");

/* Sets what the scheduler calls at the ends of fibers. */
void coiri_scope_setup(void);

COIRI_INLINE coiri_scope *coiri_scope_of(coir_scope *s)
{
	return (coiri_scope *)s;
}

/* Of a scope that nobody is ending. */
COIRI_INLINE bool coiri_scope_is_open(coiri_scope *s)
{
	return s && at_load_relaxed(&s->epoch) == coiri_epoch;
}

COIRI_INLINE bool coiri_scope_is_owner(const coiri_scope *s, const coiri_worker *w)
{
	return s->owner.fiber == (w ? w->current : NULL);
}

/* A negative result, as an error. */
COIRI_INLINE int coiri_scope_error(intptr_t result)
{
	return result < INT_MIN ? INT_MIN : (int)result;
}

/* w: the calling worker, or NULL. */
COIRI_INLINE void coiri_scope_lock(coiri_worker *w, coiri_scope *s)
{
	coiri_latch_acquire_as(&s->latch, coiri_who(w));
}

COIRI_INLINE void coiri_scope_unlock(coiri_scope *s)
{
	coiri_latch_release(&s->latch);
}

/* ---- what keeps it ---- */

/* Under the latch: one less. Returns whom to wake once it is released. The scope may be gone then. */
COIRI_INLINE coiri_won coiri_scope_let_go(coiri_scope *s)
{
	coiri_won won = {false, NULL, NULL};
	if (unlikely(--s->balance == 0))
		coiri_queue_win(&s->queue, 0, &won);
	return won;
}

/* ---- cancelling ---- */

/* Under the latch: the scope is cancelled because of `error`, if it is not already. True: it was not, and the caller now
 * holds it, and must call coiri_scope_tell. */
bool coiri_scope_mark(coiri_worker *w, coiri_scope *s, int error, bool mild);

/* Carries a cancel to everybody inside, and lets go of the scope. Not under its latch. */
void coiri_scope_tell(coiri_worker *w, coiri_scope *s);

/* Both. */
void coiri_scope_cancel(coiri_worker *w, coiri_scope *s, int error, bool mild);

/* ---- children and ends ---- */

/* coir_scope_spawn, without looking at its arguments. */
int coiri_scope_spawn(coiri_scope *s, const coir_attr *attr, coir_fn fn, void *arg, coir_fiber *out);

void coiri_scope_leave(coiri_cold *cold, intptr_t result);
void coiri_defers_run(coiri_cold *cold);
void coiri_defers_drop(coiri_cold *cold);

#endif
