/* SPDX-License-Identifier: MIT
 *
 * sched/join.c - waiting for a fiber's end: inline if it has not started, else parked; detaching.
 *
 * The claim (CLAIMED) comes first, so of several that try one wins and the others get -EINVAL.
 *
 * Inline: the child is the newest of this worker (in run-next or at the bottom of the deque), has not started, and
 * enough of the joiner's stack is left: then it is called there, as a full fiber boundary. If it parks, it parks on top
 * of the joiner, which waits for it anyway; wherever it ends, the joiner goes on. Nobody but the joiner may look at the
 * child's end, so it needs no transition of the state word. Each inline run is a scheduling step: every
 * COIRI_FAIR_STEPS steps the join goes the long way, so that others get their turn.
 *
 * Parked: the joiner's descriptor holds where the result goes (arg), the child's who waits (joiner). The post action
 * sets AWAITED, off the joiner's stack; whoever comes second, it or DONE, delivers (coiri_deliver). So the joiner
 * resumes straight into the caller of coir_join, with nothing left to do.
 */
#include "base/futex.h"
#include "sched/local.h"
#include "sched/sched.h"
#include "sched/spawn.h"

#include <errno.h>

#define INLINE_RESERVE ((ptrdiff_t)8 << 10) /* for the runtime's own frames and the join of the next one */

/* A plain thread that joins. */
typedef struct coiri_thread_wait {
	coiri_atomic(uint32_t) done;
	int error; /* of the join: -ESRCH if the runtime ended first */
	intptr_t result;
} coiri_thread_wait;

#define THREAD_BIT ((uintptr_t)1)

static void wake_thread(uintptr_t who, intptr_t result, int error)
{
	coiri_thread_wait *wait = (coiri_thread_wait *)(who & ~THREAD_BIT);
	wait->result = result;
	wait->error = error;
	at_store_release(&wait->done, 1); /* pairs with the acquire in join_blocking */
	coiri_futex_wake(&wait->done, 1); /* its memory may be gone by now: a stray wake harms nobody */
}

coiri_fiber *coiri_deliver(coiri_worker *w, coiri_fiber *f)
{
	uintptr_t who = (uintptr_t)f->joiner;
	intptr_t result = (intptr_t)f->arg;
	coiri_san_receive(f);
	coiri_fiber_free_anywhere(w, f);
	if (unlikely(who & THREAD_BIT)) {
		wake_thread(who, result, 0);
		return NULL;
	}
	coiri_fiber *joiner = (coiri_fiber *)who;
	intptr_t *out = joiner->arg;
	if (out)
		*out = result;
	return joiner;
}

void coiri_abandon(coiri_fiber *f)
{
	bool awaited = at_load_relaxed(&f->state) & COIRI_AWAITED;
	uintptr_t who = (uintptr_t)f->joiner;
	if (!coiri_is_new(f))
		coiri_locals_drop(f->cold->locals);
	coiri_fiber_free_anywhere(NULL, f);
	if (awaited && (who & THREAD_BIT))
		wake_thread(who, 0, -ESRCH);
}

/* Claims the right to join. Returns the state before, or a negative error. */
static int claim(coir_fiber h, coiri_fiber *me, bool *done)
{
	coiri_fiber *f = h.fiber;
	if (unlikely(!f || h.seq == 0))
		return -ESRCH;
	uint64_t s = at_load_relaxed(&f->state);
	do {
		if (unlikely(s >> COIRI_SEQ_SHIFT != h.seq))
			return -ESRCH;
		if (unlikely(f == me))
			return -EDEADLK;
		if (unlikely(s & (COIRI_CLAIMED | COIRI_DETACHED)))
			return -EINVAL;
		/* acquire: pairs with DONE's release in coiri_finish */
	} while (unlikely(!at_cas_acq_rel(&f->state, &s, s | COIRI_CLAIMED)));
	*done = s & COIRI_DONE;
	return 0;
}

/* f is DONE and ours. */
static int reap(coiri_worker *w, coiri_fiber *f, intptr_t *out)
{
	coiri_san_receive(f);
	if (out)
		*out = (intptr_t)f->arg;
	coiri_fiber_free_anywhere(w, f);
	return 0;
}

