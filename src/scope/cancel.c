/* SPDX-License-Identifier: MIT
 *
 * scope/cancel.c - carrying a cancel through a tree of scopes. The protocol is in scope.h.
 *
 * It never waits, and calls nothing of the program; so it runs in fibers, plain threads, and in a worker's loop when a
 * deadline has come. Latches are released now and then, so that children of a large scope can leave meanwhile.
 */
#include "scope/scope.h"

#define BATCH 64 /* children that are dealt with under the latch in one go */

bool coiri_scope_mark(coiri_worker *w, coiri_scope *s, int error, bool mild)
{
	if (at_load_relaxed(&s->cancelled))
		return false;
	at_store_relaxed(&s->cancelled, true);
	if (!s->error) {
		s->error = error;
		s->mild = mild;
	}
	s->balance++;
	if (s->owner.fiber) /* release: the mark, for lift in wait.c */
		coiri_cancel_mark(w, s->owner, COIRI_SCOPED);
	return true;
}

static coir_fiber fiber_of(coiri_link *link)
{
	return coiri_handle(coiri_container_of(link, coiri_cold, link)->self);
}

/* Under the latch: some children are told. False: there are no more. */
static bool tell_children(coiri_worker *w, coiri_scope *s)
{
	for (int i = 0; i < BATCH; i++) {
		coiri_link *link = s->children;
		if (!link)
			return false;
		coiri_link_remove(link);
		coiri_link_push(&s->told, link);
		coiri_cancel_mark(w, fiber_of(link), COIRI_CANCEL);
	}
	return true;
}

/* Under the latch: the scopes inside are cancelled too, and put on the list. */
static coiri_scope *mark_inner(coiri_worker *w, coiri_scope *s, coiri_scope *list)
{
	while (s->inner) {
		coiri_scope *inside = coiri_container_of(s->inner, coiri_scope, link);
		coiri_link_remove(&inside->link);
		coiri_scope_lock(w, inside);
		if (coiri_scope_mark(w, inside, -ECANCELED, false)) {
			inside->next = list;
			list = inside;
		}
		coiri_scope_unlock(inside);
	}
	return list;
}

/* Marks everybody in the tree below s. Returns all its scopes, which the caller holds. */
static coiri_scope *mark_tree(coiri_worker *w, coiri_scope *s)
{
	coiri_scope *todo = s, *done = NULL;
	s->next = NULL;
	while (todo) {
		coiri_scope *t = todo;
		todo = t->next;
		coiri_scope_lock(w, t);
		while (tell_children(w, t)) {
			coiri_scope_unlock(t);
			coiri_scope_lock(w, t);
		}
		todo = mark_inner(w, t, todo);
		coiri_scope_unlock(t);
		t->next = done;
		done = t;
	}
	return done;
}

/* The tasks of children that others run are in the scopes where they were forked; but a scope that began inside a shield
 * is not in this one. */
static void cancel_tasks(coiri_worker *w, const coir_fiber *forkers, int n)
{
	for (int i = 0; i < n; i++)
		coiri_tasks_mark(w, forkers[i]);
	if (n > 0)
		coiri_heavy_fence(); /* pairs with the light fence in coiri_post_wait */
	for (int i = 0; i < n; i++)
		coiri_tasks_reach(w, forkers[i]);
}

/* Ends the waits of some that were told. False: there are no more. */
static bool reach_some(coiri_worker *w, coiri_scope *s)
{
	coir_fiber some[BATCH], forkers[BATCH];
	int n, forking = 0;
	coiri_scope_lock(w, s);
	for (n = 0; n < BATCH && s->told; n++) {
		const coiri_cold *cold = coiri_container_of(s->told, coiri_cold, link);
		some[n] = fiber_of(s->told);
		if (at_load_relaxed(&cold->given) > 0) /* one that is taken from now on looks at its owner itself */
			forkers[forking++] = some[n];
		coiri_link_remove(s->told);
	}
	coiri_scope_unlock(s);
	for (int i = 0; i < n; i++)
		coiri_cancel_reach(w, some[i]);
	cancel_tasks(w, forkers, forking);
	return n == BATCH;
}

/* Ends the waits of those that were told, and of the owner. */
static void reach(coiri_worker *w, coiri_scope *s)
{
	if (s->owner.fiber)
		coiri_cancel_reach(w, s->owner); /* he stays in the scope while we hold it */
	while (reach_some(w, s))
		;
}

void coiri_scope_tell(coiri_worker *w, coiri_scope *s)
{
	s = mark_tree(w, s);
	coiri_heavy_fence(); /* pairs with the light fence in coiri_post_wait */
	while (s) {
		coiri_scope *next = s->next;
		reach(w, s);
		coiri_scope_lock(w, s);
		coiri_won won = coiri_scope_let_go(s);
		coiri_scope_unlock(s);
		coiri_wake(w, won);
		s = next;
	}
}

void coiri_scope_cancel(coiri_worker *w, coiri_scope *s, int error, bool mild)
{
	coiri_scope_lock(w, s);
	bool first = coiri_scope_mark(w, s, error, mild);
	coiri_scope_unlock(s);
	if (first)
		coiri_scope_tell(w, s);
}

int coir_scope_cancel(coir_scope *scope)
{
	coiri_scope *s = coiri_scope_of(scope);
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	int r = coiri_scope_is_open(s) ? 0 : -EINVAL;
	if (!r)
		coiri_scope_cancel(w, s, -ECANCELED, true);
	return coiri_go_out(w, r);
}

int coir_scope_cancelled(coir_scope *scope)
{
	coiri_scope *s = coiri_scope_of(scope);
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	int r = !coiri_scope_is_open(s) ? -EINVAL : at_load_relaxed(&s->cancelled) ? -ECANCELED : 0;
	return coiri_go_out(w, r);
}
