/* SPDX-License-Identifier: MIT
 *
 * sched/steal.c - taking work from other workers.
 *
 * Nearest victims first (hwloc: SMT sibling, shared cache, node, far), beginning anywhere within one distance, and at
 * times any victim in between: the near ones may have crumbs only (docs/decisions/0010-scaling-policy.md). From a victim
 * half of its deque or, if that is empty, half of its ring; or its run-next fiber, if that has stood unchanged
 * for a while (standing, in policy.h): its worker is busy with something long, and would else keep it from ever running.
 *
 * What makes two workers slower than one, in every peer that we measured, is thieves that take single short fibers
 * again and again. So a thief that comes back to search too soon, because its loot ran for less than it cost everybody
 * to move it, waits first, twice as long each time, and then takes only a few, as a sample: what it takes in vain costs
 * its victim a cache miss each.
 */
#include "base/clock.h"
#include "sched/sched.h"

static const coiri_policy *const policy = &coiri_the_policy;

static unsigned most(const coiri_worker *w)
{
	return coiri_thief_most(policy, &w->thief);
}

static coiri_fiber *rob_deque(coiri_worker *w, coiri_worker *victim, unsigned *count)
{
	coiri_fiber *loot[COIRI_LOOT_MAX];
	*count = coiri_deque_steal(&victim->deque, loot, most(w));
	for (unsigned i = 1; i < *count; i++)
		coiri_push_new(w, loot[i]);
	return *count ? loot[0] : NULL;
}

/* Has the ring's only fiber, which its worker is likely to run at once, stood still for long? */
static bool is_stuck(coiri_worker *w, coiri_worker *victim, int64_t now)
{
	coiri_glimpse *seen = &w->glimpses[victim->index];
	int64_t head = at_load_relaxed(&victim->ring.head);
	if (seen->ring_head != head || seen->ring_since == 0) {
		seen->ring_head = head;
		seen->ring_since = now;
		w->glimpsed = true;
		return false;
	}
	return now - seen->ring_since >= policy->standing;
}

static coiri_fiber *rob_ring(coiri_worker *w, coiri_worker *victim, unsigned *count, int64_t now)
{
	coiri_fiber *loot[COIRI_LOOT_MAX];
	*count = 0;
	if (coiri_ring_size(&victim->ring) == 1 && at_load_relaxed(&victim->ring.shy) &&
	    !coiri_next_peek(&victim->next) && !is_stuck(w, victim, now))
		return NULL;
	*count = coiri_ring_is_empty(&victim->ring) ? 0 : coiri_ring_steal(&victim->ring, loot, most(w));
	for (unsigned i = 1; i < *count; i++)
		coiri_push_started(w, loot[i]);
	return *count ? loot[0] : NULL;
}

static coiri_fiber *rob_next(coiri_worker *w, coiri_worker *victim, int64_t now)
{
	coiri_glimpse *seen = &w->glimpses[victim->index];
	coiri_fiber *f = at_load_acquire(&victim->next.fiber); /* pairs with the releases in next.h */
	/* The state tells one life of a descriptor from the next: it is type-stable, so it may be read whatever f is by
	 * now. */
	uint64_t state = f ? at_load_relaxed(&f->state) : 0;
	/* The same fiber may have run in between, again and again: then its worker has made steps. */
	uint64_t rounds = at_load_relaxed(&victim->count.rounds);
	if (!f || seen->fiber != f || seen->state != state || seen->rounds != rounds) {
		seen->fiber = f;
		seen->state = state;
		seen->rounds = rounds;
		seen->since = now;
		w->glimpsed |= f != NULL;
		return NULL;
	}
	if (now - seen->since < policy->standing)
		return NULL;
	seen->fiber = NULL;
	return coiri_next_steal(&victim->next, f) ? f : NULL;
}

static coiri_fiber *rob(coiri_worker *w, coiri_worker *victim, int64_t now)
{
	unsigned count = 1;
	coiri_fiber *f = rob_deque(w, victim, &count);
	if (!f)
		f = rob_ring(w, victim, &count, now);
	if (!f) {
		count = 1;
		f = coiri_tasks_steal(w, victim);
	}
	if (!f) {
		count = 1;
		f = rob_next(w, victim, now);
	}
	if (f) {
		at_count(&w->count.steals, 1);
		at_count(&w->count.stolen, count);
		coiri_thief_took(&w->thief, now, count);
	}
	return f;
}

coiri_fiber *coiri_steal(coiri_worker *w)
{
	at_count(&w->count.searches, 1);
	w->glimpsed = false;
	int64_t now = coiri_now();
	coiri_tour tour = {0};
	unsigned i, end = w->victim_level[COIRI_LEVELS_MAX - 1];
	while ((i = coiri_tour_next(policy, &tour, w->victim_level, &w->rand)) < end) {
		coiri_fiber *f = rob(w, &w->rt->workers[w->victims[i]], now);
		if (f)
			return f;
	}
	return NULL;
}

/* Timers that are due at a worker which is busy with something long. */
bool coiri_steal_timers(coiri_worker *w)
{
	bool any = false;
	for (unsigned i = 0; i < w->victim_level[COIRI_LEVELS_MAX - 1]; i++) {
		coiri_timers *timers = &w->rt->workers[w->victims[i]].timers;
		int64_t next = at_load_relaxed(&timers->next);
		if (unlikely(next != COIRI_NO_TIME) && next + policy->overdue <= coiri_time())
			any |= coiri_timers_run(w, timers);
	}
	return any;
}

void coiri_steal_judge(coiri_worker *w)
{
	if (w->thief.loot_time != 0)
		coiri_thief_judge(policy, &w->thief, coiri_now());
}
