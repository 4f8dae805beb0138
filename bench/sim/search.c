/* SPDX-License-Identifier: MIT
 *
 * search.c - a worker without work, as src/sched/run.c has it: is the last loot to be rued, may it search, rounds of
 * looks with pauses between them, and sleep.
 */
#include "sim.h"

#define BATCH (100 * NS) /* looks that show nothing new are made together, up to this */

void search_out(struct world *o, struct worker *w)
{
	const coiri_policy *policy = &o->s->policy;
	if (w->thief.loot_time != 0)
		coiri_thief_judge(policy, &w->thief, clock_now(o));
	if (coiri_thief_is_drowsy(policy, &w->thief)) {
		crowd_sleep(o, w);
		return;
	}
	w->told = true;
	go(o, w, TRY, 0, SEARCHING, w->thief.backoff * NS);
}

void search_try(struct world *o, struct worker *w)
{
	ps spent = crowd_search(o, w);
	if (!w->searching) {
		crowd_sleep(o, w);
		return;
	}
	w->end = o->now + (w->told ? o->s->policy.spin * NS : 0);
	w->round = 0;
	w->between_rounds = true;
	go(o, w, LOOK, 0, SEARCHING, spent);
}

static void round_over(struct world *o, struct worker *w, ps spent)
{
	if (o->now + spent >= w->end) {
		crowd_sleep(o, w);
		return;
	}
	w->between_rounds = true;
	go(o, w, LOOK, 0, SEARCHING, spent + coiri_search_pause(&o->s->policy, w->round++) * NS);
}

/* Towards the next victim that shows something new, or has something. */
static void look_on(struct world *o, struct worker *w)
{
	const struct costs *c = &o->s->costs;
	ps spent = 0;
	while (spent < BATCH) {
		struct worker *victim = tour_next(o, w);
		if (!victim) {
			round_over(o, w, spent);
			return;
		}
		bool changed = victim->deque.version != w->seen[victim->index];
		if (!changed && deque_size(&victim->deque) == 0) {
			spent += cost(c->look_again);
			w->hits++;
			continue;
		}
		ps look = cost(changed ? c->look[w->level_of[victim->index]] : c->look_again);
		if (changed && victim->cold < look)
			victim->cold = look;
		w->victim = victim;
		go(o, w, LOOK, 0, SEARCHING, spent + look);
		return;
	}
	go(o, w, LOOK, 0, SEARCHING, spent);
}

/* The answer has not come in time, or was no. True: w has taken it. */
static bool not_given(struct world *o, struct worker *w)
{
	struct worker *victim = w->victim;
	w->victim = NULL;
	if (victim->asker == w) {
		victim->asker = NULL;
		if (theft_force(o, w, victim))
			return true;
	}
	w->looks++;
	return false;
}

void search_look(struct world *o, struct worker *w)
{
	struct worker *victim;
	if (w->state == ASKED && not_given(o, w))
		return;
	if (w->between_rounds) {
		w->between_rounds = false;
		w->round_began = o->now;
		tour_begin(o, w);
	}
	victim = w->victim;
	if (victim) {
		w->victim = NULL;
		w->seen[victim->index] = victim->deque.version;
		if (deque_size(&victim->deque) > 0 && theft_try(o, w, victim))
			return;
		w->looks++;
	}
	look_on(o, w);
}

void search_loot(struct world *o, struct worker *w)
{
	ps spent = crowd_found(o, w);
	struct task *first = w->loot[0];
	for (unsigned i = 1; i < w->loot_count; i++)
		deque_push(&w->deque, w->loot[i]);
	first->begun = true;
	w->fiber = fiber_make(o, first);
	go(o, w, RUN, spent + w->data + cost(o->s->costs.fiber), WORK, 0);
}

void search_woke(struct world *o, struct worker *w)
{
	go(o, w, TRY, 0, SEARCHING, crowd_got_up(o, w));
}
