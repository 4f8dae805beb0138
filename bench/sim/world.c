/* SPDX-License-Identifier: MIT
 *
 * world.c - workers, time, and the order of events: a binary heap of the workers by the time of their next event, those
 * of the same time by their number, so that one seed has one outcome.
 */
#include "sim.h"

#include <stdlib.h>

static bool earlier(const struct worker *a, const struct worker *b)
{
	return a->at < b->at || (a->at == b->at && a->index < b->index);
}

static void put(struct world *o, struct worker *w, unsigned i)
{
	o->heap[i] = w;
	w->heap_at = i;
}

static void settle_in_heap(struct world *o, struct worker *w)
{
	unsigned i = w->heap_at;
	for (unsigned up; i > 0 && earlier(w, o->heap[up = (i - 1) / 2]); i = up)
		put(o, o->heap[up], i);
	for (unsigned down; (down = 2 * i + 1) < o->count; i = down) {
		if (down + 1 < o->count && earlier(o->heap[down + 1], o->heap[down]))
			down++;
		if (!earlier(o->heap[down], w))
			break;
		put(o, o->heap[down], i);
	}
	put(o, w, i);
}

/* Counts the time until now. */
static void account(struct world *o, struct worker *w)
{
	ps time = o->now - w->since, overhead = w->overhead < time ? w->overhead : time;
	w->spent[OVERHEAD] += overhead;
	w->spent[w->category] += time - overhead;
	w->since = o->now;
	w->overhead = 0;
}

void go(struct world *o, struct worker *w, enum state state, ps overhead, enum category category, ps rest)
{
	w->state = state;
	w->since = o->now;
	w->overhead = overhead;
	w->category = category;
	w->at = rest == NEVER ? NEVER : o->now + overhead + rest;
	settle_in_heap(o, w);
}

void reschedule(struct world *o, struct worker *w, ps at)
{
	w->at = at;
	settle_in_heap(o, w);
}

static void handle(struct world *o, struct worker *w)
{
	switch (w->state) {
	case RUN:
		run_step(o, w);
		break;
	case OUT:
		search_out(o, w);
		break;
	case TRY:
		search_try(o, w);
		break;
	case LOOK:
	case ASKED:
		search_look(o, w);
		break;
	case LOOT:
		search_loot(o, w);
		break;
	case ASLEEP:
		search_woke(o, w);
		break;
	}
}

/* Interrupts made it late: whoever runs or looks around loses that time. */
static bool is_late(struct world *o, struct worker *w)
{
	ps late = w->late;
	w->late = 0;
	if (late == 0)
		return false;
	if (w->category == WORK)
		w->overhead += late;
	reschedule(o, w, w->at + late);
	return true;
}

void world_run(struct world *o)
{
	while (!o->over && !o->broken) {
		struct worker *w = o->heap[0];
		if (w->at == NEVER) {
			o->broken = "all sleep for ever";
			break;
		}
		if (is_late(o, w))
			continue;
		o->now = w->at;
		account(o, w);
		handle(o, w);
	}
	for (unsigned i = 0; i < o->count; i++)
		account(o, &o->worker[i]);
}

static void init_worker(struct world *o, struct worker *w, const coiri_topo *topo)
{
	unsigned i = 0;
	w->victims = need(calloc(o->count, sizeof *w->victims));
	w->level_of = need(calloc(o->count, 1));
	w->seen = need(calloc(o->count, sizeof *w->seen));
	coiri_topo_victims(topo, w->index, w->victims, w->level_end);
	for (uint8_t level = 0; level < COIRI_LEVELS; level++)
		for (; i < w->level_end[level]; i++)
			w->level_of[w->victims[i]] = level;
	coiri_rand_seed(&w->rand, o->s->seed * 1024 + w->index);
	for (i = 0; i < 8; i++)
		coiri_rand_next(&w->rand); /* the first ones of neighbouring seeds are alike */
	w->deque.version = 1;
	w->watch_limit = o->s->policy.watch_min;
	w->told = true;
}

void world_init(struct world *o, const struct settings *s, const struct graph *g, const coiri_topo *topo)
{
	*o = (struct world){.s = s, .graph = g, .count = topo->workers, .crowd = {.count = topo->workers}};
	o->worker = need(calloc(o->count, sizeof *o->worker));
	o->heap = need(calloc(o->count, sizeof(struct worker *)));
	for (unsigned i = 0; i < o->count; i++) {
		struct worker *w = &o->worker[i];
		w->index = i;
		init_worker(o, w, topo);
		w->at = NEVER;
		put(o, w, i);
	}
	struct frame root = graph_root(g);
	o->worker[0].fiber = fiber_make(o, NULL);
	fiber_push_frame(o->worker[0].fiber, &root);
	go(o, &o->worker[0], RUN, 0, WORK, 0);
	for (unsigned i = 1; i < o->count; i++) {
		if (s->awake)
			go(o, &o->worker[i], OUT, 0, SEARCHING, 0);
		else
			crowd_sleep(o, &o->worker[i]);
	}
	o->lock_free = 0; /* they have slept for long */
}

void world_fini(struct world *o)
{
	for (unsigned i = 0; i < o->count; i++) {
		struct worker *w = &o->worker[i];
		for (struct task *t; (t = deque_pop_newest(&w->deque));)
			task_free(o, t); /* joined long ago */
		free(w->victims);
		free(w->level_of);
		free(w->seen);
		free(w->deque.slot);
	}
	for (struct fiber *f = o->free_fibers, *next; f; f = next) {
		next = f->next;
		free(f->frame);
		free(f->forked);
		free(f);
	}
	for (struct task *t = o->free_tasks, *next; t; t = next) {
		next = t->next;
		free(t);
	}
	free(o->worker);
	free(o->heap);
}
