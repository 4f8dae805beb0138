/* SPDX-License-Identifier: MIT */
#include "debug/debug.h"

#include <coir/stats.h>
#include <errno.h>
#include <string.h>

static coir_stats last; /* of the last runtime that stopped */
static coiri_lock lock; /* of last */

static void add_up(coiri_runtime *rt, coir_stats *s)
{
	memset(s, 0, sizeof *s);
	s->workers = rt->count;
	s->spawned = at_load_relaxed(&rt->foreign_spawned);
	for (unsigned i = 0; i < rt->count; i++) {
		coiri_counters *c = &rt->workers[i].count;
		s->finished += at_load_relaxed(&c->finished) + at_load_relaxed(&c->inlined);
		s->spawned += at_load_relaxed(&c->spawned);
		s->inlined += at_load_relaxed(&c->inlined);
		s->switches += at_load_relaxed(&c->rounds) * COIRI_FAIR_STEPS;
		s->steals += at_load_relaxed(&c->steals);
		s->stolen += at_load_relaxed(&c->stolen);
		s->searches += at_load_relaxed(&c->searches);
		s->sleeps += at_load_relaxed(&c->sleeps);
		s->timed_sleeps += at_load_relaxed(&c->timed_sleeps);
		s->wakes += at_load_relaxed(&c->wakes);
	}
	coiri_stack_figures stacks = coiri_stack_count();
	s->stacks = stacks.stacks;
	s->stack_bytes = stacks.bytes;
	s->stacks_trimmed = stacks.trimmed;
	s->futex_calls = coiri_futex_calls() - rt->futex_calls_before;
}

uint64_t coiri_stats_living(coiri_runtime *rt)
{
	/* The ended first: what is spawned and ends in between then counts as living, never the other way round. */
	uint64_t ended = 0, spawned = 0;
	for (unsigned i = 0; i < rt->count; i++)
		ended += at_load_acquire(&rt->workers[i].count.finished) +
			 at_load_acquire(&rt->workers[i].count.inlined);
	at_fence_acquire();
	for (unsigned i = 0; i < rt->count; i++)
		spawned += at_load_relaxed(&rt->workers[i].count.spawned);
	return spawned + at_load_relaxed(&rt->foreign_spawned) - ended;
}

void coiri_stats_keep(coiri_runtime *rt, uint64_t abandoned)
{
	coir_stats s;
	add_up(rt, &s);
	s.abandoned = abandoned;
	coiri_lock_acquire(&lock);
	last = s;
	coiri_lock_release(&lock);
}

void coiri_stats_forked(void)
{
	lock = (coiri_lock){0};
	last.workers = 0;
}

int coir_get_stats(coir_stats *out)
{
	coir_stats s;
	if (!out || out->size < sizeof out->size || out->size > sizeof *out)
		return -EINVAL;
	coiri_worker *w = coiri_here();
	coiri_runtime *rt = w ? w->rt : coiri_enter();
	if (rt) {
		add_up(rt, &s);
		if (!w)
			coiri_exit();
	} else {
		coiri_lock_acquire(&lock);
		s = last;
		coiri_lock_release(&lock);
		if (s.workers == 0)
			return -EPERM;
	}
	s.size = out->size;
	memcpy(out, &s, out->size);
	return 0;
}
