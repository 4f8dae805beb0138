/* SPDX-License-Identifier: MIT */
#include "sched/timers.h"
#include "base/spin.h"
#include "sched/sched.h"

#include <coir/time.h>
#include <errno.h>
#include <stdlib.h>

#define RETRY 50000 /* ns, the first time */

coiri_clock coiri_the_clock;

void coiri_timers_init(coiri_timers *timers)
{
	timers->latch = (coiri_latch){0};
	coiri_wheel_init(&timers->wheel, coiri_time());
	at_store_relaxed(&timers->next, COIRI_NO_TIME);
}

static bool is_exact(void)
{
	return at_load_acquire(&coiri_the_clock.mode) != COIRI_CLOCK_REAL;
}

/* Under the latch, after every change. */
static void note_next(coiri_timers *timers)
{
	int64_t next = is_exact() ? coiri_wheel_earliest(&timers->wheel) : coiri_wheel_next(&timers->wheel);
	at_store_relaxed(&timers->next, next);
}

static void add(coiri_timed *timed, int64_t when)
{
	coiri_timers *timers = timed->home;
	coiri_wheel_add(&timers->wheel, &timed->timer, when);
	if (is_exact()) {
		if (when < at_load_relaxed(&timers->next))
			at_store_relaxed(&timers->next, when);
	} else {
		note_next(timers);
	}
}

void coiri_timed_start(coiri_worker *w, coiri_timed *timed, int64_t when, coiri_timed_fn fn)
{
	at_store_relaxed(&timed->firing, false);
	timed->fn = fn;
	coiri_timed_restart(w, timed, when);
}

void coiri_timed_restart(coiri_worker *w, coiri_timed *timed, int64_t when)
{
	coiri_worker *home = w ? w : &coiri_entered->workers[0];
	coiri_timers *timers = &home->timers;
	timed->home = timers;
	timed->retry = RETRY;
	coiri_latch_acquire_as(&timers->latch, coiri_who(w));
	int64_t before = at_load_relaxed(&timers->next);
	add(timed, when);
	bool sooner = at_load_relaxed(&timers->next) < before;
	coiri_latch_release(&timers->latch);
	if (!w && sooner) {
		at_fence_seq_cst(); /* pairs with the fence in coiri_idle_sleep */
		coiri_idle_wake(&home->rt->idle, home, NULL);
		if (at_load_relaxed(&home->rt->idle.hint) & COIRI_HINT_WATCH) /* home is busy, and nobody watches */
			coiri_idle_wake_one(&home->rt->idle, NULL);
	}
}

/* Takes it out of the wheel, if it is there. Returns whether its function runs at this moment. */
static bool take_back(coiri_timed *timed, bool *stopped)
{
	coiri_timers *timers = timed->home;
	coiri_latch_acquire_as(&timers->latch, coiri_who(coiri_here()));
	*stopped = coiri_wheel_holds(&timed->timer);
	if (*stopped) {
		coiri_wheel_remove(&timers->wheel, &timed->timer);
		/* With an exact clock `next` may stay too early: coiri_clock_jump looks once more. */
		if (!is_exact() && at_load_relaxed(&timers->next) >= timed->timer.when >> COIRI_TICK_SHIFT
												  << COIRI_TICK_SHIFT)
			note_next(timers);
	}
	/* acquire: pairs with the release in fire */
	bool firing = at_load_acquire(&timed->firing);
	coiri_latch_release(&timers->latch);
	return firing;
}

bool coiri_timed_remove(coiri_timed *timed, bool *runs)
{
	bool stopped;
	*runs = take_back(timed, &stopped);
	return stopped;
}

bool coiri_timed_stop(coiri_timed *timed)
{
	bool stopped;
	/* What runs may put the timer back for another try, so the wheel is looked at again after it. It takes no time to
	 * speak of. */
	while (unlikely(take_back(timed, &stopped))) {
		for (unsigned i = 0; at_load_relaxed(&timed->firing); i++)
			coiri_spin_wait(i);
	}
	return stopped;
}

/* Takes out the next timer that is due, or NULL. */
static coiri_timed *take_due(coiri_worker *w, coiri_timers *timers, int64_t now)
{
	coiri_timed *timed = NULL;
	coiri_latch_acquire_as(&timers->latch, coiri_who(w));
	if (!timers->wheel.due) /* else those come first */
		coiri_wheel_advance(&timers->wheel, now, is_exact());
	for (coiri_timer *timer; !timed && (timer = coiri_wheel_take_due(&timers->wheel)) != NULL;) {
		timed = coiri_container_of(timer, coiri_timed, timer);
		/* acquire: pairs with the release in fire, elsewhere */
		if (at_load_acquire(&timed->firing)) { /* started again, and due before its function is through */
			add(timed, now + RETRY);
			timed = NULL;
		} else {
			at_store_relaxed(&timed->firing, true);
		}
	}
	note_next(timers);
	coiri_latch_release(&timers->latch);
	return timed;
}

/* Each time twice as long: a fiber that was woken already may stand in a long queue. */
static int64_t retry_at(coiri_timed *timed)
{
	int64_t now = coiri_time(), wait = timed->retry;
	timed->retry = wait * 2;
	return wait < COIRI_NO_TIME - now ? now + wait : COIRI_NO_TIME - 1;
}

/* It was taken out of `timers`. (Its home may be another by now, if it was started again.) */
static void fire(coiri_worker *w, coiri_timers *timers, coiri_timed *timed)
{
	if (!timed->fn(timed, w)) {
		coiri_latch_acquire_as(&timers->latch, coiri_who(w));
		add(timed, retry_at(timed));
		at_store_relaxed(&timed->firing, false);
		coiri_latch_release(&timers->latch);
		return;
	}
	at_store_release(&timed->firing, false); /* pairs with the acquire in coiri_timed_stop. It may be gone now */
}

