/* SPDX-License-Identifier: MIT
 *
 * time/timer.c - one-shot timers that call a function.
 *
 * The timer's latch makes start and stop exclusive of each other, whoever calls them; whether it fires first is decided
 * under the latch of the wheel (sched/timers.h), which its own function never needs. So a stop either takes it out of
 * the wheel, or comes too late.
 * The function runs in a worker's loop, as in a plain thread: the worker's name is taken from the thread meanwhile, so
 * that all calls of coir take their plain-thread way.
 * A timer of a runtime that has ended (epoch) is idle: the wheel that it lay in is gone.
 */
#include "sched/wait.h"
#include <coir/timer.h>

#include <sched.h>

/* coir_timer as it is. */
typedef struct timer {
	coiri_timed timed;
	coir_timer_fn fn;
	void *arg;
	uint64_t epoch;
	coiri_latch latch;
} timer;

_Static_assert(sizeof(timer) <= sizeof(coir_timer) && _Alignof(timer) <= _Alignof(coir_timer), "coir_timer");

static bool call(coiri_timed *timed, coiri_worker *w)
{
	timer *t = coiri_container_of(timed, timer, timed);
	(void)w;
	coiri_callback_begin(t);
	t->fn(t->arg);
	coiri_callback_end();
	return true;
}

int coir_timer_init(coir_timer *public, coir_timer_fn fn, void *arg)
{
	timer *t = (timer *)public;
	if (!t || !fn)
		return -EINVAL;
	*t = (timer){.timed.fn = call, .fn = fn, .arg = arg};
	return 0;
}

/* Takes it out of its wheel; *runs: its function was running then. */
static bool take_out(timer *t, bool *runs)
{
	if (t->epoch == coiri_epoch)
		return coiri_timed_remove(&t->timed, runs);
	at_store_relaxed(&t->timed.firing, false); /* in a forked child it may have been running elsewhere */
	*runs = false;
	return false;
}

int coir_timer_start(coir_timer *public, coir_time when)
{
	timer *t = (timer *)public;
	coiri_worker *w;
	if (!t || !t->fn)
		return -EINVAL;
	if (!coiri_come_in(&w))
		return -EPERM;
	coiri_latch_acquire(&t->latch);
	bool runs, stopped = take_out(t, &runs);
	t->epoch = coiri_epoch;
	coiri_timed_restart(w, &t->timed, when);
	coiri_latch_release(&t->latch);
	if (w)
		coiri_notify_next(w); /* the caller goes on, maybe for long: somebody must watch */
	return coiri_go_out(w, stopped);
}

static int stop(timer *t, bool *runs)
{
	coiri_worker *w;
	if (!t || !t->fn)
		return -EINVAL;
	if (!coiri_come_in(&w))
		return -EPERM;
	coiri_latch_acquire(&t->latch);
	bool stopped = take_out(t, runs);
	coiri_latch_release(&t->latch);
	return coiri_go_out(w, stopped);
}

int coir_timer_stop(coir_timer *public)
{
	bool runs;
	return stop((timer *)public, &runs);
}

int coir_timer_drain(coir_timer *public)
{
	timer *t = (timer *)public;
	bool runs;
	if (!t || !t->fn)
		return -EINVAL;
	if (coiri_callback() == t)
		return -EDEADLK;
	/* Again and again, for its function may start it. Without a runtime nothing runs. */
	while (stop(t, &runs) >= 0 && runs)
		if (coir_yield()) /* a plain thread */
			sched_yield();
	return 0;
}
