/* SPDX-License-Identifier: MIT
 *
 * sched/pick.c - the order in which a worker runs what it has.
 *
 *   1. every COIRI_FAIR_STEPS steps: the oldest of the ring, the injection queue, the inbox in turn, at times the deque's
 *   2. the run-next slot: what was just woken or spawned
 *   3. for each fiber that a timer woke: the ring, because it is late already, and has a stack
 *   4. the deque, newest first: fibers that never ran
 *   5. the ring and the worker's own sticky fibers, oldest first
 *   6. the injection queue
 *
 * Bound: whatever goes on in the others, a queue's oldest fiber runs after at most 3 * COIRI_FAIR_STEPS steps, the
 * deque's after COIRI_DEQUE_TURNS * COIRI_FAIR_STEPS, and each queue of (1) is FIFO from its oldest end. So a runnable
 * fiber waits at most COIRI_DEQUE_TURNS * COIRI_FAIR_STEPS * (fibers runnable before it + 1) steps. Run-next: its
 * occupant is the next step's, unless a newer one pushes it out, into the deque or the ring.
 * The deque's turn is rare because its oldest is, in a tree of forks, the largest piece of work: begun out of order, it
 * is one more branch that is open at the same time (docs/decisions/0002-queues.md).
 */
#include "base/fault.h"
#include "sched/sched.h"

#define TIMER_LAG 200000 /* ns that a due timer may wait for a worker that is busy with many fibers */

/* Moves what came in to the end of the private FIFO. */
static void drain_inbox(coiri_worker *w)
{
	/* acquire: pairs with the release in coiri_ready_anywhere */
	coiri_fiber *f = at_xchg_acquire(&w->inbox, NULL), *reversed = NULL;
	while (f) { /* newest first: turn it round */
		coiri_fiber *next = coiri_next_of(f);
		coiri_set_next(f, reversed);
		reversed = f;
		f = next;
	}
	if (!reversed)
		return;
	if (w->private_tail)
		coiri_set_next(w->private_tail, reversed);
	else
		w->private_head = reversed;
	while (coiri_next_of(reversed))
		reversed = coiri_next_of(reversed);
	w->private_tail = reversed;
}

static coiri_fiber *pop_private(coiri_worker *w)
{
	if (at_load_relaxed(&w->inbox))
		drain_inbox(w);
	coiri_fiber *f = w->private_head;
	if (f) {
		w->private_head = coiri_next_of(f);
		if (!w->private_head)
			w->private_tail = NULL;
	}
	return f;
}

static coiri_fiber *pop_oldest(coiri_worker *w, unsigned queue)
{
	switch (queue) {
	case 0:
		return coiri_ring_pop(&w->ring);
	case 1:
		return coiri_inject_pop(&w->rt->inject);
	default:
		return pop_private(w);
	}
}

/* A stack came free for one that waits for it? */
static COIRI_NOINLINE coiri_fiber *pick_starved(coiri_worker *w)
{
	coiri_fiber *f = at_load_relaxed(&w->rt->stopping) ? NULL : coiri_inject_pop(&w->rt->starved);
	return f && coiri_bind(w, f) ? f : NULL;
}

/* There are timers: fires them, from the loop, if some are due. Where steps are long, the next look comes after fewer.
 */
static COIRI_NOINLINE void look_at_timers(coiri_worker *w, int64_t next)
{
	int64_t now = coiri_time(), round = now - w->timers_seen;
	w->timers_seen = now;
	if (round > TIMER_LAG)
		w->tick = (unsigned)(COIRI_FAIR_STEPS * TIMER_LAG / round) + 2;
	w->to_loop = next <= now && w->current;
}

static COIRI_NOINLINE coiri_fiber *pick_fair(coiri_worker *w)
{
	w->tick = COIRI_FAIR_STEPS;
	at_count(&w->count.rounds, 1);
	int64_t next = at_load_relaxed(&w->timers.next);
	if (unlikely(next != COIRI_NO_TIME))
		look_at_timers(w, next);
	if (unlikely(at_load_relaxed(&w->rt->stopping))) {
		w->tick = 1; /* each step comes here from now on */
		return NULL;
	}
	if (unlikely(w->to_loop))
		return NULL;
	if (unlikely(!coiri_inject_is_empty(&w->rt->starved)) && w->stacks.hot) {
		coiri_fiber *f = pick_starved(w);
		if (f)
			return f;
	}
	if (w->fair_turn++ % COIRI_DEQUE_TURNS == 0) {
		coiri_fiber *f = coiri_deque_pop_oldest(&w->deque);
		if (f)
			return f;
	}
	for (unsigned i = 0; i < 3; i++) {
		coiri_fiber *f = pop_oldest(w, (w->fair_turn + i) % 3);
		if (f)
			return f;
	}
	return NULL;
}

