/* SPDX-License-Identifier: MIT */
#include "sched/tasks.h"
#include "base/fault.h"
#include "sched/inline.h"
#include "sched/spawn.h"
#include "sched/wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 1024 /* tasks, to begin with */

/* What `fiber` says of a task that no other worker can have: its join runs it. */
#define HERE ((void *)1)

/* A claim on everything. */
#define ALL ((coir_task **)UINTPTR_MAX)

static coir_task *nothing[1];
static coiri_tasks no_room = {.bottom = nothing + 1, .limit = nothing + 1, .base = nothing + 1};

__thread coiri_tasks *coir_tasks_1 = &no_room;

/* ---- the stack ---- */

/* Nobody else looks, or under the lock. */
static void set_room(coiri_forked *q, coir_task **room, size_t slots, size_t used)
{
	coiri_tasks *ends = &q->ends;
	room[0] = NULL; /* what the join of nothing finds */
	ends->base = room + 1;
	q->end = ends->base + slots;
	at_store_relaxed(COIRI_END(ends->top), ends->base);
	at_store_relaxed(COIRI_END(ends->claim), coiri_fence_symmetric ? ALL : ends->base);
	at_store_release(COIRI_END(ends->bottom), ends->base + used);
	at_store_relaxed(COIRI_END(ends->limit), coiri_fence_symmetric ? ends->base : q->end);
}

/* Owner. */
static void lock(coiri_forked *q)
{
	coiri_ask_lock(&q->ask, &q->lock);
}

void coiri_tasks_use(coiri_forked *q)
{
	coir_tasks_1 = q ? &q->ends : &no_room;
}

int coiri_tasks_init(coiri_forked *q, const coiri_atomic(uint32_t) * hint)
{
	coir_task **room = malloc((ROOM + 1) * sizeof *room);
	if (!room)
		return -ENOMEM;
	q->ends.hint = (const uint32_t *)hint;
	set_room(q, room, ROOM, 0);
	return 0;
}

void coiri_tasks_fini(coiri_forked *q)
{
	if (q->ends.base)
		free(q->ends.base - 1);
}

/* Under the lock: everything below end is gone. */
static void settle(coiri_forked *q, coir_task **end)
{
	if (!coiri_fence_symmetric)
		at_store_relaxed(COIRI_END(q->ends.claim), end);
	at_store_release(COIRI_END(q->ends.top), end); /* pairs with the acquire in coiri_tasks_open */
}

/* Owner, under the lock: all are gone. */
static void empty(coiri_forked *q)
{
	set_room(q, q->ends.base - 1, (size_t)(q->end - q->ends.base), 0);
}

/* Owner: moves what there is to the base, of larger room if that is half full. False: no memory. */
static bool make_room(coiri_forked *q)
{
	lock(q);
	coir_task **top = at_load_relaxed(COIRI_END(q->ends.top)), **room = q->ends.base - 1, **old = NULL;
	size_t used = (size_t)(q->ends.bottom - top), slots = (size_t)(q->end - q->ends.base);
	if (used > slots / 2) {
		old = room;
		slots *= 2;
		room = malloc((slots + 1) * sizeof *room);
	}
	if (room) {
		memmove(room + 1, top, used * sizeof *room);
		set_room(q, room, slots, used);
	}
	coiri_lock_release(&q->lock);
	if (room)
		free(old);
	return room != NULL;
}

/* ---- fork: the long way ---- */

void coir_task_fork_1(coir_task *task)
{
	coiri_worker *w = coiri_here();
	coiri_forked *q = w ? &w->forked : NULL;
	if (w)
		coiri_tasks_grant(q);
	if (!w || (q->ends.bottom == q->end && !make_room(q))) {
		task->fiber = HERE;
		return;
	}
	at_store_relaxed((coiri_atomic(coir_task *) *)q->ends.bottom, task);
	at_store_release(COIRI_END(q->ends.bottom), q->ends.bottom + 1); /* as in coiri_task_push */
	coiri_notify_more(w);
}

void coir_task_tell_1(void)
{
	coiri_worker *w = coiri_here();
	if (!coiri_is_sticky(w->current))
		coiri_notify_more(w);
}

/* ---- made into fibers ---- */

/* The class of the stack on which the fiber was begun: on one as large its task runs, too. */
static unsigned class_of(const coiri_fiber *me)
{
	const coiri_cold *cold = me->cold;
	while (!cold->stack)
		cold = cold->under->cold;
	return cold->stack->class;
}

