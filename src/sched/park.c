/* SPDX-License-Identifier: MIT
 *
 * sched/park.c - yield, and the public park / unpark with its permit. The transitions are in fiber.h.
 */
#include "sched/sched.h"

#include <errno.h>

static void post_yield(void *arg)
{
	coiri_worker *w = arg;
	coiri_arrive(w);
	coiri_ready_last(w, w->prev);
}

static void post_stopped(void *arg)
{
	coiri_arrive(arg); /* the runtime stops: the fiber stays where it is */
}

int coir_yield(void)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return -EPERM;
	coiri_fiber *me = w->current;
	coiri_fiber *next = coiri_pick(w);
	if (unlikely(!next)) {
		if (likely(!at_load_relaxed(&w->rt->stopping)))
			return 0;
		return coiri_switch(w, me, NULL, post_stopped);
	}
	return coiri_switch(w, me, next, post_yield);
}

static void post_park(void *arg)
{
	coiri_worker *w = arg;
	coiri_fiber *me = w->prev;
	coiri_arrive(w);
	uint64_t s = at_load_relaxed(&me->state);
	for (;;) {
		if (unlikely(s & COIRI_PERMIT)) {
			/* acquire: pairs with the release in coir_unpark */
			if (at_cas_acq_rel(&me->state, &s, s & ~(uint64_t)COIRI_PERMIT)) {
				coiri_ready(w, me);
				return;
			}
		} else if (likely(at_cas_acq_rel(&me->state, &s, s | COIRI_PARKED))) {
			return; /* release: the saved context, for who clears PARKED */
		}
	}
}

int coir_park(void)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return -EPERM;
	coiri_fiber *me = w->current;
	uint64_t s = at_load_relaxed(&me->state);
	while (s & COIRI_PERMIT)
		/* acquire: pairs with the release in coir_unpark */
		if (at_cas_acq_rel(&me->state, &s, s & ~(uint64_t)COIRI_PERMIT)) {
			coiri_san_receive(me);
			return 0;
		}
	return coiri_switch(w, me, coiri_pick(w), post_park);
}

int coir_unpark(coir_fiber h)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w) && !at_load_acquire(&coiri_rt))
		return -EPERM;
	coiri_fiber *f = h.fiber;
	if (unlikely(!f || h.seq == 0))
		return -ESRCH;
	uint64_t s = at_load_relaxed(&f->state);
	for (;;) {
		if (unlikely(s >> COIRI_SEQ_SHIFT != h.seq || (s & COIRI_DONE)))
			return -ESRCH;
		bool parked = s & COIRI_PARKED;
		/* release: what the caller wrote, for the park that takes the permit. acquire: the parked fiber's context, which
		 * pairs with post_park's release. Also when PERMIT is set already: the later release must reach that park. */
		if (at_cas_acq_rel(&f->state, &s, parked ? s & ~(uint64_t)COIRI_PARKED : s | COIRI_PERMIT)) {
			if (parked)
				coiri_ready_anywhere(w, f);
			return 0;
		}
	}
}
