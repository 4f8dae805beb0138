/* SPDX-License-Identifier: MIT */
#include "sched/cancel.h"
#include "sched/wait.h"

bool coiri_must_cancel(coiri_fiber *me)
{
	uint64_t s = at_load_relaxed(&me->state);
	if (coiri_is_task(
		    me)) /* a cancel of its owner is on its way to it, and may have reached others of the same one */
		s |= at_load_relaxed(&me->cold->owner->state) & COIRI_CANCEL;
	return (s & COIRI_CANCELS) && me->cold->shields == 0;
}

/* f was parked, and is ours. */
static void end_park(coiri_worker *w, coiri_fiber *f)
{
	if (f->cold->shields > 0) {
		uint64_t s = at_load_relaxed(&f->state);
		for (;;) {
			bool permit = s & COIRI_PERMIT;
			/* as in post_park */
			if (!at_cas_acq_rel(&f->state, &s, permit ? s & ~(uint64_t)COIRI_PERMIT : s | COIRI_PARKED))
				continue;
			if (!permit)
				return;
			break;
		}
	} else {
		coiri_arch_set_result(f->sp, -ECANCELED);
	}
	coiri_ready_early(w, f);
}

int coiri_cancel_mark(coiri_worker *w, coir_fiber h, uint64_t bit)
{
	coiri_fiber *f = h.fiber;
	if (!f || h.seq == 0)
		return -ESRCH;
	uint64_t s = at_load_relaxed(&f->state);
	do {
		if (s >> COIRI_SEQ_SHIFT != h.seq || (s & COIRI_DONE))
			return -ESRCH;
		/* release: what the canceller wrote before. acquire: the parked fiber's context (post_park) */
	} while (!at_cas_acq_rel(&f->state, &s, (s | bit) & ~(uint64_t)COIRI_PARKED));
	if (s & COIRI_PARKED)
		end_park(w, f);
	return 0;
}

void coiri_cancel_reach(coiri_worker *w, coir_fiber h)
{
	coiri_fiber *f = h.fiber;
	uint64_t word = at_load_acquire(&f->wait); /* pairs with the release in coiri_post_wait */
	/* Looked at after the word: if this life still lasts, the wait is of this life or over. */
	uint64_t s = at_load_acquire(&f->state);
	if (s >> COIRI_SEQ_SHIFT != h.seq)
		return;
	if (!(word & COIRI_ARMED) || !(word & COIRI_CANCELLABLE))
		return;
	if (word & COIRI_BENEATH)
		coiri_reach_beneath(w, f, word);
	else
		coiri_wait_end(w, f, word & ~(uint64_t)COIRI_OFF_STACK, -ECANCELED);
}

int coiri_cancel_fiber(coiri_worker *w, coir_fiber h, uint64_t bit)
{
	int r = coiri_cancel_mark(w, h, bit);
	if (r)
		return r;
	coiri_tasks_mark(w, h);
	coiri_heavy_fence(); /* pairs with the light fence in coiri_post_wait */
	coiri_cancel_reach(w, h);
	coiri_tasks_reach(w, h);
	return 0;
}

void coiri_cancel_lift(coiri_fiber *me)
{
	at_and_acq_rel(&me->state, ~(uint64_t)COIRI_SCOPED);
}

int coir_cancel(coir_fiber h)
{
	coiri_worker *w;
	return coiri_come_in(&w) ? coiri_go_out(w, coiri_cancel_fiber(w, h, COIRI_CANCEL)) : -EPERM;
}

int coir_cancelled(void)
{
	coiri_worker *w = coiri_here();
	return w && coiri_cancelled(w->current) ? -ECANCELED : 0;
}

int coir_shield_begin(void)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	coiri_tasks_promote(w);
	w->current->cold->shields++;
	return 0;
}

int coir_shield_end(void)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	if (w->current->cold->shields == 0)
		return -EINVAL;
	coiri_tasks_promote(w);
	w->current->cold->shields--;
	return 0;
}
