/* SPDX-License-Identifier: MIT
 *
 * sched/sched.h - what the files of the scheduler need of each other: choosing, switching, making runnable.
 *
 * A switch goes from a fiber (or the loop) to a fiber (or the loop), always with a post action, which runs on the new
 * stack with the worker as its argument, publishes or frees the context just left, and is the first moment at which
 * anyone else may get at it.
 */
#ifndef COIRI_SCHED_H
#define COIRI_SCHED_H

#include "sched/worker.h"

/* ---- stealing (steal.c) ---- */

/* One round over the victims. A fiber to run, or NULL; further loot lies in w's own queues. */
coiri_fiber *coiri_steal(coiri_worker *w);

/* Fires what is overdue at other workers. Only in w's loop. True: something was. */
bool coiri_steal_timers(coiri_worker *w);

/* Was the last loot, and were some before it, not worth the theft? */
COIRI_INLINE bool coiri_is_drowsy(const coiri_worker *w)
{
	return coiri_thief_is_drowsy(&coiri_the_policy, &w->thief);
}

/* w has run its last loot, if any: was it worth the theft? Sets how long w must wait before it searches again. */
void coiri_steal_judge(coiri_worker *w);

/* ---- fibers (run.c) ---- */

/* A worker's thread, from its start to the stop of the runtime. */
void *coiri_worker_main(void *worker);

/* The end of f's life in the state word: gives the result to its joiner, frees what nobody waits for. Returns the
 * joiner if it is a fiber that must now run. */
coiri_fiber *coiri_finish(coiri_worker *w, coiri_fiber *f, intptr_t result);

/* The runtime has ended, f has not: forgets it. */
void coiri_abandon(coiri_fiber *f);

/* f is DONE and AWAITED: hands its result to its joiner and frees it. Returns the joiner if that is a fiber, which the
 * caller now holds; a plain thread is woken. */
coiri_fiber *coiri_deliver(coiri_worker *w, coiri_fiber *f);

/* Runs the newest fiber of this worker inside the current one, as a join does, if it has not started and was spawned into
 * that scope. False: it was not run. After it the caller may be on another worker. */
bool coiri_run_inside(coiri_worker *w, const void *home);

void coiri_extra_free(coiri_fiber *f);

/* f's function has returned: says how deep its stack was, if somebody wants to know; once. */
COIRI_INLINE void coiri_note_high_water(coiri_fiber *f)
{
	if (likely(!f->extra) || !f->extra->high_water)
		return;
	*f->extra->high_water = coiri_stack_used(f->cold->stack);
	f->extra->high_water = NULL;
}

/* Frees a descriptor, on a worker. */
COIRI_INLINE void coiri_fiber_free(coiri_worker *w, coiri_fiber *f)
{
	if (unlikely(f->extra != NULL))
		coiri_extra_free(f);
	at_store_release(&f->state, 0); /* after all else that concerned this life of f */
	coiri_slab_free(w->slab, f);
}

/* Frees a descriptor, on any thread: w is its worker or NULL. */
void coiri_fiber_free_anywhere(coiri_worker *w, coiri_fiber *f);

/* ---- switching ---- */

COIRI_INLINE coiri_san *coiri_san_of(coiri_worker *w, coiri_fiber *f)
{
	return f ? &f->cold->san : &w->loop_san;
}

/* The context in which the caller runs. That of a fiber is in its cold block; while it stands on a coroutine's stack,
 * the coroutine's is there, and its own is kept with the coroutine. The same for a plain thread. */
COIRI_INLINE coiri_san *coiri_san_here(void)
{
	coiri_worker *w = coiri_here();
	return w ? coiri_san_of(w, w->current) : coiri_san_thread();
}

/* The C++ runtime's globals of this thread: prev's, if it lives on, are kept, and the current fiber's put there. */
void coiri_swap_exceptions(coiri_worker *w, coiri_fiber *prev);

/* First thing in every post action: the tools hear of the arrival, and the C++ exception globals change hands. prev:
 * the fiber just left; NULL: it has ended, or was the loop. */
