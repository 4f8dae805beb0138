/* SPDX-License-Identifier: MIT
 *
 * sched/park.c - yield, and the public park / unpark with its permit. The transitions are in fiber.h.
 */
#include "sched/wait.h"

static void post_yield(void *arg, void **save)
{
	coiri_fiber *me = coiri_saved(save);
	coiri_arrive(arg, me);
	coiri_ready_last(arg, me);
}

static void post_stopped(void *arg, void **save)
{
	coiri_arrive(arg, coiri_saved(save)); /* the runtime stops: the fiber stays where it is */
}

static void post_aside(void *arg, void **save)
{
	coiri_fiber *me = coiri_saved(save);
	coiri_arrive(arg, me);
	if (unlikely(me->extra != NULL))
		coiri_ready_last(arg, me);
	else
		coiri_push_woken(arg, me);
}

int coiri_step_aside(coiri_worker *w)
{
	coiri_fiber *next = coiri_pick(w);
	if (next || w->to_loop)
		return coiri_switch(w, w->current, next, post_aside);
	return unlikely(at_load_relaxed(&w->rt->stopping)) ? coiri_switch(w, w->current, NULL, post_stopped) : 0;
}

static COIRI_NOINLINE int yield_slow(coiri_worker *w)
{
	coiri_fiber *next = coiri_pick(w);
	if (next)
		return coiri_switch(w, w->current, next, post_yield);
	if (unlikely(w->to_loop))
		return coiri_switch(w, w->current, NULL, post_yield);
	if (likely(!at_load_relaxed(&w->rt->stopping)))
		return 0; /* nobody else */
	return coiri_switch(w, w->current, NULL, post_stopped);
}

int coir_yield(void)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return -EPERM;
	coiri_fiber *next = coiri_pick_quick(w);
	if (unlikely(!next))
		return yield_slow(w);
	return coiri_switch(w, w->current, next, post_yield);
}

/* A permit, or a cancel, came while the fiber left; or the word changed in some other way. */
static COIRI_NOINLINE void park_again(coiri_worker *w, coiri_fiber *me)
{
	uint64_t s = at_load_relaxed(&me->state);
	for (;;) {
		if ((s & COIRI_CANCELS) && me->cold->shields == 0) {
			coiri_arch_set_result(me->sp, -ECANCELED);
			break;
		}
		if (s & COIRI_PERMIT) {
			/* acquire: pairs with the release in coir_unpark */
			if (at_cas_acq_rel(&me->state, &s, s & ~(uint64_t)COIRI_PERMIT))
				break;
		} else if (at_cas_acq_rel(&me->state, &s, s | COIRI_PARKED)) {
			return;
		}
	}
	coiri_ready(w, me);
}

static void post_park(void *arg, void **save)
{
	coiri_fiber *me = coiri_saved(save);
	coiri_arrive(arg, me);
	uint64_t s = at_load_relaxed(&me->state);
	/* release: the saved context, for who clears PARKED */
	if (unlikely(s & (COIRI_PERMIT | COIRI_CANCELS)) || unlikely(!at_cas_acq_rel(&me->state, &s, s | COIRI_PARKED)))
		park_again(arg, me);
}

static bool take_permit(coiri_fiber *me)
{
	uint64_t s = at_load_relaxed(&me->state);
	do
		if (!(s & COIRI_PERMIT))
			return false;
	/* acquire: pairs with the release in coir_unpark */
	while (!at_cas_acq_rel(&me->state, &s, s & ~(uint64_t)COIRI_PERMIT));
	coiri_san_receive(me);
	return true;
}

static COIRI_NOINLINE int park_slow(coiri_worker *w)
{
	coiri_fiber *me = w->current;
	if (coiri_is_task(me)) /* who unparks, unparks its owner */
		return -EPERM;
	if (coiri_cancelled(me))
		return -ECANCELED;
	/* A scheduling step, though nothing is switched: a fiber that gives itself permits for ever must let others go
	 * first at times. */
	if (take_permit(me))
		return coiri_step_in_place(w);
	me->cold->waiter.reason = COIRI_WAIT_PARK;
	coiri_fiber *next = coiri_pick(w);
	return coiri_switch(w, me, next, post_park);
}

