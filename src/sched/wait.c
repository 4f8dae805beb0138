/* SPDX-License-Identifier: MIT */
#include "sched/wait.h"
#include "base/spin.h"
#include "sched/timers.h"

#define TICKET_BLOCK ((uint64_t)1 << 20)

uint32_t coiri_epoch;

void coiri_new_tickets(coiri_worker *w)
{
	uint64_t first = at_add_relaxed(&w->rt->tickets, TICKET_BLOCK);
	w->next_ticket = first;
	w->last_ticket = first + TICKET_BLOCK;
}

/* ---- the fiber is off its stack ---- */

/* A cancel came while the fiber was leaving, and left it to us. */
static COIRI_NOINLINE void late_cancel(coiri_worker *w, coiri_fiber *f, uint64_t ticket)
{
	coiri_wait_end(w, f, ticket, -ECANCELED);
}

void coiri_post_wait(void *worker, void **save)
{
	coiri_worker *w = worker;
	coiri_fiber *me = coiri_saved(save);
	coiri_arrive(w, me);
	coiri_latch *latch = w->wait_latch;
	uint64_t ticket = at_load_relaxed(&me->wait);
	/* release: the saved context, for the winner */
	at_store_release(&me->wait, ticket | COIRI_OFF_STACK);
	if (likely(latch != NULL))
		coiri_latch_release(latch);
	/* From here on others may run the fiber: of it only what is type-stable may be touched. */
	coiri_light_fence(); /* pairs with the heavy fence in coiri_cancel_fiber */
	if (unlikely(at_load_relaxed(&me->state) & COIRI_CANCELS) && (ticket & COIRI_CANCELLABLE))
		late_cancel(w, me, ticket);
}

static void post_wait_open(void *worker, void **save)
{
	coiri_worker *w = worker;
	coiri_fiber *me = coiri_saved(save);
	coiri_arrive(w, me);
	uint64_t ticket = at_load_relaxed(&me->wait);
	uint64_t word = ticket;
	/* release: as above. acquire: what the winner did, if one was faster */
	if (!(ticket & COIRI_ARMED) || !at_cas_acq_rel(&me->wait, &word, ticket | COIRI_OFF_STACK)) {
		coiri_arch_set_result(me->sp, (int)((int64_t)at_load_acquire(&me->wait) >> 1));
		coiri_ready(w, me);
		return;
	}
	coiri_light_fence(); /* pairs with the heavy fence in coiri_cancel_fiber */
	if (unlikely(at_load_relaxed(&me->state) & COIRI_CANCELS) && (ticket & COIRI_CANCELLABLE))
		late_cancel(w, me, ticket);
}

/* ---- the winner ---- */

/* word: what the CAS for an ordinary win found. */
coiri_won coiri_win_slow(coiri_waiter *waiter, uint64_t word, int result)
{
	coiri_fiber *f = waiter->fiber;
	if (!f)
		return (coiri_won){coiri_win_thread(waiter->thread, result), NULL, waiter->thread};
	/* An open wait whose fiber is still on its stack takes the result from its word; and it may leave in between. */
	while (word == waiter->ticket && (word & COIRI_OPEN)) {
		if (at_cas_acq_rel(&f->wait, &word, (uint64_t)result << 1))
			return (coiri_won){true, NULL, NULL};
		if (word == (waiter->ticket | COIRI_OFF_STACK) && at_cas_acq_rel(&f->wait, &word, 0)) {
			coiri_arch_set_result(f->sp, result);
			return (coiri_won){true, f, NULL};
		}
	}
	return (coiri_won){false, NULL, NULL};
}

void coiri_wake_outside(coiri_worker *w, coiri_won won)
{
	if (won.fiber && w)
		coiri_ready(w, won.fiber);
	else if (won.fiber)
		coiri_ready_outside(coiri_entered, won.fiber);
	else if (won.thread)
		coiri_wake_thread(won.thread);
}

void coiri_wakes_add(coiri_wakes *list, coiri_won won)
{
	if (won.fiber) {
		coiri_set_next(won.fiber, NULL);
		if (list->last)
			coiri_set_next(list->last, won.fiber);
		else
			list->first = won.fiber;
		list->last = won.fiber;
	} else if (won.thread) {
		won.thread->next = list->threads;
		list->threads = won.thread;
	}
}

void coiri_wakes_run(coiri_worker *w, coiri_wakes *list)
{
	while (list->first) {
		coiri_fiber *f = list->first;
		list->first = coiri_next_of(f);
		if (!w)
			coiri_ready_outside(coiri_entered, f);
		else
			coiri_ready_last(w, f); /* run-next is for one; many keep their order in the ring */
	}
	while (list->threads) {
		coiri_thread *thread = list->threads;
		list->threads = thread->next;
		coiri_wake_thread(thread);
	}
	list->last = NULL;
}