COIRI_INLINE void coiri_arrive(coiri_worker *w, coiri_fiber *prev)
{
	coiri_san_arrive(coiri_san_of(w, w->current));
	if (unlikely(w->exceptions != NULL))
		coiri_swap_exceptions(w, prev);
}

/* The fiber that a post action's save belongs to. */
COIRI_INLINE coiri_fiber *coiri_saved(void **save)
{
	return coiri_container_of(save, coiri_fiber, sp);
}

/* From the fiber me, which runs, to next (NULL: the loop). Returns 0 when me runs again. A sibling call: keep it the
 * last thing a function does. */
COIRI_INLINE int coiri_switch(coiri_worker *w, coiri_fiber *me, coiri_fiber *next, coiri_post post)
{
	w->current = next;
	coiri_san_leave(&me->cold->san, coiri_san_of(w, next));
	return coiri_arch_switch(&me->sp, next ? next->sp : w->loop_sp, post, w);
}

/* The current fiber's function has returned: has it forked what it did not join? */
COIRI_INLINE bool coiri_has_open_tasks(coiri_worker *w, coiri_cold *cold)
{
	return coiri_tasks_open(&w->forked) || at_load_relaxed(&cold->given) != 0;
}

/* Something changes that tasks have from the current fiber: those that it has forked have it as it was. */
COIRI_INLINE void coiri_tasks_promote(coiri_worker *w)
{
	if (unlikely(coiri_tasks_open(&w->forked)))
		coiri_tasks_promote_all(w);
}

/* ---- telling idle workers that a fiber stands behind a run-next slot ---- */

COIRI_INLINE void coiri_notify_more(coiri_worker *w)
{
	coiri_light_fence(); /* pairs with the heavy fence in coiri_idle_found */
	if (unlikely(at_load_relaxed(&w->rt->idle.hint) != 0))
		coiri_idle_wake_one(&w->rt->idle, w);
}

/* The same for one that stands in it: somebody must watch. Returns 0. */
COIRI_INLINE int coiri_notify_next(coiri_worker *w)
{
	coiri_light_fence(); /* pairs with the heavy fence in coiri_idle_found */
	if (unlikely(at_load_relaxed(&w->rt->idle.hint) & COIRI_HINT_WATCH))
		return coiri_idle_wake_one(&w->rt->idle, w);
	return 0;
}

/* ---- making runnable: the short ways here, the rest in ready.c ---- */

int coiri_push_out(coiri_worker *w, coiri_fiber *old);
/* f, which is sticky and new, will begin on w and nowhere else. */
void coiri_ready_bound(coiri_worker *w, coiri_fiber *f);
/* Into the ring, as one that was woken: see ready.c. */
void coiri_push_woken(coiri_worker *w, coiri_fiber *f);
void coiri_ready_slow(coiri_worker *w, coiri_fiber *f);
void coiri_ready_last_slow(coiri_worker *w, coiri_fiber *f);
/* f was made runnable by a plain thread, which has entered. */
void coiri_ready_outside(coiri_runtime *rt, coiri_fiber *f);

COIRI_INLINE void coiri_push_new(coiri_worker *w, coiri_fiber *f)
{
	if (unlikely(!coiri_deque_push(&w->deque, f)))
		coiri_inject_push(&w->rt->inject, f);
}

COIRI_INLINE void coiri_push_started(coiri_worker *w, coiri_fiber *f)
{
	if (unlikely(!coiri_ring_push(&w->ring, f)))
		coiri_inject_push(&w->rt->inject, f);
}

/* Puts f into run-next; what was there goes behind it. Returns 0, so that a caller that does the same can end with it.
 * */
COIRI_INLINE int coiri_put_next(coiri_worker *w, coiri_fiber *f)
{
	coiri_fiber *old = coiri_next_peek(&w->next);
	if (!old) {
		coiri_next_fill(&w->next, f);
		return coiri_notify_next(w);
	}
	old = coiri_next_swap(&w->next, old, f);
	if (unlikely(!old))
		return coiri_notify_next(w); /* a thief was faster: f fills an empty slot too */
	if (unlikely(!coiri_is_new(old)) || unlikely(!coiri_deque_push_quick(&w->deque, old)))
		return coiri_push_out(w, old);
	coiri_light_fence(); /* pairs with the heavy fence in coiri_idle_found */
	return likely(at_load_relaxed(&w->rt->idle.hint) == 0) ? 0 : coiri_idle_wake_one(&w->rt->idle, w);
}

