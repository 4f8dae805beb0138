/* SPDX-License-Identifier: MIT
 *
 * scope/wait.c - the end of a scope: the owner waits until nothing keeps it.
 */
#include "scope/scope.h"

/* Until nothing keeps it. -ECANCELED: the owner, or the scope, is cancelled; what keeps it is still to be waited for. */
static COIRI_NOINLINE int await(coiri_worker *w, coiri_scope *s, unsigned flags)
{
	coiri_scope_lock(w, s);
	s->balance += s->spawned;
	s->spawned = 0;
	if (s->balance == 0) {
		coiri_scope_unlock(s);
		return coiri_step_in_place(w);
	}
	coiri_waiter *waiter = coiri_own_waiter(w);
	coiri_wait_begin(w, waiter, COIRI_WAIT_SCOPE, s, flags);
	coiri_queue_push(&s->queue, waiter);
	return coiri_wait(w, &s->latch);
}

/* The same for a plain thread, which has entered and then has not. */
static int await_outside(coiri_scope *s, coir_time deadline)
{
	coiri_thread thread;
	coiri_waiter waiter;
	coiri_scope_lock(NULL, s);
	if (s->balance == 0) {
		coiri_scope_unlock(s);
		coiri_exit();
		return 0;
	}
	coiri_thread_begin(&thread, &waiter, COIRI_WAIT_SCOPE, s);
	waiter.latch = &s->latch;
	coiri_queue_push(&s->queue, &waiter);
	coiri_scope_unlock(s);
	return coiri_thread_wait(&thread, &waiter, 1, deadline);
}

/* Nobody finds it any more, but for those that hold it already. */
static void withdraw(coiri_worker *w, coiri_scope *s)
{
	if (s->around) {
		coiri_scope_lock(w, s->around);
		coiri_link_remove(&s->link);
		coiri_scope_unlock(s->around);
	}
	if (s->timed)
		coiri_timed_stop(&s->timer);
}

/* The owner has left a cancelled scope: is one of his, further out, cancelled too? */
static void lift(coiri_fiber *me, const coiri_scope *s)
{
	coiri_cancel_lift(me); /* acquire: pairs with the release in coiri_scope_mark */
	for (; s != me->cold->home; s = s->outer) {
		if (at_load_relaxed(&s->cancelled)) {
			at_or_acq_rel(&me->state, COIRI_SCOPED);
			return;
		}
	}
}

/* Runs children that have not started inside the wait, the newest first. */
static COIRI_NOINLINE void run_children(coiri_worker *w, coiri_scope *s)
{
	coiri_fiber *me = w->current;
	coiri_wait_begin(w, coiri_own_waiter(w), COIRI_WAIT_SCOPE, s, COIRI_CANCELLABLE | COIRI_BENEATH);
	if (!coiri_wait_beneath(me))
		while (w && coiri_run_inside(w, s))
			w = coiri_here();
	coiri_wait_surface(me);
}

/* The owner is back in the scope around: of the tasks forked before that began, some may have been joined meanwhile. */
static void count_given(coiri_cold *cold, const coiri_scope *s)
{
	unsigned given = at_load_relaxed(&cold->given);
	cold->given_before = given < s->given_before ? given : s->given_before;
}

static int end_in_fiber(coiri_worker *w, coiri_scope *s)
{
	coiri_fiber *me = w->current;
	run_children(w, s);
	w = coiri_here();
	if (unlikely(!w)) /* in a forked child */
		return -EPERM;
	bool cancelled = at_load_relaxed(&s->cancelled) || coiri_cancelled(me);
	if (cancelled || await(w, s, COIRI_CANCELLABLE)) {
		coiri_scope_cancel(coiri_here(), s, -ECANCELED, false); /* if it is not already */
		await(coiri_here(), s, 0);
	}
	if (s->around || s->timed) {
		withdraw(coiri_here(), s);
		await(coiri_here(), s, 0);
	}
	at_store_relaxed(&s->epoch, 0);
	me->cold->scope = s->outer;
	count_given(me->cold, s);
	if (at_load_relaxed(&s->cancelled))
		lift(me, s->outer);
	return s->error;
}

/* Comes in again. False: the runtime has ended, and the scope with it. */
static bool enter_again(coiri_scope *s)
{
	if (!coiri_enter())
		return false;
	if (coiri_scope_is_open(s))
		return true;
	coiri_exit();
	return false;
}

static int end_in_thread(coiri_scope *s)
{
	int r = await_outside(s, s->deadline);
	if (r == -ETIMEDOUT && enter_again(s)) {
		coiri_scope_cancel(NULL, s, -ETIMEDOUT, false);
		r = await_outside(s, COIR_NEVER);
	}
	if (r || !enter_again(s))
		return -EPERM;
	withdraw(NULL, s);
	r = await_outside(s, COIR_NEVER);
	at_store_relaxed(&s->epoch, 0);
	return r ? -EPERM : s->error;
}

/* Are there tasks that the owner has forked in its innermost scope and not yet joined? */
static bool has_forked(coiri_worker *w)
{
	const coiri_cold *cold = w->current->cold;
	return coiri_tasks_open(&w->forked) || at_load_relaxed(&cold->given) > cold->given_before;
}

int coir_scope_wait(coir_scope *scope)
{
	coiri_scope *s = coiri_scope_of(scope);
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	int r = 0;
	if (!coiri_scope_is_open(s))
		r = -EINVAL;
	else if (!coiri_scope_is_owner(s, w))
		r = -EPERM;
	else if (w && (w->current->cold->scope != s || has_forked(w)))
		r = -EBUSY;
	if (!r)
		return w ? end_in_fiber(w, s) : end_in_thread(s);
	return coiri_go_out(w, r);
}

int coir_with_deadline(coir_time deadline, coir_fn fn, void *arg, intptr_t *out)
{
	coir_scope scope;
	if (!coiri_here())
		return -EPERM;
	if (!fn)
		return -EINVAL;
	int r = coir_scope_begin_until(&scope, deadline);
	if (r)
		return r;
	intptr_t result = fn(arg);
	r = coir_scope_wait(&scope);
	if (out)
		*out = result;
	if (result >= 0)
		return 0;
	return r && result == -ECANCELED ? r : coiri_scope_error(result);
}
