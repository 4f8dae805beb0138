/* SPDX-License-Identifier: MIT
 *
 * api/task_scope_test.c - tasks and scopes, deadlines, shields, cancels: a task has those of the fiber that forked it,
 * wherever it runs.
 */
#include "support/bodies.h"
#include "support/tasks.h"
#include "support/test.h"

#include <errno.h>

/* ---- the end of a scope ---- */

fiber_test(task_scope, a_scope_with_open_forks_is_busy)
{
	for (int given = 0; given < 2; given++) {
		coir_scope s;
		struct probe outer, p;
		probe_fork(&outer, fiber_give_back, (void *)1);
		must_ok(coir_scope_begin(&s, NULL));
		probe_fork(&p, fiber_give_back, (void *)2);
		if (given)
			while (atomic_load(&p.runs) == 0)
				must_ok(coir_yield());
		must_eq(coir_scope_wait(&s), -EBUSY);
		must_eq(probe_join(&p), 2);
		must_ok(coir_scope_wait(&s)); /* what was forked before it, it does not mind */
		must_eq(probe_join(&outer), 1);
	}
}

/* Begun with a fork open, and that is joined inside: nothing forked in the scope is open at its end. */
fiber_test(task_scope, an_older_fork_may_be_joined_inside)
{
	coir_scope s;
	struct probe p;
	probe_fork(&p, fiber_give_back, (void *)1);
	must_ok(coir_scope_begin(&s, NULL));
	must_eq(probe_join(&p), 1);
	must_ok(coir_scope_wait(&s));
}

/* ---- children that fork ---- */

struct family {
	coir_fiber owner;
	coir_scope *scope;
	atomic_int done;
};

static intptr_t wake_the_owner(void *arg)
{
	struct family *f = arg;
	must_ok(coir_unpark(f->owner));
	must_ok(coir_yield());
	return atomic_fetch_add(&f->done, 1);
}

static intptr_t count_one(void *arg)
{
	struct family *f = arg;
	return atomic_fetch_add(&f->done, 1);
}

static intptr_t child_with_tasks(void *arg)
{
	struct probe a, b;
	probe_fork(&a, count_one, arg);
	probe_fork(&b, wake_the_owner, arg);
	must_ok(coir_yield());
	probe_join(&b);
	probe_join(&a);
	return 0;
}

/* The owner's wait runs children that have not started, and finds tasks of its child's among them: those it leaves to
 * who forked them. */
fiber_test(task_scope, the_wait_leaves_tasks_of_children_alone)
{
	for (int i = 0; i < 20; i++) {
		coir_scope s;
		struct family f = {.owner = must_self()};
		must_ok(coir_scope_begin(&s, NULL));
		must_ok(coir_scope_spawn(&s, child_with_tasks, &f));
		must_ok(coir_park());
		must_ok(coir_scope_wait(&s));
		must_eq(atomic_load(&f.done), 2);
	}
}

/* A child's handlers fork, too, and wait in between. */
static void fork_at_the_end(void *arg)
{
	run_probe(TAKEN, count_one, arg);
	run_probe(INLINED, count_one, arg);
}

static intptr_t child_with_handler(void *arg)
{
	return coir_defer(fork_at_the_end, arg);
}

fiber_test(task_scope, handlers_fork)
{
	for (int i = 0; i < 20; i++) {
		coir_scope s;
		struct family f = {.scope = &s};
		must_ok(coir_scope_begin(&s, NULL));
		must_ok(coir_scope_spawn(&s, child_with_handler, &f));
		if (i % 2)
			must_ok(coir_yield());
		must_ok(coir_scope_wait(&s));
		must_eq(atomic_load(&f.done), 2);
	}
}

/* A task may spawn into its owner's scope, and open ones of its own. */
static intptr_t spawn_more(void *arg)
{
	struct family *f = arg;
	coir_scope own;
	must_ok(coir_scope_spawn(f->scope, count_one, f));
	must_ok(coir_scope_begin(&own, NULL));
	must_ok(coir_scope_spawn(&own, count_one, f));
	must_ok(coir_scope_wait(&own));
	return 0;
}

fiber_test(task_scope, tasks_spawn)
{
	for (enum way way = 0; way < WAYS; way++) {
		coir_scope s;
		struct family f = {.scope = &s};
		must_ok(coir_scope_begin(&s, NULL));
		must_ok(run_probe(way, spawn_more, &f));
		must_ok(coir_scope_wait(&s));
		must_eq(atomic_load(&f.done), 2);
	}
}

/* ---- cancels ---- */

struct sleeper {
	atomic_int began;
	coir_fn beneath; /* what it does, or a task of its own */
};

static intptr_t sleep_for_ever(void *arg)
{
	struct sleeper *s = arg;
	atomic_fetch_add(&s->began, 1);
	int r = coir_sleep(3600 * COIR_SECOND);
	must_eq(coir_cancelled(), r);
	return r;
}

