/* SPDX-License-Identifier: MIT
 *
 * sched/inline.h - running a child that has not started inside the call that waits for it, on the waiting fiber's stack.
 *
 * The child must be the newest of this worker (in run-next or at the bottom of the deque) and enough of the stack be
 * left: then it is called there, as a full fiber boundary. If it parks, it parks on top of the joiner, which waits for
 * it anyway; wherever it ends, the joiner goes on. Nobody but the joiner may look at the child's end, so it needs no
 * transition of the state word. Each inline run is a scheduling step: every COIRI_FAIR_STEPS steps the join goes the
 * long way, so that others get their turn.
 */
#ifndef COIRI_SCHED_INLINE_H
#define COIRI_SCHED_INLINE_H

#include "sched/sched.h"

#define COIRI_INLINE_RESERVE ((ptrdiff_t)8 << 10) /* for the runtime's own frames and the join of the next one */

/* Runs f, which was taken by coiri_take_inline (and, by a join, claimed), on the stack of me, frees it and stores its
 * result in *out (may be NULL). -EPERM: it forked, and this is the child. End with it: sibling calls. */
int coiri_join_inline(coiri_worker *w, coiri_fiber *me, coiri_fiber *f, intptr_t *out);
int coiri_join_inline_special(coiri_worker *w, coiri_fiber *me, coiri_fiber *f, intptr_t *out);

/* Joins a fiber that is claimed, and lies in no queue that the caller could take it from (join.c). Returns 0. */
int coiri_join_claimed(coiri_worker *w, coiri_fiber *f, intptr_t *out);

COIRI_INLINE int coiri_run_inline(coiri_worker *w, coiri_fiber *me, coiri_fiber *f, intptr_t *out)
{
	return likely(!w->special) ? coiri_join_inline(w, me, f, out) : coiri_join_inline_special(w, me, f, out);
}

/* Only their holder may ask. */
COIRI_INLINE bool coiri_may_inline(coiri_worker *w, coiri_fiber *me, coiri_fiber *f)
{
	char *sp = coiri_arch_sp();
	return likely(!coiri_keeps_own_stack(f) && !coiri_keeps_own_stack(me) && w->tick > 1 && sp < me->cold->high &&
		      sp - me->cold->low >= (ptrdiff_t)coiri_stack_promise + COIRI_INLINE_RESERVE);
}

/* Takes f out of its queue, if it is the newest there and has not started. */
COIRI_INLINE bool coiri_take_new(coiri_worker *w, coiri_fiber *f)
{
	/* Only when it is out of its queue may its fields be looked at. */
	if (coiri_next_peek(&w->next) != f)
		return coiri_deque_pop_if(&w->deque, f);
	if (unlikely(!coiri_next_swap(&w->next, f, NULL)))
		return false;
	if (unlikely(!coiri_is_new(f))) { /* it was woken */
		coiri_put_next(w, f);
		return false;
	}
	return true;
}

/* Takes f, which me joins, out of its queue to be run inline. False: it stays there, or was not there. */
COIRI_INLINE bool coiri_take_inline(coiri_worker *w, coiri_fiber *me, coiri_fiber *f)
{
	if (!coiri_take_new(w, f))
		return false;
	if (coiri_may_inline(w, me, f)) {
		w->tick--;
		return true;
	}
	coiri_ready_new(w, f); /* back: it will run on a stack of its own */
	return false;
}

#endif
