/* SPDX-License-Identifier: MIT
 *
 * sched/run.c - what a worker's thread does, and the base of every fiber's stack.
 *
 * The loop on the thread's native stack runs fibers while there are some, searches, sleeps. A fiber's stack has at its
 * base coiri_fiber_main, which runs one fiber after the other: the next one that never ran starts on the hot stack of
 * the one that ended, with no switch at all.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "sched/local.h"
#include "sched/sched.h"
#include "stack/overflow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define TRIM_BUDGET 256u /* stacks given back to the kernel in one go */

static const coiri_policy *const policy = &coiri_the_policy;

__thread coiri_worker *coiri_tls_worker;

/* The C++ runtime's, if the program has one: {caught exceptions, uncaught count} of the calling thread. */
void **__cxa_get_globals(void) __attribute__((weak));

void coiri_swap_exceptions(coiri_worker *w, coiri_fiber *prev)
{
	void **here = w->exceptions, **kept = w->current ? w->current->cold->exceptions : NULL;
	if (prev) {
		prev->cold->exceptions[0] = here[0];
		prev->cold->exceptions[1] = here[1];
	}
	here[0] = kept ? kept[0] : NULL;
	here[1] = kept ? kept[1] : NULL;
}

/* ---- the end of a fiber ---- */

void coiri_extra_free(coiri_fiber *f)
{
	free(f->extra);
	f->extra = NULL;
}

void coiri_fiber_free_anywhere(coiri_worker *w, coiri_fiber *f)
{
	if (w) {
		coiri_fiber_free(w, f);
		return;
	}
	if (f->extra)
		coiri_extra_free(f);
	at_store_release(&f->state, 0);
	coiri_slab_free_remote(f);
}

coiri_fiber *coiri_finish(coiri_worker *w, coiri_fiber *f, intptr_t result)
{
	at_count(&w->count.finished, 1);
	uint64_t s = at_load_relaxed(&f->state);
	if (!(s & COIRI_DETACHED)) {
		f->arg = (void *)result;
		coiri_san_publish(f);
		/* release: the result, for who reaps it; acquire: pairs with the joiner's AWAITED */
		s = at_or_acq_rel(&f->state, COIRI_DONE);
		if (!(s & COIRI_DETACHED))
			return s & COIRI_AWAITED ? coiri_deliver(w, f) : NULL;
	}
	coiri_fiber_free(w, f);
	return NULL;
}

/* post action: nothing to publish */
static void post_none(void *arg, void **save)
{
	(void)save; /* the loop's */
	coiri_arrive(arg, NULL);
}

/* post action: the fiber that was left has ended, its stack is free */
static void post_exit(void *arg, void **save)
{
	coiri_worker *w = arg;
	(void)save;
	coiri_arrive(w, NULL);
	coiri_san_end(&w->dead_san);
	coiri_stack *stack = w->dead;
	if (likely(stack->class == coiri_stack_default_class() && stack->node == w->stacks.node &&
		   w->stacks.hot_count < COIRI_POOL_MAX))
		coiri_stack_put_hot(&w->stacks, stack);
	else
		coiri_stack_put_slow(&w->stacks, stack);
	if (unlikely(!coiri_inject_is_empty(&w->rt->starved))) {
		coiri_fiber *f = coiri_inject_pop(&w->rt->starved);
		if (f)
			coiri_ready_new(w, f);
	}
}

COIRI_NORETURN static void leave(coiri_worker *w, coiri_cold *cold, coiri_fiber *next)
{
	w->current = next;
	w->dead = cold->stack;
	w->dead_san = cold->san;
	coiri_san_leave(NULL, coiri_san_of(w, next));
	coiri_arch_leave(next ? next->sp : w->loop_sp, post_exit, w);
}

/* In a forked child the runtime is gone; the fiber that called fork is the only thread, and this is its end. */
COIRI_NORETURN static COIRI_COLD void orphan_exit(coiri_fiber *f, intptr_t result)
{
	exit(f->extra && f->extra->is_main ? (int)result : 0);
}

static COIRI_NOINLINE void start_extra(coiri_worker *w, coiri_fiber *f)
{
	if (f->extra->sticky) {
		f->extra->home = (int16_t)w->index;
		w->has_sticky = true;
	}
}

static COIRI_NOINLINE void check_canary(coiri_cold *cold)
{
	if (!coiri_stack_canary_ok(cold->stack))
		coiri_overflow_die(coiri_class_size(cold->stack->class), " (its canary is overwritten)");
}

/* The whole of what fn does to its stack ends before this returns. Returns the worker it ended on. */
static coiri_worker *run_body(coiri_fiber *f, coiri_cold *cold, intptr_t *result)
{
	coiri_san_receive(&f->fn);
	*result = f->fn(f->arg);
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		orphan_exit(f, *result);
	if (unlikely(coiri_has_open_tasks(w, cold)))
		coiri_tasks_unjoined();
	if (unlikely(coiri_has_end_work(cold))) {
		coiri_end_work(cold, *result);
		w = coiri_here();
		if (unlikely(!w))
			orphan_exit(f, *result);
	}
	coiri_note_high_water(f);
	if (unlikely(cold->stack->canary))
		check_canary(cold);
	return w;
}

static bool fits(coiri_fiber *next, coiri_cold *cold)
{
	return likely(!next->extra || (!next->extra->own_stack && !next->extra->stack && !next->extra->high_water)) &&
	       likely(cold->stack->class == coiri_stack_default_class());
}