/* f never ran: newest first. */
COIRI_INLINE int coiri_ready_new(coiri_worker *w, coiri_fiber *f)
{
	return coiri_put_next(w, f);
}

/* f was woken by something on worker w: it goes next, or into the ring. */
COIRI_INLINE void coiri_ready(coiri_worker *w, coiri_fiber *f)
{
	if (likely(!f->extra && w->streak < COIRI_WAKE_STREAK))
		coiri_put_next(w, f);
	else
		coiri_ready_slow(w, f);
}

/* f yielded: to the end of the ring. */
COIRI_INLINE void coiri_ready_last(coiri_worker *w, coiri_fiber *f)
{
	at_store_relaxed(&w->ring.shy, false);
	if (unlikely(f->extra != NULL) || unlikely(!coiri_ring_push_quick(&w->ring, f)))
		coiri_ready_last_slow(w, f);
	else
		coiri_notify_more(w);
}

/* ---- choosing: the order is pick.c's, which has all but the shortest way ---- */

/* The next fiber for w to run, or NULL if it has none (or the runtime stops). One scheduling step. A fiber that never
 * ran comes without a stack (coiri_is_new), to be started on the caller's or to be bound. */
coiri_fiber *coiri_pick_any(coiri_worker *w);

/* Gives f, which never ran, a stack. False: none to be had; f was put aside (starved) and runs later. */
bool coiri_bind(coiri_worker *w, coiri_fiber *f);

/* Empties the run-next slot; NULL if it was empty. */
COIRI_INLINE coiri_fiber *coiri_take_next(coiri_worker *w)
{
	coiri_fiber *f = coiri_next_peek(&w->next);
	return f ? coiri_next_swap(&w->next, f, NULL) : NULL;
}

/* The short way of coiri_pick: a started fiber in run-next or, if there is none and no other queue has a say, in the
 * ring. NULL: go the long way. */
COIRI_INLINE coiri_fiber *coiri_pick_quick(coiri_worker *w)
{
	if (unlikely(w->tick <= 1) || unlikely(coiri_tasks_open(&w->forked)))
		return NULL;
	coiri_fiber *f = coiri_next_peek(&w->next);
	if (f) {
		if (unlikely(!coiri_next_take_quick(&w->next, f)))
			return NULL;
		if (unlikely(coiri_is_new(f))) { /* only its holder may look */
			coiri_next_fill(&w->next, f);
			return NULL;
		}
		w->streak++;
	} else {
		if (unlikely(!coiri_deque_is_empty(&w->deque)) || unlikely(w->has_sticky))
			return NULL;
		f = coiri_ring_pop(&w->ring);
		if (unlikely(!f))
			return NULL;
		w->streak = 0;
	}
	w->tick--;
	return f;
}

/* The short way of coiri_pick_any for a worker whose fiber has ended: the newest of the deque. NULL: go the long way.
 * */
COIRI_INLINE coiri_fiber *coiri_pick_newest(coiri_worker *w)
{
	if (unlikely(w->tick <= 1) || unlikely(coiri_next_peek(&w->next) != NULL) || unlikely(w->ring_credit > 0))
		return NULL;
	coiri_fiber *f = coiri_deque_pop(&w->deque);
	if (likely(f != NULL)) {
		w->tick--;
		w->streak = 0;
	}
	return f;
}

/* The next fiber for w to switch to, or NULL. One scheduling step. */
coiri_fiber *coiri_pick(coiri_worker *w);

/* The current fiber has had its turns, and goes on after others, if there are some. */
int coiri_step_aside(coiri_worker *w);

/* A wait of the current fiber was over before it began: counts as a step, and at a fair one lets others go first.
 * Returns 0, maybe elsewhere. */
COIRI_INLINE int coiri_step_in_place(coiri_worker *w)
{
	if (likely(w->tick > 1)) {
		w->tick--;
		return 0;
	}
	return coiri_step_aside(w);
}

#endif
