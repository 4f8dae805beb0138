/* SPDX-License-Identifier: MIT
 *
 * sched/join.c - waiting for a fiber's end: inline if it has not started, else parked; detaching.
 *
 * The claim (CLAIMED) comes first, so of several that try one wins and the others get -EINVAL.
 *
 * Inline: see inline.h.
 *
 * Parked: the joiner's descriptor holds where the result goes (arg), the child's who waits (joiner). The post action
 * sets AWAITED, off the joiner's stack; whoever comes second, it or DONE, delivers (coiri_deliver). So the joiner
 * resumes straight into the caller of coir_join, with nothing left to do.
 *
 * With a deadline, the joiner can give up: it waits with a ticket (wait.h), and whoever delivers must win that first.
 * One that gave up takes CLAIMED and AWAITED back, in one step with a look at DONE; if that is set already, the child's
 * finisher is on its way: he then either has won, or, having lost, sets HANDED as the last thing he does to the child,
 * for which the joiner waits before it reaps the child itself.
 */
#include "base/fault.h"
#include "base/futex.h"
#include "base/spin.h"
#include "sched/inline.h"
#include "sched/local.h"
#include "sched/spawn.h"
#include "sched/wait.h"

/* What f->joiner points to, besides a fiber that waits for as long as it takes. */
#define THREAD_BIT ((uintptr_t)1) /* a join_thread */
#define LIMIT_BIT  ((uintptr_t)2) /* a fiber that may give up */

/* DETACHED, in a fiber that is DONE and CLAIMED: its finisher has nothing more to do with it. */
#define COIRI_HANDED ((uint64_t)COIRI_DETACHED)

/* A plain thread that joins. */
typedef struct join_thread {
	coiri_thread thread;
	coiri_waiter waiter;
	intptr_t result;
} join_thread;

/* f's joiner may have given up. Returns the joiner if it is a fiber, which the caller has won. */
static COIRI_NOINLINE coiri_fiber *deliver_in_time(coiri_worker *w, coiri_fiber *f, uintptr_t who)
{
	coiri_fiber *joiner = who & LIMIT_BIT ? (coiri_fiber *)(who & ~LIMIT_BIT) : NULL;
	join_thread *wait = joiner ? NULL : (join_thread *)(who & ~THREAD_BIT);
	if (!(joiner ? coiri_win_join(joiner) : coiri_win_thread(&wait->thread, 0))) {
		at_or_acq_rel(&f->state, COIRI_HANDED); /* release: pairs with the acquire in give_up */
		return NULL;
	}
	intptr_t *out = joiner ? joiner->arg : &wait->result;
	if (out)
		*out = (intptr_t)f->arg;
	coiri_fiber_free_anywhere(w, f);
	if (wait)
		coiri_wake_thread(&wait->thread);
	return joiner;
}

coiri_fiber *coiri_deliver(coiri_worker *w, coiri_fiber *f)
{
	uintptr_t who = (uintptr_t)f->joiner;
	intptr_t result = (intptr_t)f->arg;
	coiri_san_receive(f);
	if (unlikely(who & (THREAD_BIT | LIMIT_BIT)))
		return deliver_in_time(w, f, who);
	coiri_fiber_free_anywhere(w, f);
	coiri_fiber *joiner = (coiri_fiber *)who;
	intptr_t *out = joiner->arg;
	if (out)
		*out = result;
	return joiner;
}

