/* SPDX-License-Identifier: MIT
 *
 * tasks.c - tasks, fibers, deques: memory only. A task that was joined while it still lay in a deque (claimed) stays
 * until somebody pops it.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

void *need(void *memory)
{
	if (!memory) {
		fprintf(stderr, "coir-sim: out of memory: take a smaller graph\n");
		exit(1);
	}
	return memory;
}

struct task *task_make(struct world *o, const struct frame *root)
{
	struct task *t = o->free_tasks;
	if (t)
		o->free_tasks = t->next;
	else
		t = need(malloc(sizeof *t));
	*t = (struct task){.root = *root};
	return t;
}

void task_free(struct world *o, struct task *t)
{
	t->next = o->free_tasks;
	o->free_tasks = t;
}

struct fiber *fiber_make(struct world *o, struct task *t)
{
	struct fiber *f = o->free_fibers;
	if (f)
		o->free_fibers = f->next;
	else
		f = need(calloc(1, sizeof *f));
	f->task = t;
	f->frames = f->forks = 0;
	if (t)
		fiber_push_frame(f, &t->root);
	return f;
}

void fiber_free(struct world *o, struct fiber *f)
{
	f->next = o->free_fibers;
	o->free_fibers = f;
}

static unsigned more(unsigned room)
{
	return room ? 2 * room : 32;
}

void fiber_push_frame(struct fiber *f, const struct frame *frame)
{
	if (f->frames == f->frame_room)
		f->frame = need(realloc(f->frame, (f->frame_room = more(f->frame_room)) * sizeof *f->frame));
	f->frame[f->frames++] = *frame;
}

void fiber_push_fork(struct fiber *f, struct task *t)
{
	if (f->forks == f->fork_room)
		f->forked = need(realloc(f->forked, (f->fork_room = more(f->fork_room)) * sizeof(struct task *)));
	f->forked[f->forks++] = t;
}

static void make_room(struct deque *q)
{
	unsigned n = deque_size(q);
	if (q->top >= n && q->top > 0) {
		for (unsigned i = 0; i < n; i++)
			q->slot[i] = q->slot[q->top + i];
		q->top = 0;
		q->bottom = n;
		return;
	}
	q->slot = need(realloc(q->slot, (q->room = more(q->room)) * sizeof(struct task *)));
}

void deque_push(struct deque *q, struct task *t)
{
	if (q->bottom == q->room)
		make_room(q);
	t->queued = true;
	q->slot[q->bottom++] = t;
	q->version++;
}

static struct task *took(struct deque *q, struct task *t)
{
	t->queued = false;
	q->version++;
	if (q->top == q->bottom)
		q->top = q->bottom = 0;
	return t;
}

struct task *deque_pop_newest(struct deque *q)
{
	return q->top == q->bottom ? NULL : took(q, q->slot[--q->bottom]);
}

struct task *deque_pop_oldest(struct deque *q)
{
	return q->top == q->bottom ? NULL : took(q, q->slot[q->top++]);
}