static intptr_t spin_for_ever(void *arg)
{
	struct sleeper *s = arg;
	atomic_fetch_add(&s->began, 1);
	while (coir_cancelled() == 0)
		must_ok(coir_yield());
	return -ECANCELED;
}

/* A task of a task, taken too. */
static intptr_t fork_again(void *arg)
{
	struct sleeper *s = arg;
	struct probe p;
	probe_give(&p, s->beneath, s);
	intptr_t r = probe_take(&p);
	must_eq(coir_cancelled(), r);
	return r;
}

static intptr_t two_tasks(void *arg)
{
	struct sleeper *s = arg;
	struct probe a, b;
	probe_give(&a, s->beneath, s);
	probe_fork(&b, s->beneath, s);
	intptr_t r = probe_join(&b);
	must_eq(probe_take(&a), r);
	return r;
}

static const coir_fn beneath[] = {sleep_for_ever, spin_for_ever};

static void until_begun(struct sleeper *s, int n)
{
	while (atomic_load(&s->began) < n)
		must_ok(coir_yield());
}

/* By the handle of the fiber: it waits in a join of its tasks, which are what is to be reached. */
fiber_test(task_scope, cancel_by_handle)
{
	for (int i = 0; i < 20; i++) {
		struct sleeper s = {.beneath = beneath[i % 2]};
		coir_fiber f = must_spawn(two_tasks, &s);
		until_begun(&s, 1 + i % 3 / 2);
		must_ok(coir_cancel(f));
		must_eq(must_join(f), -ECANCELED);
	}
}

static intptr_t deep_tasks(void *arg)
{
	return run_probe(TAKEN, fork_again, arg);
}

fiber_test(task_scope, cancel_reaches_tasks_of_tasks)
{
	for (int i = 0; i < 20; i++) {
		struct sleeper s = {.beneath = beneath[i % 2]};
		coir_fiber f = must_spawn(deep_tasks, &s);
		until_begun(&s, 1);
		must_ok(coir_cancel(f));
		must_eq(must_join(f), -ECANCELED);
	}
}

/* At a random moment: the tasks may not have begun, or lie in the stack. */
fiber_test(task_scope, cancel_at_any_time)
{
	for (int i = 0; i < 200; i++) {
		struct sleeper s = {.beneath = beneath[i % 2]};
		coir_fiber f = must_spawn(i % 3 ? two_tasks : deep_tasks, &s);
		for (int n = i % 7; n > 0; n--)
			must_ok(coir_yield());
		must_ok(coir_cancel(f));
		must_eq(must_join(f), -ECANCELED);
	}
}

static void *cancel_outside(void *arg)
{
	must_ok(coir_cancel(*(coir_fiber *)arg));
	return NULL;
}

fiber_test(task_scope, cancel_from_a_plain_thread)
{
	struct sleeper s = {.beneath = sleep_for_ever};
	coir_fiber f = must_spawn(deep_tasks, &s);
	until_begun(&s, 1);
	thread_end(thread_start(cancel_outside, &f));
	must_eq(must_join(f), -ECANCELED);
}

/* A task that cancels itself cancels the fiber that it acts as, and what acts as that. */
static intptr_t cancel_self(void *arg)
{
	struct sleeper *s = arg;
	must_ok(coir_cancel(must_self()));
	must_eq(coir_cancelled(), -ECANCELED);
	return s->beneath ? coir_sleep(COIR_SECOND) : 0;
}

static intptr_t two_and_a_cancel(void *arg)
{
	struct sleeper *s = arg;
	struct probe a;
	probe_give(&a, sleep_for_ever, s);
	must_eq(run_probe(TAKEN, cancel_self, s), -ECANCELED);
	must_eq(coir_cancelled(), -ECANCELED);
	return probe_take(&a);
}

fiber_test(task_scope, a_task_cancels_its_owner)
{
	struct sleeper s = {.beneath = sleep_for_ever};
	must_eq(must_join(must_spawn(two_and_a_cancel, &s)), -ECANCELED);
}

/* By a scope: the owner's own, one around it, and the one it is a child of. */
fiber_test(task_scope, cancel_by_scope)
{
	for (int i = 0; i < 40; i++) {
		coir_scope outer, inner;
		struct sleeper s = {.beneath = beneath[i % 2]};
		struct probe before, p, q;
		probe_give(&before, fiber_yield_often, (void *)1);
		must_ok(coir_scope_begin(&outer, NULL));
		must_ok(coir_scope_begin(&inner, NULL));
		probe_give(&p, i % 4 < 2 ? fork_again : s.beneath, &s);
		probe_fork(&q, s.beneath, &s);
		until_begun(&s, 1);
		must_ok(coir_scope_cancel(i % 3 ? &outer : &inner));
		must_eq(probe_join(&q), -ECANCELED);
		must_eq(probe_take(&p), -ECANCELED);
		must_eq(coir_scope_wait(&inner), -ECANCELED);
		must_eq(coir_scope_wait(&outer), i % 3 ? -ECANCELED : 0);
		must_ok(coir_cancelled());
		must_eq(probe_take(&before), 1); /* it was not in there */
	}
}

