/* SPDX-License-Identifier: MIT
 *
 * sched/ready.c - into which queue a runnable fiber goes, and who is told.
 *
 *   never ran      run-next, pushing out its occupant
 *   woken here     run-next, at most COIRI_WAKE_STREAK times in a row, else the ring
 *   yielded        the ring
 *   from outside   the injection queue
 *   sticky, once it has run: always its worker's inbox (or private list, if this is its worker)
 *
 * Pushed out of run-next: into the deque if it never ran, else into the ring, so that the deque holds only fibers that never ran.
 */
#include "sched/sched.h"

static void push_new(coiri_worker *w, coiri_fiber *f)
{
	if (unlikely(!coiri_deque_push(&w->deque, f)))
		coiri_inject_push(&w->rt->inject, f);
}

static void push_started(coiri_worker *w, coiri_fiber *f)
{
	if (unlikely(!coiri_ring_push(&w->ring, f)))
		coiri_inject_push(&w->rt->inject, f);
}

static void push_private(coiri_worker *w, coiri_fiber *f)
{
	f->next = NULL;
	if (w->private_tail)
		w->private_tail->next = f;
	else
		w->private_head = f;
	w->private_tail = f;
}

/* A sticky fiber that has run goes home; true if f was one. */
static bool ready_sticky(coiri_worker *w, coiri_runtime *rt, coiri_fiber *f)
{
	if (likely(!coiri_is_sticky(f)) || coiri_is_new(f))
		return false;
	coiri_worker *home = &rt->workers[f->extra->home];
	if (w && home == w) {
		push_private(w, f);
		return true;
	}
	f->next = at_load_relaxed(&home->inbox);
	/* release: pairs with the acquire in drain_inbox */
	while (!at_cas_release(&home->inbox, &f->next, f))
		;
	at_fence_seq_cst(); /* pairs with the fence in coiri_idle_sleep */
	coiri_idle_wake(&rt->idle, home, w);
	return true;
}

/* Puts f into run-next; what was there goes behind it. */
static void put_next(coiri_worker *w, coiri_fiber *f)
{
	coiri_fiber *old = at_load_relaxed(&w->run_next);
	if (!old) {
		/* Thieves only empty the slot, so an empty one is ours to fill. release: pairs with the acquire of take_next in
		 * a thief (steal.c). */
		at_store_release(&w->run_next, f);
		coiri_notify_next(w);
		return;
	}
	if (w->deque.solo)
		at_store_relaxed(&w->run_next, f);
	else
		old = at_xchg_acq_rel(&w->run_next, f); /* NULL: a thief was faster */
	if (!old)
		return;
	if (coiri_is_new(old))
		push_new(w, old);
	else
		push_started(w, old);
	coiri_notify_more(w);
}

void coiri_ready_new(coiri_worker *w, coiri_fiber *f)
{
	put_next(w, f);
}

void coiri_ready(coiri_worker *w, coiri_fiber *f)
{
	if (ready_sticky(w, w->rt, f))
		return;
	if (likely(w->streak < COIRI_WAKE_STREAK)) {
		put_next(w, f);
	} else {
		push_started(w, f);
		coiri_notify_more(w);
	}
}

void coiri_ready_last(coiri_worker *w, coiri_fiber *f)
{
	if (ready_sticky(w, w->rt, f))
		return;
	push_started(w, f);
	coiri_notify_more(w);
}

void coiri_ready_anywhere(coiri_worker *w, coiri_fiber *f)
{
	if (likely(w != NULL)) {
		coiri_ready(w, f);
		return;
	}
	coiri_runtime *rt = at_load_relaxed(&coiri_rt);
	if (ready_sticky(NULL, rt, f))
		return;
	coiri_inject_push(&rt->inject, f);
	at_fence_seq_cst(); /* pairs with the fence in coiri_idle_sleep */
	if (at_load_relaxed(&rt->idle.hint))
		coiri_idle_wake_one(&rt->idle, NULL);
}