/* ---- the timeout and the cancel ---- */

void coiri_ready_early(coiri_worker *w, coiri_fiber *f)
{
	if (!w)
		coiri_ready_outside(coiri_entered, f);
	else if (!w->current && coiri_next_peek(&w->next))
		coiri_ready_last(w, f); /* of several timers, the first goes first */
	else
		coiri_ready(w, f);
}

bool coiri_wait_end(coiri_worker *w, coiri_fiber *f, uint64_t ticket, int result)
{
	uint64_t word = ticket | COIRI_OFF_STACK;
	/* acquire: pairs with the release in coiri_post_wait */
	if (!at_cas_acq_rel(&f->wait, &word, 0)) {
		bool early = word == ticket && (ticket & COIRI_OPEN);
		return early && at_cas_acq_rel(&f->wait, &word, (uint64_t)(int64_t)result << 1);
	}
	coiri_waiter *waiter = &f->cold->waiter;
	if (waiter->latch) {
		coiri_latch_acquire_as(waiter->latch, coiri_who(w));
		coiri_queue_remove(waiter);
		coiri_latch_release(waiter->latch);
	}
	coiri_arch_set_result(f->sp, result);
	coiri_ready_early(w, f);
	return true;
}

/* ---- beneath others ---- */

#define TAKEN ((uint64_t)COIRI_OFF_STACK) /* not ARMED: a cancel is on its way */

void (*coiri_cancel_beneath)(coiri_worker *w, const void *object);

bool coiri_wait_beneath(coiri_fiber *me)
{
	coiri_light_fence(); /* pairs with the heavy fence in coiri_cancel_fiber */
	return coiri_cancelled(me);
}

void coiri_wait_surface(coiri_fiber *me)
{
	uint64_t word = at_load_relaxed(&me->wait);
	if (likely(word & COIRI_ARMED) && likely(at_cas_acq_rel(&me->wait, &word, 0)))
		return;
	for (unsigned i = 0; at_load_acquire(&me->wait) != 0; i++) /* pairs with the release in coiri_reach_beneath */
		coiri_spin_wait(i);
}

void coiri_reach_beneath(coiri_worker *w, coiri_fiber *f, uint64_t word)
{
	/* acquire: pairs with the release in coiri_wait_begin */
	if (!at_cas_acq_rel(&f->wait, &word, TAKEN))
		return;
	coiri_cancel_beneath(w, f->cold->waiter.object);
	at_store_release(&f->wait, 0); /* pairs with the acquire in coiri_wait_surface */
}

/* ---- with a deadline ---- */

static bool time_is_up(coiri_timed *timed, coiri_worker *w)
{
	coiri_timeout *t = coiri_container_of(timed, coiri_timeout, timed);
	if (coiri_wait_end(w, t->fiber, t->ticket, -ETIMEDOUT))
		return true;
	/* It was won by another; or had not left its stack yet, even if it has meanwhile: then again, a little later. */
	return (at_load_relaxed(&t->fiber->wait) & ~(uint64_t)COIRI_OFF_STACK) != t->ticket;
}

void coiri_timeout_start(coiri_worker *w, coiri_timeout *t, coir_time deadline)
{
	t->fiber = NULL;
	if (deadline == COIR_NEVER)
		return;
	t->fiber = w->current;
	t->ticket = at_load_relaxed(&w->current->wait);
	coiri_timed_start(w, &t->timed, deadline, time_is_up);
}

void coiri_timeout_stop(coiri_timeout *t)
{
	if (t->fiber)
		coiri_timed_stop(&t->timed);
}

int coiri_wait_until(coiri_worker *w, coiri_latch *latch, coir_time deadline)
{
	if (deadline == COIR_NEVER)
		return coiri_wait(w, latch);
	coiri_timeout timeout;
	coiri_timeout_start(w, &timeout, deadline);
	int r = coiri_wait(w, latch);
	coiri_timeout_stop(&timeout);
	return r;
}

static COIRI_NOINLINE int wait_open(coiri_worker *w)
{
	coiri_fiber *me = w->current;
	coiri_fiber *next = coiri_pick(w);
	return coiri_switch(w, me, next, post_wait_open);
}

int coiri_wait_open(coiri_worker *w, coiri_timeout *timeout)
{
	int r = wait_open(w);
	coiri_timeout_stop(timeout);
	return r;
}
