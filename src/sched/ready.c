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
 * Pushed out of run-next: into the deque if it never ran, else into the ring, so that the deque holds only fibers that
 * never ran.
 */
#include "sched/sched.h"

static void push_private(coiri_worker *w, coiri_fiber *f)
{
	coiri_set_next(f, NULL);
	if (w->private_tail)
		coiri_set_next(w->private_tail, f);
	else
		w->private_head = f;
	w->private_tail = f;
}

void coiri_ready_bound(coiri_worker *w, coiri_fiber *f)
{
	w->has_sticky = true;
	push_private(w, f);
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
	coiri_fiber *newest = at_load_relaxed(&home->inbox);
	do
		coiri_set_next(f, newest);
	/* release: pairs with the acquire in drain_inbox (pick.c) */
	while (!at_cas_release(&home->inbox, &newest, f));
	at_fence_seq_cst(); /* pairs with the fence in coiri_idle_sleep */
	coiri_idle_wake(&rt->idle, home, w);
	return true;
}

int coiri_push_out(coiri_worker *w, coiri_fiber *old)
{
	if (coiri_is_new(old))
		coiri_push_new(w, old);
	else
		coiri_push_started(w, old);
	coiri_notify_more(w);
	return 0;
}

/* f was woken, and run-next has had its turns (or f has, and steps aside). If f is all that this worker has besides the fiber that runs, as in a
 * ping-pong of two, it will run soon, and here is where it is best off: no theft, no wake, unless it stands still. */
void coiri_push_woken(coiri_worker *w, coiri_fiber *f)
{
	bool alone = coiri_ring_is_empty(&w->ring) && coiri_deque_is_empty(&w->deque) && !coiri_next_peek(&w->next);
	at_store_relaxed(&w->ring.shy, alone);
	coiri_push_started(w, f);
	if (alone)
		coiri_notify_next(w);
	else
		coiri_notify_more(w);
}

void coiri_ready_slow(coiri_worker *w, coiri_fiber *f)
{
	if (ready_sticky(w, w->rt, f))
		return;
	if (w->streak < COIRI_WAKE_STREAK) {
		coiri_put_next(w, f);
	} else {
		coiri_push_woken(w, f);
	}
}

void coiri_ready_last_slow(coiri_worker *w, coiri_fiber *f)
{
	if (ready_sticky(w, w->rt, f))
		return;
	coiri_push_started(w, f);
	coiri_notify_more(w);
}

void coiri_ready_outside(coiri_runtime *rt, coiri_fiber *f)
{
	if (ready_sticky(NULL, rt, f))
		return;
	coiri_inject_push(&rt->inject, f);
	at_fence_seq_cst(); /* pairs with the fence in coiri_idle_sleep */
	if (at_load_relaxed(&rt->idle.hint))
		coiri_idle_wake_one(&rt->idle, NULL);
}