bool coiri_timers_run(coiri_worker *w, coiri_timers *timers)
{
	if (!coiri_timers_due(timers))
		return false;
	int64_t now = coiri_time();
	coiri_timed *timed;
	bool any = false;
	while ((timed = take_due(w, timers, now)) != NULL) {
		fire(w, timers, timed);
		w->ring_credit++;
		any = true;
	}
	/* What went back into the wheel of another worker, who may have gone to sleep meanwhile for longer. */
	if (timers != &w->timers && at_load_relaxed(&timers->next) != COIRI_NO_TIME) {
		at_fence_seq_cst(); /* pairs with the fence in coiri_idle_sleep */
		coiri_idle_wake(&w->rt->idle, coiri_container_of(timers, coiri_worker, timers), w);
	}
	return any;
}

static bool may_jump(void)
{
	const coiri_clock *clock = &coiri_the_clock;
	return at_load_acquire(&clock->mode) == COIRI_CLOCK_VIRTUAL && at_load_acquire(&clock->holds) == 0 &&
	       at_load_acquire(&clock->waits) == 0;
}

int64_t coiri_timers_sleep(coiri_timers *timers)
{
	int64_t next = at_load_relaxed(&timers->next);
	if (next == COIRI_NO_TIME)
		return -1;
	if (is_exact()) /* after the fence of coiri_idle_sleep: who moves the clock, or lets it go, sees us asleep else */
		return next <= coiri_time() || may_jump() ? 0 : -1;
	int64_t left = next - coiri_now();
	return left > 0 ? left : 0;
}

bool coiri_clock_jump(coiri_worker *w)
{
	coiri_clock *clock = &coiri_the_clock;
	if (!may_jump())
		return false;
	coiri_timers *timers = &w->timers;
	coiri_latch_acquire(
		&timers->latch); /* whoever adds a hold passes it too: none is in force in the middle of this */
	note_next(timers);
	int64_t next = at_load_relaxed(&timers->next);
	bool jumps = next != COIRI_NO_TIME && may_jump();
	if (jumps && next > at_load_relaxed(&clock->now))
		at_store_release(&clock->now, next);
	coiri_latch_release(&timers->latch);
	return jumps;
}

void coiri_clock_stay(void)
{
	coiri_timers *timers = &coiri_entered->workers[0].timers;
	coiri_latch_acquire(&timers->latch);
	at_add_acq_rel(&coiri_the_clock.waits, 1);
	coiri_latch_release(&timers->latch);
}

void coiri_clock_go_on(void)
{
	at_sub_acq_rel(&coiri_the_clock.waits, 1);
	at_fence_seq_cst(); /* pairs with the fence in coiri_idle_sleep */
	coiri_idle_wake(&coiri_entered->idle, &coiri_entered->workers[0], NULL);
}

/* ---- functions of the user ---- */

static __thread struct {
	const void *what;
	coiri_worker *worker;
} callback __attribute__((tls_model("initial-exec")));

void coiri_callback_begin(const void *what)
{
	callback.what = what;
	callback.worker = coiri_tls_worker;
	coiri_tls_worker = NULL;
	coiri_tasks_use(NULL);
}

void coiri_callback_end(void)
{
	if (!callback.worker) /* in a forked child: its only thread ends, as at the end of a fiber that forked */
		exit(0);
	callback.what = NULL;
	coiri_tls_worker = callback.worker;
	coiri_tasks_use(&callback.worker->forked);
}

void coiri_callbacks_forked(void)
{
	callback.what = NULL;
	callback.worker = NULL;
}

const void *coiri_callback(void)
{
	return callback.what;
}

/* ---- the public side ---- */

int coir_clock_advance(int64_t ns)
{
	coiri_worker *w;
	coiri_clock *clock = &coiri_the_clock;
	if (!coiri_come_in(&w))
		return -EPERM;
	bool allowed = at_load_acquire(&clock->mode) == COIRI_CLOCK_MANUAL && ns >= 0;
	if (allowed) {
		int64_t now = at_load_relaxed(&clock->now), next;
		do
			next = ns > COIRI_NO_TIME - now ? COIRI_NO_TIME : now + ns;
		while (!at_cas_acq_rel(&clock->now, &now, next)); /* pairs with the acquire in coiri_time */
		at_fence_seq_cst();                               /* pairs with the fence in coiri_idle_sleep */
		coiri_idle_wake(&coiri_entered->idle, &coiri_entered->workers[0], w);
		if (w)
			w->tick = 1; /* look at the timers at the next step */
	}
	return coiri_go_out(w, allowed ? 0 : -EINVAL);
}

int coir_clock_hold(void)
{
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	coiri_timers *timers = &coiri_entered->workers[0].timers;
	coiri_latch_acquire(&timers->latch);
	at_add_acq_rel(&coiri_the_clock.holds, 1);
	coiri_latch_release(&timers->latch);
	return coiri_go_out(w, 0);
}

int coir_clock_release(void)
{
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	uint32_t holds = at_load_relaxed(&coiri_the_clock.holds);
	/* release: pairs with the acquire in coiri_clock_jump */
	while (holds > 0 && !at_cas_acq_rel(&coiri_the_clock.holds, &holds, holds - 1))
		;
	if (holds > 0) {
		at_fence_seq_cst(); /* pairs with the fence in coiri_idle_sleep */
		coiri_idle_wake(&coiri_entered->idle, &coiri_entered->workers[0], w);
	}
	return coiri_go_out(w, holds > 0 ? 0 : -EINVAL);
}