/* ---- inline ---- */

COIRI_INLINE bool take_inline(coiri_worker *w, coiri_fiber *me, coiri_fiber *f)
{
	/* Only when it is out of its queue may its fields be looked at. */
	if (coiri_next_peek(&w->next) == f) {
		if (unlikely(!coiri_next_swap(&w->next, f, NULL)))
			return false;
		if (unlikely(!coiri_is_new(f))) { /* it was woken */
			coiri_put_next(w, f);
			return false;
		}
	} else if (!coiri_deque_pop_if(&w->deque, f)) {
		return false;
	}
	char *sp = coiri_arch_sp();
	if (likely(!coiri_keeps_own_stack(f) && !coiri_keeps_own_stack(me) && w->tick > 1 && sp < me->cold->high &&
		   sp - me->cold->low >= (ptrdiff_t)coiri_stack_promise + INLINE_RESERVE)) {
		w->tick--;
		return true;
	}
	coiri_ready_new(w, f); /* back: it will run on a stack of its own */
	return false;
}

static COIRI_NOINLINE void clear_below(coiri_cold *cold)
{
	char *low = cold->low + (coiri_stack_canaries ? COIRI_PAGE : 0);
	char *boundary = (char *)((uintptr_t)(coiri_arch_sp() - COIRI_PAGE) & ~(uintptr_t)(COIRI_PAGE - 1));
	coiri_stack_clear_pages(low, boundary);
}

/* A pair of the C++ runtime's globals. */
typedef struct exceptions {
	void *word[2];
} exceptions;

static exceptions take_exceptions(coiri_worker *w)
{
	exceptions saved = {{NULL, NULL}};
	if (unlikely(w->exceptions != NULL)) {
		saved = (exceptions){{w->exceptions[0], w->exceptions[1]}};
		w->exceptions[0] = w->exceptions[1] = NULL;
	}
	return saved;
}

static void put_exceptions(coiri_worker *w, exceptions saved)
{
	if (unlikely(w->exceptions != NULL)) {
		w->exceptions[0] = saved.word[0];
		w->exceptions[1] = saved.word[1];
	}
}

/* Calls f on the joiner's stack. Returns the worker on which it ended, or NULL in a forked child. */
COIRI_INLINE coiri_worker *call_inline(coiri_worker *w, coiri_fiber *me, coiri_fiber *f, coiri_cold *cold,
				       intptr_t *result)
{
	coiri_fp words;
	cold->stack = NULL;
	cold->low = me->cold->low;
	cold->high = me->cold->high;
	cold->under = me;
	cold->locals = NULL;
	f->cold = cold;
	f->sp = cold; /* started: the first switch away sets the real one */
	coiri_fp_enter(&words);
	w->current = f;
	coiri_san_publish(w);
	coiri_san_nest(&me->cold->san, &cold->san);
	coiri_san_receive(&f->fn);

	*result = coiri_arch_call_entry(f->fn, f->arg);

	w = coiri_here();
	if (unlikely(!w))
		return NULL;
	if (unlikely(cold->locals != NULL)) {
		coiri_locals_end(&cold->locals);
		w = coiri_here();
		if (unlikely(!w))
			return NULL;
	}
	coiri_san_unnest(&me->cold->san, &cold->san);
	coiri_fp_leave(&words);
	w->current = me;
	at_count(&w->count.inlined, 1);
	return w;
}

static COIRI_NOINLINE int join_inline(coiri_worker *w, coiri_fiber *me, coiri_fiber *f, intptr_t *out)
{
	coiri_cold cold;
	intptr_t result;
	w = call_inline(w, me, f, &cold, &result);
	if (unlikely(!w)) /* this thread is all there is, and the fiber its only one: let it go on as its joiner */
		return -EPERM;
	coiri_fiber_free(w, f);
	if (out)
		*out = result;
	return 0;
}

/* The same for a program with C++ exceptions, or with stacks that are to be wiped. */
static COIRI_NOINLINE int join_inline_special(coiri_worker *w, coiri_fiber *me, coiri_fiber *f, intptr_t *out)
{
	coiri_cold cold;
	intptr_t result;
	exceptions saved = take_exceptions(w);
	w = call_inline(w, me, f, &cold, &result);
	if (unlikely(!w))
		return -EPERM;
	put_exceptions(w, saved);
	if (w->rt->wipe) {
		clear_below(&cold);
		coiri_arch_wipe_below(coiri_arch_sp() - 2 * (size_t)COIRI_PAGE);
	}
	coiri_fiber_free(w, f);
	if (out)
		*out = result;
	return 0;
}