void coiri_abandon(coiri_fiber *f)
{
	if (!coiri_is_new(f)) {
		coiri_locals_drop(f->cold);
		coiri_drop_defers(f->cold);
	}
	/* A plain thread that joins it may have given up: it is dismissed by its own list. */
	coiri_fiber_free_anywhere(NULL, f);
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

/* ---- parked ---- */

static void post_join(void *arg, void **save)
{
	coiri_worker *w = arg;
	coiri_fiber *child = w->awaited, *me = coiri_saved(save);
	coiri_arrive(w, me);
	bool task = coiri_is_task(child); /* later it may be gone */
	/* release: the joiner's saved context and where its result goes; acquire: pairs with DONE's release */
	uint64_t s = at_or_acq_rel(&child->state, COIRI_AWAITED);
	if (s & COIRI_DONE) { /* it ended meanwhile, and saw nobody wait */
		coiri_deliver(w, child);
		coiri_ready(w, me);
	} else if (unlikely(task) && (s & COIRI_PARKED)) {
		coiri_task_rescue(w, child, s >> COIRI_SEQ_SHIFT);
	}
}

/* ---- with a deadline ---- */

/* Claims a fiber that has ended. */
static int claim_done(coir_fiber h, coiri_fiber *me)
{
	uint64_t s = h.fiber ? at_load_relaxed(&((coiri_fiber *)h.fiber)->state) : 0;
	if (h.seq != 0 && s >> COIRI_SEQ_SHIFT == h.seq && h.fiber != me &&
	    !(s & (COIRI_DONE | COIRI_CLAIMED | COIRI_DETACHED)))
		return -EAGAIN;
	bool done;
	int r = claim(h, me, &done);
	coiri_assert(r || done);
	return r;
}

static void post_join_until(void *arg, void **save)
{
	coiri_worker *w = arg;
	coiri_fiber *child = w->awaited;
	coiri_post_wait(arg, save);
	/* The joiner may have gone on by now, but not far: give_up waits for this. */
	if (at_or_acq_rel(&child->state, COIRI_AWAITED) & COIRI_DONE) {
		coiri_fiber *joiner = coiri_deliver(w, child);
		if (joiner)
			coiri_ready(w, joiner);
	}
}

/* The joiner of f, which it has claimed, has waited in vain. True: f goes on without it; false: f has ended after all,
 * and is the joiner's to reap. */
static bool give_up(coiri_fiber *f, uint64_t seq)
{
	uint64_t s = at_load_relaxed(&f->state);
	for (unsigned i = 0;; i++) {
		if (s >> COIRI_SEQ_SHIFT != seq) /* the runtime has ended, and f with it */
			return true;
		if (!(s & COIRI_DONE) && (s & COIRI_AWAITED)) {
			if (at_cas_acq_rel(&f->state, &s, s & ~(uint64_t)(COIRI_CLAIMED | COIRI_AWAITED)))
				return true;
			continue;
		}
		if (s & COIRI_HANDED)
			return false;
		/* Our post action has not yet said that we wait, or f's finisher has not yet let go. */
		coiri_spin_wait(i);
		s = at_load_acquire(&f->state); /* pairs with the release in deliver_in_time */
	}
}

static COIRI_NOINLINE int wait_for_end(coiri_worker *w, coiri_fiber *f)
{
	coiri_fiber *next = coiri_pick(w);
	w->wait_latch = NULL;
	w->awaited = f;
	return coiri_switch(w, w->current, next, post_join_until);
}

/* f is claimed. */
static int join_in_time(coiri_worker *w, coir_fiber h, intptr_t *out, coir_time deadline)
{
	coiri_fiber *me = w->current, *f = h.fiber;
	coiri_timeout timeout;
	coiri_wait_begin(w, coiri_own_waiter(w), COIRI_WAIT_JOIN, f, COIRI_CANCELLABLE);
	f->joiner = (void *)((uintptr_t)me | LIMIT_BIT);
	me->arg = out;
	coiri_timeout_start(w, &timeout, deadline);
	int r = wait_for_end(w, f);
	coiri_timeout_stop(&timeout);
	if (r == 0 || give_up(f, h.seq))
		return r;
	return reap(coiri_here(), f, out);
}

/* ---- plain threads ---- */

static int sleep_until_done(join_thread *wait, intptr_t *out, coir_time deadline)
{
	int r = coiri_thread_wait(&wait->thread, NULL, 0, deadline);
	if (out && !r)
		*out = wait->result;
	return r;
}

/* f is claimed, not done when we looked, and we have entered; not so after it. */
static int join_blocking(coir_fiber h, intptr_t *out, coir_time deadline)
{
	coiri_fiber *f = h.fiber;
	join_thread wait;
	coiri_thread_begin(&wait.thread, &wait.waiter, COIRI_WAIT_JOIN, f);
	wait.thread.dismissed = -ESRCH;
	f->joiner = (void *)((uintptr_t)&wait | THREAD_BIT);
	/* as in post_join */
	if (at_or_acq_rel(&f->state, COIRI_AWAITED) & COIRI_DONE) {
		coiri_thread_end(&wait.thread);
		reap(NULL, f, out);
		coiri_exit();
		return 0;
	}
	int r = sleep_until_done(&wait, out, deadline);
	if (r != -ETIMEDOUT || !coiri_enter()) /* the runtime has ended, and f with it */
		return r;
	if (!give_up(f, h.seq))
		r = reap(NULL, f, out);
	coiri_exit();
	return r;
}

static COIRI_NOINLINE int join_outside(coir_fiber h, intptr_t *out, coir_time deadline)
{
	if (!coiri_enter())
		return -EPERM;
	bool done, tries = deadline <= coiri_time();
	int r = tries ? claim_done(h, NULL) : claim(h, NULL, &done);
	if (!r && !tries && !done)
		return join_blocking(h, out, deadline);
	if (!r)
		reap(NULL, h.fiber, out);
	coiri_exit();
	return r == -EAGAIN ? -ETIMEDOUT : r;
}

int coiri_run_awaited(coiri_extra *extra, coir_fn fn, void *arg, intptr_t *out)
{
	join_thread wait;
	coiri_thread_begin(&wait.thread, &wait.waiter, COIRI_WAIT_JOIN, NULL);
	int r = coiri_spawn_awaited(extra, fn, arg, (void *)((uintptr_t)&wait | THREAD_BIT));
	if (!r)
		r = coiri_thread_sleep(&wait.thread);
	coiri_thread_end(&wait.thread);
	if (out && !r)
		*out = wait.result;
	return r;
}

int coir_try_join(coir_fiber h, intptr_t *out)
{
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	int r = claim_done(h, w ? coiri_identity(w->current) : NULL);
	if (!r)
		reap(w, h.fiber, out);
	return coiri_go_out(w, r);
}

int coir_join_until(coir_fiber h, intptr_t *out, coir_time deadline)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return join_outside(h, out, deadline);
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	if (deadline <= coiri_time()) {
		int r = coir_try_join(h, out);
		coiri_step_in_place(coiri_here()); /* who tries again and again must let others go first at times */
		return r == -EAGAIN ? -ETIMEDOUT : r;
	}
	bool done;
	int r = claim(h, coiri_identity(w->current), &done);
	if (r)
		return r;
	return done ? reap(w, h.fiber, out) : join_in_time(w, h, out, deadline);
}

int coir_join(coir_fiber h, intptr_t *out)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return join_outside(h, out, COIR_NEVER);
	coiri_fiber *me = w->current, *f = h.fiber;
	bool done;
	int r = claim(h, coiri_identity(me), &done);
	if (unlikely(r))
		return r;
	if (done) {
		reap(w, f, out);
		return coiri_step_in_place(w);
	}
	if (coiri_take_inline(w, me, f))
		return coiri_run_inline(w, me, f, out);
	f->joiner = me;
	me->arg = out;
	coiri_fiber *next = coiri_pick(w);
	w->awaited = f;
	return coiri_switch(w, me, next, post_join);
}

int coiri_join_claimed(coiri_worker *w, coiri_fiber *f, intptr_t *out)
{
	coiri_fiber *me = w->current;
	if (at_load_acquire(&f->state) & COIRI_DONE) { /* pairs with the release in coiri_finish */
		reap(w, f, out);
		return coiri_step_in_place(w);
	}
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
	coiri_worker *w;
	return coiri_come_in(&w) ? coiri_go_out(w, detach(w, h)) : -EPERM;
}
