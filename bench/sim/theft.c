/* SPDX-License-Identifier: MIT
 *
 * theft.c - how a thief gets at a deque: with a membarrier as src/sched/deque.c does, or in other ways.
 *
 * What is claimed is the thief's at once; an owner that wants it meanwhile waits until the thief has settled. One that
 * was asked waits with any join: all is claimed then. In Linux since 6.8 the membarriers of a whole machine go one after
 * the other (membarrier_ipi_mutex).
 */
#include "sim.h"

/* The oldest of a deque into w's hands. */
static unsigned take(struct world *o, struct worker *w, struct worker *victim)
{
	unsigned n = o->s->half ? (deque_size(&victim->deque) + 1) / 2 : 1;
	unsigned most = coiri_thief_most(&o->s->policy, &w->thief);
	w->loot_count = 0;
	if (n > most)
		n = most;
	for (struct task *t; n > 0 && w->loot_count < LOOT_MOST - 1 && (t = deque_pop_oldest(&victim->deque)); n--) {
		if (t->forgotten)
			task_free(o, t);
		else
			w->loot[w->loot_count++] = t;
	}
	if (w->loot_count == 0)
		return 0;
	if (o->s->fault)
		w->loot[w->loot_count++] = task_make(o, &w->loot[0]->root);
	w->steals[w->level_of[victim->index]]++;
	w->data = cost(o->s->costs.data[w->level_of[victim->index]]);
	w->stolen += w->loot_count;
	coiri_thief_took(&w->thief, w->round_began / NS + CLOCK_BASE, w->loot_count);
	return w->loot_count;
}

ps theft_fence(struct world *o, struct worker *w, struct worker *victim)
{
	const struct costs *c = &o->s->costs;
	ps start = o->s->machine_wide && o->fence_free > o->now ? o->fence_free : o->now;
	unsigned interrupted = 0;
	for (unsigned i = 0; i < o->count; i++) {
		struct worker *v = &o->worker[i];
		if (v == w || v->state == ASLEEP || (victim && v != victim))
			continue;
		v->late += cost(c->interrupt);
		interrupted++;
	}
	w->fences++;
	o->fence_free = start + cost(c->fence) + interrupted * cost(c->fence_each);
	return o->fence_free;
}

static ps distance(struct world *o, struct worker *w, struct worker *victim)
{
	return cost(o->s->costs.distance[w->level_of[victim->index]]);
}

static bool ask(struct world *o, struct worker *w, struct worker *victim)
{
	if (victim->asker)
		return false;
	victim->asker = w;
	victim->cold = cost(o->s->costs.look[w->level_of[victim->index]]);
	w->victim = victim;
	go(o, w, ASKED, 0, SEARCHING, cost((double)o->s->policy.patience));
	return true;
}

bool theft_force(struct world *o, struct worker *w, struct worker *victim)
{
	if (victim->deque.locked > o->now)
		return false;
	unsigned n = take(o, w, victim);
	if (n == 0)
		return false;
	ps end = o->now;
	if (o->s->theft != THEFT_FENCE)
		end = theft_fence(o, w, o->s->theft == THEFT_TARGETED ? victim : NULL);
	end += cost(o->s->costs.theft) + distance(o, w, victim);
	victim->deque.locked = end;
	for (unsigned i = 0; i < n; i++)
		w->loot[i]->settled = end;
	go(o, w, LOOT, 0, SEARCHING, end - o->now);
	return true;
}

bool theft_try(struct world *o, struct worker *w, struct worker *victim)
{
	return o->s->theft == THEFT_ASK ? ask(o, w, victim) : theft_force(o, w, victim);
}

ps theft_poll(struct world *o, struct worker *w)
{
	const struct costs *c = &o->s->costs;
	struct worker *asker = w->asker;
	if (o->s->theft != THEFT_ASK)
		return 0;
	if (!asker || deque_size(&w->deque) == 0)
		return cost(c->poll);
	w->asker = NULL;
	asker->victim = NULL;
	if (take(o, asker, w) == 0) {
		asker->state = LOOK;
		reschedule(o, asker, o->now + cost(c->look[asker->level_of[w->index]]));
	} else {
		asker->state = LOOT;
		w->deque.locked = o->now + cost(c->theft) / 2 + distance(o, asker, w);
		reschedule(o, asker, w->deque.locked);
	}
	return cost(c->poll) + cost(c->grant);
}

void theft_refuse(struct world *o, struct worker *w)
{
	struct worker *asker = w->asker;
	if (!asker)
		return;
	w->asker = NULL;
	reschedule(o, asker, o->now + cost(o->s->costs.look[asker->level_of[w->index]]));
}