int coir_park(void)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return -EPERM;
	coiri_fiber *me = w->current;
	if (unlikely(at_load_relaxed(&me->state) & (COIRI_PERMIT | COIRI_CANCELS)))
		return park_slow(w);
	coiri_fiber *next = coiri_pick_quick(w);
	if (unlikely(!next))
		return park_slow(w);
	me->cold->waiter.reason = COIRI_WAIT_PARK;
	return coiri_switch(w, me, next, post_park);
}

int coir_try_park(void)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	if (coiri_is_task(w->current))
		return -EPERM;
	return take_permit(w->current) ? coiri_step_in_place(w) : -EAGAIN;
}

/* On the stack of who parks. */
typedef struct timeout {
	coiri_timed timed;
	coiri_fiber *fiber;
} timeout;

/* The timer is stopped before the fiber can park again, so a parked fiber is in this very wait. */
static bool time_is_up(coiri_timed *timed, coiri_worker *w)
{
	timeout *t = coiri_container_of(timed, timeout, timed);
	coiri_fiber *f = t->fiber;
	uint64_t s = at_load_relaxed(&f->state);
	while (s & COIRI_PARKED) {
		/* acquire: pairs with the release in post_park */
		if (!at_cas_acq_rel(&f->state, &s, s & ~(uint64_t)COIRI_PARKED))
			continue;
		coiri_arch_set_result(f->sp, -ETIMEDOUT);
		coiri_ready_early(w, f);
		return true;
	}
	return false; /* not off its stack yet, or woken: it will stop the timer */
}

int coir_park_until(coir_time deadline)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	if (deadline == COIR_NEVER)
		return coir_park();
	coiri_fiber *me = w->current;
	if (coiri_is_task(me))
		return -EPERM;
	if (coiri_cancelled(me))
		return -ECANCELED;
	if (take_permit(me))
		return coiri_step_in_place(w);
	if (deadline <= coiri_time()) {
		coiri_step_in_place(w); /* who tries again and again must let others go first at times */
		return -ETIMEDOUT;
	}
	timeout t = {.fiber = me};
	coiri_timed_start(w, &t.timed, deadline, time_is_up);
	int r = coir_park();
	coiri_timed_stop(&t.timed);
	return r;
}

/* Returns 1 if f parked and the caller must now make it runnable; else 0 or -ESRCH. */
COIRI_INLINE int give_permit(coir_fiber h)
{
	coiri_fiber *f = h.fiber;
	if (unlikely(!f || h.seq == 0))
		return -ESRCH;
	uint64_t s = at_load_relaxed(&f->state);
	for (;;) {
		if (unlikely(s >> COIRI_SEQ_SHIFT != h.seq || (s & COIRI_DONE)))
			return -ESRCH;
		bool parked = s & COIRI_PARKED;
		/* release: what the caller wrote, for the park that takes the permit. acquire: the parked fiber's
		 * context, which pairs with post_park's release. Also when PERMIT is set already: the later release
		 * must reach that park. */
		if (at_cas_acq_rel(&f->state, &s, parked ? s & ~(uint64_t)COIRI_PARKED : s | COIRI_PERMIT))
			return parked;
	}
}

static COIRI_NOINLINE int unpark_outside(coir_fiber h)
{
	coiri_runtime *rt = coiri_enter();
	if (!rt)
		return -EPERM;
	int r = give_permit(h);
	if (r > 0) {
		coiri_ready_outside(rt, h.fiber);
		r = 0;
	}
	coiri_exit();
	return r;
}

int coir_unpark(coir_fiber h)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return unpark_outside(h);
	int r = give_permit(h);
	if (r <= 0)
		return r;
	coiri_ready(w, h.fiber);
	return 0;
}