/* A stack of another size than the default is taken at once; NULL in *extra: nothing special. False: no memory. */
static bool special(coiri_worker *w, const coiri_fiber *me, coiri_extra **extra)
{
	unsigned class = class_of(me);
	*extra = NULL;
	if (likely(class == coiri_stack_default_class()) && !coiri_is_sticky(me))
		return true;
	coiri_extra *e = coiri_extra_make();
	if (!e)
		return false;
	e->sticky = coiri_is_sticky(me);
	e->own_stack = class != coiri_stack_default_class();
	e->stack_class = (uint8_t) class;
	e->stack = e->own_stack ? coiri_stack_get_slow(&w->stacks, w->stacks.node, class) : NULL;
	if (e->own_stack && !e->stack) {
		free(e);
		return false;
	}
	*extra = e;
	return true;
}

/* The task, which `me` forked, becomes a fiber. NULL: no memory. Under the lock of the stack that it lies in. */
static coiri_fiber *make_fiber(coiri_worker *w, coiri_fiber *me, coir_task *task)
{
	coiri_extra *extra;
	if (!special(w, me, &extra))
		return NULL;
	coiri_fiber *f = coiri_fiber_make(w, coiri_task_main, task, me->cold->scope, extra);
	if (unlikely(!f)) {
		if (extra && extra->stack)
			coiri_stack_put_slow(&w->stacks, extra->stack);
		free(extra);
		return NULL;
	}
	task->owner = coiri_identity(me);
	task->shields = me->cold->shields;
	at_add_relaxed(&me->cold->given, 1);
	task->fiber = f;
	return f;
}

/* A thief must have a stack, or the task is better off where it is. */
static bool has_stack(coiri_worker *w)
{
	if (unlikely(!coiri_inject_is_empty(&w->rt->starved)))
		return false;
	coiri_stack *stack = coiri_stack_get_default(&w->stacks);
	if (stack)
		coiri_stack_put_hot(&w->stacks, stack);
	return stack != NULL;
}

/* Under the lock: the owner takes nothing without it any more. */
static void claim_all(coiri_forked *q)
{
	if (coiri_fence_symmetric)
		return; /* the owner does nothing without the lock */
	at_store_relaxed(COIRI_END(q->ends.claim), ALL);
	uint64_t question = coiri_ask_begin(&q->ask);
	at_store_relaxed(COIRI_END(q->ends.limit), q->ends.base);
	if (!coiri_ask_wait(&q->ask, question))
		coiri_heavy_fence(); /* pairs with the light fence of coiri_task_pop */
	coiri_ask_end(&q->ask, question);
	at_store_relaxed(COIRI_END(q->ends.limit), q->end);
}

coiri_fiber *coiri_tasks_steal(coiri_worker *w, coiri_worker *victim)
{
	coiri_forked *q = &victim->forked;
	if (!coiri_tasks_any(q) || !has_stack(w) || !coiri_lock_try(&q->lock))
		return NULL;
	coiri_fiber *f = NULL;
	coir_task **top = at_load_relaxed(COIRI_END(q->ends.top));
	if (coiri_tasks_any(q)) {
		claim_all(q);
		/* acquire: pairs with the release in coiri_task_push: the record is written, and what its fiber is */
		if (at_load_acquire(COIRI_END(q->ends.bottom)) > top && !coiri_is_sticky(victim->current))
			f = make_fiber(w, victim->current, *top);
		settle(q, f ? top + 1 : top);
	}
	coiri_lock_release(&q->lock);
	return f;
}

void coiri_tasks_promote_all(coiri_worker *w)
{
	coiri_forked *q = &w->forked;
	coiri_fiber *first = NULL, *last = NULL;
	lock(q);
	for (coir_task **t = at_load_relaxed(COIRI_END(q->ends.top)); t < q->ends.bottom; t++) {
		coiri_fiber *f = make_fiber(w, w->current, *t);
		if (!f) {
			(*t)->fiber = HERE;
			continue;
		}
		coiri_set_next(f, NULL);
		if (last)
			coiri_set_next(last, f);
		else
			first = f;
		last = f;
	}
	empty(q);
	coiri_lock_release(&q->lock);
	while (first) { /* the newest last: it is joined first, and so to be in run-next */
		coiri_fiber *f = first;
		first = coiri_next_of(f);
		if (coiri_is_sticky(f))
			coiri_ready_bound(w, f);
		else
			coiri_ready_new(w, f);
	}
}

/* ---- join: the long way ---- */

COIRI_NORETURN static COIRI_COLD void out_of_order(void)
{
	coiri_panic("coir_task_join",
		    "a task is joined while a newer one of the same fiber is not: join the newest first, and each one "
		    "before its frame ends");
}

static COIRI_COLD void check_order(coir_task **t, coir_task **bottom, const coir_task *task)
{
	for (; t < bottom; t++)
		if (*t == task)
			out_of_order();
}

