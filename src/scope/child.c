/* SPDX-License-Identifier: MIT
 *
 * scope/child.c - a child's way into its scope and out of it.
 */
#include "base/fault.h"
#include "sched/local.h"
#include "sched/spawn.h"
#include "scope/scope.h"

/* The entry of every child: the scope lists it, or, if it was cancelled meanwhile, the child knows of that. */
static intptr_t child_main(void *arg)
{
	coiri_worker *w = coiri_here();
	coiri_fiber *me = w->current;
	coiri_cold *cold = me->cold;
	coiri_scope *s = cold->home;
	coir_fn fn = (coir_fn)me->joiner;
	me->fn = fn;
	cold->self = me;
	cold->link.at = NULL;
	coiri_scope_lock(w, s);
	bool cancelled = at_load_relaxed(&s->cancelled);
	if (likely(!cancelled))
		coiri_link_push(&s->children, &cold->link);
	coiri_scope_unlock(s);
	if (unlikely(cancelled))
		at_or_acq_rel(&me->state, COIRI_CANCEL);
	return fn(arg);
}

/* A task that acts as somebody who is in the scope begins: from here to its end it is listed like a child, and keeps the
 * scope. */
static void enter_task(coiri_cold *cold)
{
	coiri_worker *w = coiri_here();
	coiri_scope *s = cold->scope;
	cold->link.at = NULL;
	coiri_scope_lock(w, s);
	s->balance++;
	bool cancelled = at_load_relaxed(&s->cancelled);
	if (likely(!cancelled))
		coiri_link_push(&s->children, &cold->link);
	coiri_scope_unlock(s);
	if (unlikely(cancelled))
		at_or_acq_rel(&cold->self->state, COIRI_CANCEL);
}

/* Under the latch: a child has failed. True: that cancels the scope, as coiri_scope_mark has it. */
static bool fail(coiri_worker *w, coiri_scope *s, int error)
{
	if (!s->error || (s->mild && error != -ECANCELED)) {
		s->error = error;
		s->mild = false;
	}
	return !s->supervised && coiri_scope_mark(w, s, error, false);
}

void coiri_scope_leave(coiri_cold *cold, intptr_t result)
{
	coiri_scope *s = cold->home;
	if (unlikely(cold->scope != s))
		coiri_panic("coir_scope_begin", "a fiber has ended inside a scope that it began: call coir_scope_wait");
	coiri_worker *w = coiri_here();
	coiri_scope_lock(w, s);
	coiri_link_remove(&cold->link);
	if (unlikely(result < 0) && fail(w, s, coiri_scope_error(result))) {
		coiri_scope_unlock(s);
		coiri_scope_tell(w, s);
		coiri_scope_lock(w, s);
	}
	coiri_won won = coiri_scope_let_go(s);
	coiri_scope_unlock(s);
	if (unlikely(won.won))
		coiri_wake(w, won);
}

/* By anyone but the owner: something, which the caller must be or know, keeps the scope meanwhile. */
static COIRI_NOINLINE int spawn_from_afar(coiri_scope *s, const coir_attr *attr, coir_fn fn, void *arg, coir_fiber *out)
{
	coiri_worker *w = coiri_here();
	coiri_scope_lock(w, s);
	s->balance++;
	coiri_scope_unlock(s);
	int r = coiri_spawn_into(s, attr, child_main, fn, arg, out);
	if (!r)
		return 0;
	coiri_scope_lock(w, s);
	coiri_won won = coiri_scope_let_go(s);
	coiri_scope_unlock(s);
	coiri_wake(w, won);
	return r;
}

int coiri_scope_spawn(coiri_scope *s, const coir_attr *attr, coir_fn fn, void *arg, coir_fiber *out)
{
	coiri_worker *w = coiri_here();
	if (unlikely(at_load_relaxed(&s->cancelled)))
		return -ECANCELED;
	if (unlikely(!w) || unlikely(!coiri_scope_is_owner(s, w)))
		return spawn_from_afar(s, attr, fn, arg, out);
	int r = coiri_spawn_into(s, attr, child_main, fn, arg, out);
	s->spawned += !r;
	return r;
}

int coir_scope_spawn_as(coir_scope *scope, const coir_attr *attr, coir_fn fn, void *arg, coir_fiber *out)
{
	coiri_scope *s = coiri_scope_of(scope);
	bool outside = !coiri_here();
	if (unlikely(outside) && !coiri_enter())
		return -EPERM;
	int r = -EINVAL;
	if (likely(fn && coiri_scope_is_open(s)))
		r = coiri_scope_spawn(s, attr, fn, arg, out);
	if (unlikely(outside))
		coiri_exit();
	return r;
}

int coir_scope_spawn(coir_scope *scope, coir_fn fn, void *arg)
{
	return coir_scope_spawn_as(scope, NULL, fn, arg, NULL);
}

static void cancel_beneath(coiri_worker *w, const void *scope)
{
	coiri_scope_cancel(w, (coiri_scope *)scope, -ECANCELED, false);
}

void coiri_scope_setup(void)
{
	coiri_cancel_beneath = cancel_beneath;
	coiri_leave_scope = coiri_scope_leave;
	coiri_enter_scope = enter_task;
	coiri_run_defers = coiri_defers_run;
	coiri_drop_defers = coiri_defers_drop;
}