/* ---- parked ---- */

static void post_join(void *arg, void **save)
{
	coiri_worker *w = arg;
	coiri_fiber *child = w->awaited, *me = coiri_saved(save);
	coiri_arrive(w, me);
	/* release: the joiner's saved context and where its result goes; acquire: pairs with DONE's release */
	uint64_t s = at_or_acq_rel(&child->state, COIRI_AWAITED);
	if (s & COIRI_DONE) { /* it ended meanwhile, and saw nobody wait */
		coiri_deliver(w, child);
		coiri_ready(w, me);
	}
}

/* ---- plain threads ---- */

/* Claims f and says who waits. Returns 1 if f goes on and the caller must wait; else the result of the join. */
static int begin_wait(coir_fiber h, coiri_thread_wait *wait, intptr_t *out)
{
	bool done;
	int r = claim(h, NULL, &done);
	if (r)
		return r;
	coiri_fiber *f = h.fiber;
	if (done)
		return reap(NULL, f, out);
	f->joiner = (void *)((uintptr_t)wait | THREAD_BIT);
	/* as in post_join */
	if (at_or_acq_rel(&f->state, COIRI_AWAITED) & COIRI_DONE)
		return reap(NULL, f, out);
	return 1;
}

static int sleep_until_done(coiri_thread_wait *wait, intptr_t *out)
{
	while (!at_load_acquire(&wait->done)) /* pairs with the release in wake_thread */
		coiri_futex_wait(&wait->done, 0, -1);
	if (out && !wait->error)
		*out = wait->result;
	return wait->error;
}

static COIRI_NOINLINE int join_blocking(coir_fiber h, intptr_t *out)
{
	coiri_thread_wait wait = {0, 0, 0};
	if (!coiri_enter())
		return -EPERM;
	int r = begin_wait(h, &wait, out);
	coiri_exit();
	return r <= 0 ? r : sleep_until_done(&wait, out);
}

int coiri_run_awaited(coiri_extra *extra, coir_fn fn, void *arg, intptr_t *out)
{
	coiri_thread_wait wait = {0, 0, 0};
	int r = coiri_spawn_awaited(extra, fn, arg, (void *)((uintptr_t)&wait | THREAD_BIT));
	return r ? r : sleep_until_done(&wait, out);
}

int coir_join(coir_fiber h, intptr_t *out)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return join_blocking(h, out);
	coiri_fiber *me = w->current, *f = h.fiber;
	bool done;
	int r = claim(h, me, &done);
	if (unlikely(r))
		return r;
	if (done) {
		reap(w, f, out);
		return coiri_step_in_place(w);
	}
	if (take_inline(w, me, f))
		return likely(!w->special) ? join_inline(w, me, f, out) : join_inline_special(w, me, f, out);
	f->joiner = me;
	me->arg = out;
	coiri_fiber *next = coiri_pick(w);
	w->awaited = f;
	return coiri_switch(w, me, next, post_join);
}

static int detach(coiri_worker *w, coir_fiber h)
{
	coiri_fiber *f = h.fiber;
	if (!f || h.seq == 0)
		return -ESRCH;
	uint64_t s = at_load_relaxed(&f->state);
	do {
		if (s >> COIRI_SEQ_SHIFT != h.seq)
			return -ESRCH;
		if (s & (COIRI_CLAIMED | COIRI_DETACHED))
			return -EINVAL;
		/* as in claim */
	} while (!at_cas_acq_rel(&f->state, &s, s | COIRI_DETACHED));
	if (s & COIRI_DONE)
		coiri_fiber_free_anywhere(w, f);
	return 0;
}

int coir_detach(coir_fiber h)
{
	coiri_worker *w = coiri_here();
	if (w)
		return detach(w, h);
	if (!coiri_enter())
		return -EPERM;
	int r = detach(NULL, h);
	coiri_exit();
	return r;
}
