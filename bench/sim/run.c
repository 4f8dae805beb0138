/* SPDX-License-Identifier: MIT
 *
 * run.c - a worker that has a fiber: the program's steps, forks, joins, the fiber's end.
 *
 * Steps that take no more than a moment are made within one event, and their cost added to the work that comes next.
 */
#include "sim.h"

#define MOMENT (50 * NS)

/* The deque's owner uses it. */
static ps touch(struct worker *w)
{
	ps cold = w->cold;
	w->cold = 0;
	return cold;
}

static ps fork_task(struct world *o, struct worker *w, struct frame *f, const struct frame *child)
{
	struct task *t = task_make(o, child);
	ps spent = touch(w) + cost(o->s->costs.fork);
	f->forked++;
	fiber_push_fork(w->fiber, t);
	deque_push(&w->deque, t);
	return spent + theft_poll(o, w) + crowd_notify(o, w);
}

/* Begins what w has popped from its own deque, or claimed elsewhere, within the current fiber. */
static void run_inside(struct world *o, struct worker *w, struct task *t)
{
	struct frame root = t->root;
	w->fiber->frame[w->fiber->frames - 1].forked--;
	w->fiber->forks--;
	if (t->queued)
		t->forgotten = t->begun = true;
	else
		task_free(o, t);
	fiber_push_frame(w->fiber, &root);
}

/* The newest fork of the top frame. False: the worker went elsewhere. */
static bool join(struct world *o, struct worker *w, ps *spent)
{
	const struct costs *c = &o->s->costs;
	struct task *t = w->fiber->forked[w->fiber->forks - 1];
	struct deque *q = &w->deque;
	*spent += touch(w) + (o->s->theft == THEFT_FENCE ? cost(c->pop_fence) : 0);
	if (o->s->theft == THEFT_ASK) {
		*spent += theft_poll(o, w);
		if (q->locked > o->now) { /* whoever asked has the lock, and claims all */
			go(o, w, RUN, *spent + (q->locked - o->now), WORK, 0);
			return false;
		}
	}
	if (deque_size(q) > 0 && q->slot[q->bottom - 1] == t) {
		deque_pop_newest(q);
		run_inside(o, w, t);
		return true;
	}
	if (t->settled > o->now) { /* a thief is just taking it, and has the lock */
		go(o, w, RUN, *spent + (t->settled - o->now), WORK, 0);
		return false;
	}
	if (t->done) {
		*spent += cost(c->late_join);
		w->fiber->frame[w->fiber->frames - 1].forked--;
		w->fiber->forks--;
		task_free(o, t);
		return true;
	}
	if (t->queued) { /* in a thief's deque, which has not begun it */
		*spent += cost(c->claim);
		run_inside(o, w, t);
		return true;
	}
	t->joiner = w->fiber;
	w->fiber = NULL;
	run_next(o, w, *spent + cost(c->park));
	return false;
}

/* The fiber has no frame left. */
static void end_fiber(struct world *o, struct worker *w, ps spent)
{
	struct fiber *f = w->fiber;
	struct task *t = f->task;
	fiber_free(o, f);
	w->fiber = NULL;
	if (!t) {
		o->over = true;
		go(o, w, RUN, 0, WORK, 0);
		return;
	}
	t->done = true;
	if (!t->joiner) {
		run_next(o, w, spent);
		return;
	}
	w->fiber = t->joiner;
	t->joiner = NULL;
	go(o, w, RUN, spent + cost(o->s->costs.resume), WORK, 0);
}

/* STEP_END of the top frame. False: the worker went elsewhere. */
static bool end_frame(struct world *o, struct worker *w, struct frame *f, ps *spent)
{
	if (f->forked > 0)
		return join(o, w, spent);
	if (--w->fiber->frames > 0)
		return true;
	end_fiber(o, w, *spent);
	return false;
}

void run_step(struct world *o, struct worker *w)
{
	ps spent = 0;
	while (spent < MOMENT) {
		struct frame child, *f = &w->fiber->frame[w->fiber->frames - 1];
		int64_t work;
		uint64_t nodes;
		if (o->graph->kind ==
		    GRAPH_FOR) /* a loop looks whether somebody wants work wherever it might halve its range */
			spent += theft_poll(o, w);
		switch (graph_next(o->graph, f, deque_size(&w->deque) == 0, &child, &work, &nodes)) {
		case STEP_WORK:
			o->nodes += nodes;
			o->work += work;
			go(o, w, RUN, spent, WORK, work);
			return;
		case STEP_FORK:
			spent += fork_task(o, w, f, &child);
			break;
		case STEP_CALL:
			fiber_push_frame(w->fiber, &child);
			break;
		case STEP_END:
			if (!end_frame(o, w, f, &spent))
				return;
			break;
		}
	}
	go(o, w, RUN, spent, WORK, 0);
}

void run_next(struct world *o, struct worker *w, ps spent)
{
	struct task *t;
	while ((t = deque_pop_newest(&w->deque)) && t->forgotten)
		task_free(o, t);
	if (!t) {
		theft_refuse(o, w);
		go(o, w, OUT, spent, SEARCHING, 0);
		return;
	}
	t->begun = true;
	w->fiber = fiber_make(o, t);
	go(o, w, RUN, spent + cost(o->s->costs.fiber), WORK, 0);
}