/* The started fibers: ring and private FIFO in turn, if both have some. */
static coiri_fiber *pop_started(coiri_worker *w)
{
	if (likely(!w->has_sticky))
		return coiri_ring_pop(&w->ring);
	bool ring_first = w->ring_first = !w->ring_first;
	coiri_fiber *f = ring_first ? coiri_ring_pop(&w->ring) : pop_private(w);
	if (!f)
		f = ring_first ? pop_private(w) : coiri_ring_pop(&w->ring);
	return f;
}

coiri_fiber *coiri_pick_any(coiri_worker *w)
{
	coiri_fiber *f;
	coiri_tasks_promote(w);
	if (unlikely(--w->tick == 0)) {
		f = pick_fair(w);
		if (f || unlikely(w->to_loop) || at_load_relaxed(&w->rt->stopping))
			return f;
	}
	f = coiri_take_next(w);
	if (f) {
		w->streak++;
		return f;
	}
	w->streak = 0;
	if (unlikely(w->ring_credit > 0)) {
		w->ring_credit--;
		f = coiri_ring_pop(&w->ring);
		if (f)
			return f;
	}
	if (!coiri_deque_is_empty(&w->deque)) {
		f = coiri_deque_pop(&w->deque);
		if (f)
			return f;
	}
	f = pop_started(w);
	if (f)
		return f;
	return coiri_inject_pop(&w->rt->inject);
}

static void starve(coiri_worker *w, coiri_fiber *f)
{
	if (!at_xchg_acquire(&w->rt->starving_said, 1))
		coiri_complain("no stack for fiber %llu: it waits until another fiber ends, and spawning gives -ENOMEM "
			       "until then; use "
			       "fewer fibers, smaller stacks (COIR_STACK), or allow more memory or maps (ulimit -v, "
			       "vm.max_map_count)",
			       (unsigned long long)coiri_handle(f).seq);
	if (unlikely(coiri_is_task(f)))
		coiri_task_starve(w, f);
	else
		coiri_inject_push(&w->rt->starved, f);
	coiri_idle_wake_spare(&w->rt->idle, w); /* who runs looks by itself, now and then and before it sleeps */
}

void coiri_fiber_main(void);

static coiri_stack *find_stack(coiri_worker *w, const coiri_extra *extra)
{
	if (likely(!extra || (!extra->own_stack && !extra->stack)))
		return coiri_stack_get_default(&w->stacks);
	return extra->stack ? extra->stack : coiri_stack_get_slow(&w->stacks, w->stacks.node, extra->stack_class);
}

bool coiri_bind(coiri_worker *w, coiri_fiber *f)
{
	coiri_stack *stack = find_stack(w, f->extra);
	if (unlikely(!stack)) {
		starve(w, f);
		return false;
	}
	coiri_cold *cold = coiri_cold_of(stack);
	coiri_san_clean(stack->low, (size_t)((char *)stack - stack->low));
	coiri_cold_begin(cold, stack, stack->low, (char *)cold, NULL);
	cold->exceptions[0] = cold->exceptions[1] = NULL;
	coiri_san_begin(&cold->san, stack->low, (size_t)((char *)cold - stack->low));
	if (unlikely(f->extra != NULL) && f->extra->high_water)
		coiri_stack_clear(stack, (char *)cold);
	coiri_cold_give(cold, f);
	f->sp = coiri_arch_make(cold, coiri_fiber_main);
	return true;
}

coiri_fiber *coiri_pick(coiri_worker *w)
{
	coiri_fiber *f;
	do
		f = coiri_pick_any(w);
	while (f && coiri_is_new(f) && unlikely(!coiri_bind(w, f)));
	if (unlikely(!f) && unlikely(!coiri_inject_is_empty(&w->rt->starved)) && !w->to_loop)
		f = pick_starved(w);
	return f;
}