fiber_test(task_scope, cancel_by_the_home_scope)
{
	for (int i = 0; i < 20; i++) {
		coir_scope s;
		struct sleeper sleeper = {.beneath = beneath[i % 2]};
		must_ok(coir_scope_begin(&s, NULL));
		must_ok(coir_scope_spawn(&s, i % 3 ? two_tasks : deep_tasks, &sleeper));
		until_begun(&sleeper, i % 2);
		must_ok(coir_scope_cancel(&s));
		must_eq(coir_scope_wait(&s), -ECANCELED);
	}
}

static intptr_t task_in_time(void *arg)
{
	must(coir_scope_deadline() < COIR_NEVER);
	return run_probe(TAKEN, sleep_for_ever, arg);
}

fiber_test(task_scope, deadline)
{
	struct sleeper s = {.beneath = NULL};
	must_eq(coir_with_deadline(coir_after(2 * COIR_MILLISECOND), task_in_time, &s, NULL), -ETIMEDOUT);
	for (enum way way = 0; way < WAYS; way++) {
		coir_scope scope;
		must_ok(coir_scope_begin_until(&scope, coir_after(2 * COIR_MILLISECOND)));
		must_eq(run_probe(way, task_in_time, &s), -ECANCELED);
		must_eq(coir_scope_wait(&scope), -ETIMEDOUT);
	}
}

/* ---- shields ---- */

struct shielded {
	coir_fiber self;
	atomic_int cancelled, outside;
};

static intptr_t look_behind_shield(void *arg)
{
	struct shielded *s = arg;
	while (!atomic_load(&s->cancelled))
		must_ok(coir_yield());
	must_ok(coir_cancelled());
	must_ok(coir_sleep(10));
	must_ok(coir_shield_begin());
	must_ok(coir_cancelled());
	must_ok(coir_shield_end());
	must_ok(coir_cancelled());
	return 0;
}

static intptr_t look_unshielded(void *arg)
{
	struct shielded *s = arg;
	atomic_store(&s->outside, 1);
	must_eq(coir_sleep(3600 * COIR_SECOND), -ECANCELED);
	return 0;
}

static intptr_t cancel_it(void *arg)
{
	struct shielded *s = arg;
	must_ok(coir_cancel(s->self));
	atomic_store(&s->cancelled, 1);
	return 0;
}

static intptr_t stand_behind_shield(void *arg)
{
	struct shielded *s = arg;
	struct probe outside, inside;
	s->self = must_self();
	probe_give(&outside, look_unshielded, s);
	must_ok(coir_shield_begin());
	probe_fork(&inside, look_behind_shield, s);
	coir_fiber f = must_spawn(cancel_it, s);
	must_join(f);
	must_ok(probe_join(&inside));
	must_ok(coir_cancelled());
	must_ok(coir_shield_end());
	must_eq(coir_cancelled(), -ECANCELED);
	return probe_take(&outside);
}

fiber_test(task_scope, shields)
{
	for (int i = 0; i < 20; i++) {
		struct shielded s = {.self = {0}};
		must_ok(must_join(must_spawn(stand_behind_shield, &s)));
	}
}

/* The shield that a task had at its fork it keeps. */
static intptr_t leave_shield(void *arg)
{
	struct shielded *s = arg;
	struct probe p;
	s->self = must_self();
	must_ok(coir_shield_begin());
	probe_give(&p, look_behind_shield, s);
	must_ok(coir_shield_end());
	cancel_it(s);
	must_eq(coir_cancelled(), -ECANCELED);
	return probe_take(&p);
}

fiber_test(task_scope, a_taken_task_keeps_its_shield)
{
	struct shielded s = {.self = {0}};
	must_ok(must_join(must_spawn(leave_shield, &s)));
}

/* A scope that began behind a shield is in no other; its tasks are still those of a fiber that is cancelled. */
static intptr_t scope_behind_shield(void *arg)
{
	struct sleeper *s = arg;
	coir_scope scope;
	struct probe p;
	must_ok(coir_shield_begin());
	must_ok(coir_scope_begin(&scope, NULL));
	must_ok(coir_shield_end());
	probe_give(&p, sleep_for_ever, s);
	must_eq(probe_take(&p), -ECANCELED);
	must_eq(coir_cancelled(), -ECANCELED);
	must_eq(coir_scope_wait(&scope), -ECANCELED);
	return 0;
}

fiber_test(task_scope, a_scope_behind_a_shield_and_a_cancel_around_it)
{
	coir_scope s;
	struct sleeper sleeper = {.beneath = NULL};
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn(&s, scope_behind_shield, &sleeper));
	until_begun(&sleeper, 1);
	for (int i = 0; i < 10; i++) /* most likely, with one worker surely, its owner then waits in the join */
		must_ok(coir_yield());
	must_ok(coir_scope_cancel(&s));
	must_eq(coir_scope_wait(&s), -ECANCELED);
}