/* What runs after f's end: its joiner at once, if it waits, else the next in order. */
static coiri_fiber *choose(coiri_worker *w, coiri_fiber *joiner)
{
	if (joiner) {
		if (likely(w->tick > 1) && !coiri_is_sticky(joiner)) {
			w->tick--;
			return joiner;
		}
		coiri_ready(w, joiner);
	}
	coiri_fiber *next = coiri_pick_newest(w);
	return likely(next != NULL) ? next : coiri_pick_any(w);
}

void coiri_fiber_main(void);

void coiri_fiber_main(void)
{
	coiri_worker *w = coiri_here();
	coiri_fiber *f = w->current;
	coiri_cold *cold = f->cold;
	for (;;) {
		intptr_t result;
		if (unlikely(f->extra != NULL))
			start_extra(w, f);
		w = run_body(f, cold, &result);
		if (unlikely(w->rt->wipe)) {
			coiri_stack_clear(cold->stack, coiri_arch_sp() - COIRI_PAGE);
			coiri_arch_wipe_below(coiri_arch_sp() - 2 * (size_t)COIRI_PAGE);
		}
		coiri_fiber *next = choose(w, coiri_finish(w, f, result));
		if (next && coiri_is_new(next)) {
			if (likely(fits(next, cold))) {
				coiri_cold_give(cold, next);
				next->sp = cold; /* started: the first switch away sets the real one */
				coiri_fp words;
				coiri_fp_enter(&words);
				coiri_san_hand_over(&cold->san, &cold->san);
				w->current = f = next;
				continue;
			}
			if (!coiri_bind(w, next))
				next = coiri_pick(w);
		}
		leave(w, cold, next);
	}
}

/* ---- the loop ---- */

/* Waits ns nanoseconds, but not longer than until something comes in from outside. */
static void wait_a_little(coiri_worker *w, int64_t ns)
{
	int64_t end = coiri_now() + ns;
	do
		for (int i = 0; i < 16; i++)
			coiri_pause();
	while (coiri_now() < end && coiri_inject_is_empty(&w->rt->inject) && !at_load_relaxed(&w->inbox) &&
	       !at_load_relaxed(&w->rt->stopping));
}

/* A search: rounds over the victims and the own incoming queues, until something is found or the time is up. */
static coiri_fiber *look_around(coiri_worker *w, int64_t ns)
{
	int64_t end = coiri_now() + ns;
	for (unsigned round = 0; !at_load_relaxed(&w->rt->stopping); round++) {
		coiri_timers_run(w, &w->timers);
		coiri_fiber *f = coiri_pick(w);
		if (!f && coiri_steal_timers(w))
			f = coiri_pick(w);
		if (!f) {
			f = coiri_steal(w);
			if (f && coiri_is_new(f) && !coiri_bind(w, f))
				f = NULL;
		}
		if (f)
			return f;
		int64_t now = coiri_now();
		if (w->glimpsed && round == 0 && end < now + policy->spin_glimpse)
			end = now + policy->spin_glimpse; /* to see whether it stands still */
		if (now >= end)
			break;
		wait_a_little(w, coiri_search_pause(policy, round));
	}
	return NULL;
}

/* Gives surplus stacks back while idle. True: there is more, so don't sleep for long. */
static bool tidy(coiri_worker *w)
{
	coiri_stack_pool_spill(&w->stacks, COIRI_POOL_BATCH / 2);
	return coiri_stack_trim(TRIM_BUDGET);
}

static coiri_fiber *search(coiri_worker *w)
{
	coiri_steal_judge(w);
	bool told = true;
	if (coiri_is_drowsy(w))
		told = coiri_idle_sleep(w);
	else if (w->thief.backoff)
		wait_a_little(w, w->thief.backoff);
	while (!at_load_relaxed(&w->rt->stopping)) {
		coiri_fiber *f = NULL;
		if (coiri_idle_search(w)) {
			bool spins = told && at_load_acquire(&coiri_the_clock.mode) == COIRI_CLOCK_REAL;
			f = look_around(w, spins ? policy->spin : 0);
		} else {
			coiri_timers_run(w, &w->timers);
			f = coiri_pick(w);
		}
		if (f) {
			coiri_idle_found(w);
			return f;
		}
		if (coiri_clock_jump(w))
			continue;
		if (!tidy(w))
			told = coiri_idle_sleep(w);
	}
	return NULL;
}

static void run_fiber(coiri_worker *w, coiri_fiber *f)
{
	w->current = f;
	coiri_san_leave(&w->loop_san, &f->cold->san);
	coiri_arch_switch(&w->loop_sp, f->sp, post_none, w);
}

void *coiri_worker_main(void *worker)
{
	coiri_worker *w = worker;
	coiri_tls_worker = w;
	coiri_tasks_use(&w->forked);
	coiri_san_adopt(&w->loop_san);
	w->exceptions = __cxa_get_globals ? __cxa_get_globals() : NULL;
	w->special = w->exceptions || w->rt->wipe;
	prctl(PR_SET_TIMERSLACK, 1000ul, 0, 0,
	      0); /* the kernel's default of 50 us would double a watcher's first sleep */
	for (;;) {
		w->to_loop = false;
		coiri_timers_run(w, &w->timers);
		coiri_fiber *f = coiri_pick(w);
		if (!f)
			f = search(w);
		if (!f)
			break;
		run_fiber(w, f);
	}
	coiri_tls_worker = NULL;
	coiri_tasks_use(NULL);
	return NULL;
}
