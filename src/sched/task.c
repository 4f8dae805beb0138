/* SPDX-License-Identifier: MIT
 *
 * sched/task.c - a task that runs as a fiber, and acts as the fiber that forked it.
 *
 * Its own descriptor is what waits; what it has from its owner:
 *   identity    coiri_identity, for who asks (self.c) and for fiber-local storage (local.c)
 *   scope       cold->scope: the innermost one of its owner at the fork. It is listed there like a child, and keeps it,
 *               from its start to its end; a cancel of the scope so reaches it
 *   shields     their number at the fork
 *   cancel      that of the owner by its handle: each task that was made into a fiber is in a list of the worker where
 *               it began (strays), and who cancels a fiber looks through these lists for the tasks that act as it. A
 *               task enters the list and then looks at its owner's state, under the lock; a canceller marks the owner
 *               and then looks at the list: so none is missed
 */
#include "base/fault.h"
#include "sched/cancel.h"
#include "sched/sched.h"
#include "sched/tasks.h"
#include "sched/wait.h"

void (*coiri_enter_scope)(coiri_cold *cold);

/* On the task's stack while it runs. */
typedef struct stray {
	coiri_link link;
	coiri_fiber *self, *owner;
	uint64_t round; /* of for_each that has had it */
} stray;

static void enlist(coiri_forked *q, stray *s)
{
	coiri_lock_acquire(&q->strays_lock);
	coiri_link_push(&q->strays, &s->link);
	coiri_light_fence(); /* pairs with the heavy fence in coiri_scope_tell: it was counted as given before */
	if (at_load_relaxed(&s->owner->state) & COIRI_CANCEL)
		at_or_acq_rel(&s->self->state, COIRI_CANCEL);
	coiri_lock_release(&q->strays_lock);
}

static void delist(coiri_forked *q, stray *s)
{
	coiri_lock_acquire(&q->strays_lock);
	coiri_link_remove(&s->link);
	coiri_lock_release(&q->strays_lock);
}

intptr_t coiri_task_main(void *arg)
{
	coir_task *task = arg;
	coiri_worker *w = coiri_here();
	coiri_fiber *me = w->current;
	coiri_forked *q = &w->forked;
	stray s = {.self = me, .owner = task->owner};
	if (unlikely(at_load_relaxed(&me->state) & COIRI_PARKED)) /* it was put aside for want of a stack */
		at_and_acq_rel(&me->state, ~(uint64_t)COIRI_PARKED);
	me->cold->self = me;
	me->cold->owner = task->owner;
	me->cold->shields = task->shields;
	enlist(q, &s);
	if (me->cold->scope)
		coiri_enter_scope(me->cold);
	task->run(task);
	if (likely(coiri_here() != NULL)) /* else in a forked child */
		delist(q, &s);
	return 0;
}

/* Under the lock: tasks that act as h, and that this round has not had yet. */
static int collect(coiri_forked *q, coir_fiber h, uint64_t round, coir_fiber *some, int max)
{
	int n = 0;
	for (coiri_link *link = q->strays; link && n < max; link = link->next) {
		stray *s = coiri_container_of(link, stray, link);
		if (s->owner != h.fiber || coiri_handle(s->owner).seq != h.seq || s->round == round)
			continue;
		s->round = round;
		some[n++] = coiri_handle(s->self);
	}
	return n;
}

/* Calls act for each task that acts as h. Not under a lock: it may lead to other fibers, and to their tasks. */
static void for_each(coir_fiber h, void (*act)(coiri_worker *w, coir_fiber task), coiri_worker *w)
{
	enum { BATCH = 64 };
	static coiri_atomic(uint64_t) rounds;
	coiri_runtime *rt = coiri_entered;
	uint64_t round = at_add_relaxed(&rounds, 1) + 1;
	coir_fiber some[BATCH];
	for (unsigned i = 0; i < rt->count; i++) {
		coiri_forked *q = &rt->workers[i].forked;
		int n;
		do {
			coiri_lock_acquire(&q->strays_lock);
			n = collect(q, h, round, some, BATCH);
			coiri_lock_release(&q->strays_lock);
			for (int k = 0; k < n; k++)
				act(w, some[k]);
		} while (n == BATCH);
	}
}

static void mark(coiri_worker *w, coir_fiber task)
{
	coiri_cancel_mark(w, task, COIRI_CANCEL);
}

void coiri_tasks_mark(coiri_worker *w, coir_fiber h)
{
	for_each(h, mark, w);
}

void coiri_tasks_reach(coiri_worker *w, coir_fiber h)
{
	for_each(h, coiri_cancel_reach, w);
}
