/* SPDX-License-Identifier: MIT
 *
 * sched/policy.h - what the scheduler decides when workers run out of work: whom they rob, of how much, when they rest.
 *
 * The decisions alone, as functions of plain values: no atomics, no locks, no clock (times are arguments). How they are
 * carried out, and what makes that safe, is in steal.c, idle.c and run.c. So the same decisions can be replayed on
 * machines that we do not have (bench/sim), with other numbers than those of coiri_the_policy.
 *
 * None of it is on the way of a worker that has work.
 */
#ifndef COIRI_SCHED_POLICY_H
#define COIRI_SCHED_POLICY_H

#include "base/rand.h"

enum {
	COIRI_LEVELS_MAX = 4, /* of distance between workers: as many as src/topo tells apart */
	COIRI_LOOT_MAX = 256, /* no theft takes more, whatever the policy says */
};

/* The numbers. Times in ns. */
typedef struct coiri_policy {
	unsigned most;              /* fibers in one theft, */
	unsigned sample;            /* or, if the last ones were not worth it */
	int64_t worth, worth_each;  /* loot must have run for this, and for this for each fiber */
	int64_t backoff_min;        /* wait after loot that was not worth it, doubled up to */
	int64_t backoff_max;        /* this; */
	int64_t drowsy;             /* from this on a thief sleeps instead */
	unsigned stray;             /* of 100 looks at victims, so many more are at any of them, however far */
	unsigned searchers_divisor; /* at most count / so many search at a time, but always one may */
	unsigned wakers_divisor;    /* a sleeper is woken while fewer search than running / so many, or nobody does */
	int64_t spin;               /* how long a worker searches before it sleeps, */
	int64_t spin_glimpse;       /* at least, if a run-next fiber was seen that may be stuck */
	unsigned quick_rounds;      /* of the search, with */
	int64_t quick_pause;        /* between them, then */
	int64_t spin_pause;         /* this: a look costs the victim a cache miss */
	int64_t watch_min;          /* a watcher's first sleep, doubled up to */
	int64_t watch_max;          /* this */
	int64_t watch_drowsy;       /* a drowsy watcher's */
	int64_t patience;           /* how long it waits for a victim's answer, before it makes everybody fence */
	int64_t standing;           /* a run-next fiber that stood so long may be taken */
	int64_t overdue;            /* others fire a timer so long after its time */
} coiri_policy;

extern const coiri_policy coiri_the_policy;

/* ---- whom ---- */

/* One round over the victims of a worker, which coiri_topo_victims has put in the order of their distance. */
typedef struct coiri_tour {
	unsigned level, begin, start, i;
	bool strayed; /* the last look was not in turn */
} coiri_tour;

/* The index, in that order, of the victim to look at next: nearest first, beginning anywhere within one distance, and
 * now and then any victim in between, so that the near ones' crumbs do not keep thieves from the far ones' loaves.
 * level_end[COIRI_LEVELS_MAX - 1]: the round is over, each was looked at. *tour is zeroed before the first. */
unsigned coiri_tour_next(const coiri_policy *p, coiri_tour *tour, const unsigned level_end[COIRI_LEVELS_MAX],
			 coiri_rand *rand);

/* ---- of how much, and was it worth it ---- */

/* What a thief remembers of its thefts. */
typedef struct coiri_thief {
	int64_t backoff;   /* ns to wait before the next search, after loot that was not worth it */
	int64_t loot_time; /* when loot was last taken, 0: none, or judged */
	unsigned loot_items;
} coiri_thief;

/* The most that it takes at once. */
COIRI_INLINE unsigned coiri_thief_most(const coiri_policy *p, const coiri_thief *thief)
{
	return thief->backoff ? p->sample : p->most;
}

COIRI_INLINE void coiri_thief_took(coiri_thief *thief, int64_t now, unsigned items)
{
	thief->loot_time = now;
	thief->loot_items = items;
}

/* It has run its loot, and wants to search again: was the loot worth the theft? */
void coiri_thief_judge(const coiri_policy *p, coiri_thief *thief, int64_t now);

/* Was it not, several times? */
COIRI_INLINE bool coiri_thief_is_drowsy(const coiri_policy *p, const coiri_thief *thief)
{
	return thief->backoff >= p->drowsy;
}

/* ---- who searches, who sleeps, who is woken: the promises are in idle.h ---- */

/* The workers, counted. The drowsy are asleep too. */
typedef struct coiri_crowd {
	unsigned count, asleep, drowsy, searching;
} coiri_crowd;

enum {
	COIRI_HINT_MORE = 1,  /* a sleeper and too few searchers: wake one if work stands behind run-next */
	COIRI_HINT_WATCH = 2, /* a sleeper, no searcher and no watcher: wake one if anything is runnable */
};

/* Are there too few searchers to leave the others asleep? The more workers run, the more may be woken at a time: else it
 * takes a wake's latency for each of many until all run; but where one runs, a burst of little work costs one wake. */
bool coiri_crowd_may_wake(const coiri_policy *p, const coiri_crowd *crowd);

/* What a maker of work has to do. watched: one of the sleepers has a time limit. */
uint32_t coiri_crowd_hint(const coiri_policy *p, const coiri_crowd *crowd, bool watched);

/* May one more search? */
bool coiri_crowd_may_search(const coiri_policy *p, const coiri_crowd *crowd);

/* Must the one that goes to sleep, and is not counted as a searcher any more nor as asleep yet, watch? */
bool coiri_crowd_wants_watcher(const coiri_crowd *crowd, bool watched);

/* Did the last searcher leave nobody behind who would find what the others do not run? */
bool coiri_crowd_is_unwatched(const coiri_crowd *crowd, bool watched);

/* How long a watcher sleeps. limit: what came of the last time, or watch_min. */
COIRI_INLINE int64_t coiri_watch_limit(const coiri_policy *p, const coiri_thief *thief, int64_t limit)
{
	return coiri_thief_is_drowsy(p, thief) ? p->watch_drowsy : limit;
}

/* The limit after a sleep of that limit in which nothing happened. */
int64_t coiri_watch_longer(const coiri_policy *p, int64_t limit);

/* The wait after round `round` (from 0) of a search. */
COIRI_INLINE int64_t coiri_search_pause(const coiri_policy *p, unsigned round)
{
	return round < p->quick_rounds ? p->quick_pause : p->spin_pause;
}

#endif
