/* SPDX-License-Identifier: MIT
 *
 * scope/begin.c - the beginning of a scope: its place in the tree, its deadline.
 */
#include "scope/scope.h"

static bool time_is_up(coiri_timed *timed, coiri_worker *w)
{
	coiri_scope_cancel(w, coiri_container_of(timed, coiri_scope, timer), -ETIMEDOUT, false);
	return true;
}

/* Has this fiber begun s already? Its memory may hold anything: only the fiber's own stack of scopes can tell. */
static bool is_begun(const coiri_cold *cold, const coiri_scope *s)
{
	for (const coiri_scope *t = cold->scope; t != cold->home; t = t->outer)
		if (t == s)
			return true;
	return false;
}

/* The scope around it lists it. False: that is cancelled. */
static bool enter(coiri_worker *w, coiri_scope *s)
{
	coiri_scope_lock(w, s->around);
	bool cancelled = at_load_relaxed(&s->around->cancelled);
	if (!cancelled)
		coiri_link_push(&s->around->inner, &s->link);
	coiri_scope_unlock(s->around);
	return !cancelled;
}

/* Its place on the fiber's stack of scopes and in the tree. Returns why it is cancelled from the beginning, or 0. */
static int place(coiri_worker *w, coiri_scope *s)
{
	coiri_fiber *me = w->current;
	coiri_cold *cold = me->cold;
	coiri_tasks_promote(w); /* they are of the scope around this one */
	s->given_before = cold->given_before;
	cold->given_before = at_load_relaxed(&cold->given);
	s->owner = coiri_handle(me);
	s->outer = cold->scope;
	cold->scope = s;
	if (cold->shields > 0)
		return 0;
	s->around = s->outer;
	if (s->around) {
		s->deadline = s->around->deadline;
		if (!enter(w, s)) {
			/* Whoever cancels the fiber's home may not have come to tell it; but it has heard now, for good. */
			if (s->around == cold->home)
				at_or_acq_rel(&me->state, COIRI_CANCEL);
			return -ECANCELED;
		}
	}
	return coiri_cancelled(me) ? -ECANCELED : 0;
}

static int check(const coir_scope_attr *attr)
{
	if (attr &&
	    (attr->size < sizeof attr->size || attr->size > sizeof *attr || (attr->flags & ~COIR_SCOPE_SUPERVISED)))
		return -EINVAL;
	return 0;
}

static void begin(coiri_worker *w, coiri_scope *s, const coir_scope_attr *attr)
{
	*s = (coiri_scope){.deadline = COIR_NEVER};
	at_store_relaxed(&s->epoch, coiri_epoch);
	int error = w ? place(w, s) : 0;
	if (attr) {
		s->supervised = attr->flags & COIR_SCOPE_SUPERVISED;
		if (attr->deadline < s->deadline) {
			s->deadline = attr->deadline;
			s->timed = true;
		}
	}
	if (!error && s->timed && s->deadline <= coiri_time())
		error = -ETIMEDOUT;
	if (error) {
		s->timed = false;
		coiri_scope_cancel(w, s, error, false);
	} else if (s->timed) {
		coiri_timed_start(w, &s->timer, s->deadline, time_is_up);
		if (w)
			coiri_notify_next(w); /* the owner goes on, maybe for long: somebody must watch */
	}
}

int coir_scope_begin(coir_scope *scope, const coir_scope_attr *attr)
{
	coiri_scope *s = coiri_scope_of(scope);
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	int r = s ? check(attr) : -EINVAL;
	if (!r && w && is_begun(w->current->cold, s))
		r = -EBUSY;
	if (!r)
		begin(w, s, attr);
	return coiri_go_out(w, r);
}

int coir_scope_begin_until(coir_scope *scope, coir_time deadline)
{
	coir_scope_attr attr = COIR_SCOPE_ATTR_INIT;
	attr.deadline = deadline;
	return coir_scope_begin(scope, &attr);
}

coir_time coir_scope_deadline(void)
{
	coiri_worker *w = coiri_here();
	coiri_cold *cold = w ? w->current->cold : NULL;
	const coiri_scope *s = cold ? cold->scope : NULL;
	return s ? s->deadline : COIR_NEVER;
}