/* Is the task in the stack, and the newest there? Then it is taken out. */
static bool take_back(coiri_forked *q, coir_task *task)
{
	lock(q); /* a thief settles first */
	coir_task **top = at_load_relaxed(COIRI_END(q->ends.top)), **newest = q->ends.bottom - 1;
	bool ours = newest >= top && *newest == task;
	if (ours)
		at_store_release(COIRI_END(q->ends.bottom), newest); /* as in coiri_task_pop */
	else
		check_order(top, q->ends.bottom, task);
	if (q->ends.bottom == top)
		empty(q);
	coiri_lock_release(&q->lock);
	return ours;
}

/* It became a fiber, but that has not started and is within reach, or finds no stack: then there is no need for it. */
static bool unmake_fiber(coiri_worker *w, coiri_fiber *f)
{
	if (!coiri_take_new(w, f) && likely(!coiri_inject_remove(&w->rt->starved, f)))
		return false;
	if (f->extra && f->extra->stack)
		coiri_stack_put_slow(&w->stacks, f->extra->stack);
	at_count(&w->count.inlined, 1); /* not one spawned less: sums over workers must not fall (coiri_stats_living) */
	coiri_fiber_free(w, f);
	return true;
}

/* f is ours, and its joiner waits: he runs the task. By the injection queue, because this worker may have looked into
 * its own queues for the last time before it sleeps. */
static void hand_back(coiri_worker *w, coiri_fiber *f)
{
	at_count(&w->count.inlined, 1);
	f->arg = (void *)1; /* what the join returns */
	coiri_ready_outside(w->rt, coiri_deliver(w, f));
}

/* PARKED, in a task that never ran: it was put aside. That and AWAITED are set by one operation each, and the first under
 * the lock of the list, so whoever comes second sees the other, and finds the fiber. */
void coiri_task_starve(coiri_worker *w, coiri_fiber *f)
{
	coiri_inject *starved = &w->rt->starved;
	coiri_lock_acquire(&starved->lock);
	bool awaited = at_or_acq_rel(&f->state, COIRI_PARKED) & COIRI_AWAITED;
	if (!awaited)
		coiri_inject_append(starved, f);
	coiri_lock_release(&starved->lock);
	if (awaited)
		hand_back(w, f);
}

void coiri_task_rescue(coiri_worker *w, coiri_fiber *f, uint64_t seq)
{
	if (!coiri_inject_remove(&w->rt->starved, f))
		return; /* somebody has it, who finds a stack or comes to coiri_task_starve */
	if (at_load_relaxed(&f->state) >> COIRI_SEQ_SHIFT == seq)
		hand_back(w, f);
	else
		coiri_inject_push(&w->rt->starved, f); /* another life of it */
}

static int join_outside(coir_task *task)
{
	if (task->fiber == HERE || (!task->fiber && coiri_forks > 0)) { /* in a forked child: nobody else has it */
		task->fiber = NULL;
		return 1;
	}
	coiri_panic("coir_task_join", task->fiber
					      ? "the task was made into a fiber, of which this thread or forked child "
						"knows nothing: join it in the fiber that forked it"
					      : "the task is not forked, or was joined before");
}

static void check_forker(coiri_fiber *me, const coir_task *task)
{
	if (unlikely(task->owner != coiri_identity(me) || at_load_relaxed(&me->cold->given) == 0))
		coiri_panic("coir_task_join",
			    "the task was forked by another fiber: join it in the one that forked it");
}

/* The fiber joins a task that it gave away. */
static void take_off_count(coiri_cold *cold)
{
	unsigned left = at_add_relaxed(&cold->given, -1u) - 1;
	if (unlikely(cold->given_before > left)) /* one that is older than its scope */
		cold->given_before = left;
}

int coir_task_join_1(coir_task *task)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return join_outside(task);
	if (take_back(&w->forked, task))
		return 1;
	coiri_fiber *f = task->fiber;
	if (unlikely(!f))
		coiri_panic("coir_task_join", "the task is not forked, or was joined before");
	task->fiber = NULL;
	if (f == HERE)
		return 1;
	if (unlikely(coiri_tasks_open(&w->forked))) /* what lies there is newer than all that was taken */
		out_of_order();
	check_forker(w->current, task);
	coiri_cold *cold = w->current->cold;
	intptr_t ours = 1;
	if (!unmake_fiber(w, f)) {
		ours = 0;
		coiri_join_claimed(w, f, &ours);
	}
	take_off_count(cold); /* not before the wait: a cancel of the scope goes by it (scope/cancel.c) */
	return (int)ours;
}

void coiri_tasks_unjoined(void)
{
	coiri_panic("coir_task_join",
		    "a fiber, or a task that was taken, has ended and not joined all that it has forked");
}
