/* SPDX-License-Identifier: MIT */
#include "sched/policy.h"

/* Why: docs/decisions/0005-idle.md, 0010-scaling-policy.md. */
const coiri_policy coiri_the_policy = {
	.most = COIRI_LOOT_MAX,
	.sample = 16,
	.worth = 1500,
	.worth_each = 250,
	.backoff_min = 500,
	.backoff_max = 8000, /* it is drowsy before */
	.drowsy = 4000,
	.stray = 50,
	.searchers_divisor = 2,
	.wakers_divisor = 1u << 31, /* nobody must search */
	.spin = 20000,
	.spin_glimpse = 25000,
	.quick_rounds = 4,
	.quick_pause = 100,
	.spin_pause = 2000,
	.watch_min = 50000,
	.watch_max = 1000000,
	.watch_drowsy = 200000,
	.patience = 3000,
	.standing = 20000,
	.overdue = 20000, /* its own worker fires it sooner, unless it is busy */
};

unsigned coiri_tour_next(const coiri_policy *p, coiri_tour *tour, const unsigned level_end[COIRI_LEVELS_MAX],
			 coiri_rand *rand)
{
	unsigned all = level_end[COIRI_LEVELS_MAX - 1];
	while (tour->level < COIRI_LEVELS_MAX) {
		unsigned n = level_end[tour->level] - tour->begin;
		if (p->stray && n > 0 && n < all && !tour->strayed && coiri_rand_below(rand, 100) < p->stray) {
			tour->strayed = true;
			return coiri_rand_below(rand, all);
		}
		tour->strayed = false;
		if (tour->i == 0)
			tour->start = n > 1 ? coiri_rand_below(rand, n) : 0;
		if (tour->i < n)
			return tour->begin + (tour->start + tour->i++) % n;
		tour->begin = level_end[tour->level++];
		tour->i = 0;
	}
	return all;
}

void coiri_thief_judge(const coiri_policy *p, coiri_thief *thief, int64_t now)
{
	if (now - thief->loot_time >= p->worth + p->worth_each * thief->loot_items)
		thief->backoff = 0;
	else if (thief->backoff < p->backoff_min)
		thief->backoff = p->backoff_min;
	else
		thief->backoff = thief->backoff * 2 < p->backoff_max ? thief->backoff * 2 : p->backoff_max;
	thief->loot_time = 0;
}

bool coiri_crowd_may_wake(const coiri_policy *p, const coiri_crowd *crowd)
{
	unsigned running = crowd->count - crowd->asleep - crowd->searching;
	return crowd->asleep > 0 && (crowd->searching == 0 || crowd->searching < running / p->wakers_divisor);
}

uint32_t coiri_crowd_hint(const coiri_policy *p, const coiri_crowd *crowd, bool watched)
{
	if (crowd->asleep > 0 && crowd->searching == 0 && !watched)
		return COIRI_HINT_MORE | COIRI_HINT_WATCH;
	if (crowd->asleep > crowd->drowsy && coiri_crowd_may_wake(p, crowd))
		return COIRI_HINT_MORE;
	return 0;
}

bool coiri_crowd_may_search(const coiri_policy *p, const coiri_crowd *crowd)
{
	return crowd->searching == 0 || crowd->searching < crowd->count / p->searchers_divisor;
}

bool coiri_crowd_wants_watcher(const coiri_crowd *crowd, bool watched)
{
	unsigned running = crowd->count - crowd->asleep - 1 - crowd->searching;
	return running > 0 && !watched;
}

bool coiri_crowd_is_unwatched(const coiri_crowd *crowd, bool watched)
{
	return crowd->searching == 0 && crowd->asleep > 0 && !watched;
}

int64_t coiri_watch_longer(const coiri_policy *p, int64_t limit)
{
	return limit * 2 < p->watch_max ? limit * 2 : p->watch_max;
}
