/* SPDX-License-Identifier: MIT
 *
 * crowd.c - who searches, who sleeps, who is woken, as src/sched/idle.c has it: one lock, a list of sleepers, a
 * watcher.
 */
#include "sim.h"

/* Under it the caller does the rest of its call. */
static ps lock(struct world *o)
{
	ps start = o->lock_free > o->now ? o->lock_free : o->now;
	o->lock_free = start + cost(o->s->costs.lock);
	return o->lock_free - o->now;
}

static void take_out(struct world *o, struct worker *w)
{
	struct worker **link = &o->sleepers;
	while (*link != w)
		link = &(*link)->below;
	*link = w->below;
	o->crowd.asleep--;
	o->crowd.drowsy -= w->drowsy;
	if (o->watcher == w)
		o->watcher = NULL;
}

ps crowd_search(struct world *o, struct worker *w)
{
	if (w->searching)
		return 0;
	if (coiri_crowd_may_search(&o->s->policy, &o->crowd)) {
		o->crowd.searching++;
		w->searching = true;
	}
	return lock(o);
}

static ps wake_one(struct world *o, struct worker *w)
{
	struct worker *target = o->sleepers;
	ps spent = lock(o);
	if (target && target == o->watcher && target->below)
		target = target->below;
	if (!target || !coiri_crowd_may_wake(&o->s->policy, &o->crowd))
		return spent;
	take_out(o, target);
	o->crowd.searching++;
	target->searching = target->woken = true;
	reschedule(o, target, o->now + spent + cost(o->s->costs.latency));
	w->wakes++;
	return spent + cost(o->s->costs.wake);
}

/* The last searcher has left nobody who watches: a look over everything. */
static ps look_twice(struct world *o, struct worker *w)
{
	ps spent = theft_fence(o, w, NULL) - o->now;
	for (unsigned i = 0; i < o->count; i++) {
		spent += cost(o->s->costs.look_again);
		if (deque_size(&o->worker[i].deque) > 0)
			return spent + wake_one(o, w);
	}
	return spent;
}

ps crowd_found(struct world *o, struct worker *w)
{
	w->watch_limit = o->s->policy.watch_min;
	if (!w->searching)
		return 0;
	ps spent = lock(o);
	w->searching = false;
	o->crowd.searching--;
	return coiri_crowd_is_unwatched(&o->crowd, o->watcher != NULL) ? spent + look_twice(o, w) : spent;
}

void crowd_sleep(struct world *o, struct worker *w)
{
	const coiri_policy *policy = &o->s->policy;
	int64_t limit = -1;
	ps spent = lock(o) + cost(o->s->costs.doze);
	if (w->searching) {
		w->searching = false;
		o->crowd.searching--;
	}
	if (coiri_crowd_wants_watcher(&o->crowd, o->watcher != NULL)) {
		o->watcher = w;
		limit = coiri_watch_limit(policy, &w->thief, w->watch_limit);
		w->watches++;
	}
	w->below = o->sleepers;
	o->sleepers = w;
	w->drowsy = coiri_thief_is_drowsy(policy, &w->thief);
	o->crowd.asleep++;
	o->crowd.drowsy += w->drowsy;
	w->sleeps++;
	go(o, w, ASLEEP, 0, SLEEPING, limit < 0 ? NEVER : spent + limit * NS + cost(o->s->costs.latency));
}

ps crowd_got_up(struct world *o, struct worker *w)
{
	w->told = w->woken;
	w->woken = false;
	if (!w->told) { /* its time was up */
		take_out(o, w);
		w->watch_limit = coiri_watch_longer(&o->s->policy, w->watch_limit);
	}
	return lock(o);
}

ps crowd_notify(struct world *o, struct worker *w)
{
	return coiri_crowd_hint(&o->s->policy, &o->crowd, o->watcher != NULL) ? wake_one(o, w) : 0;
}
