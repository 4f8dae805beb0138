/* SPDX-License-Identifier: MIT
 *
 * order.c - whom a thief looks at next: the product's order, and others to compare it with.
 */
#include "sim.h"

static unsigned gcd(unsigned a, unsigned b)
{
	return b ? gcd(b, a % b) : a;
}

void tour_begin(struct world *o, struct worker *w)
{
	w->tour = (struct tour){.n = 0};
	if (o->s->order != ORDER_UNIFORM || o->count < 2)
		return;
	w->tour.start = coiri_rand_below(&w->rand, o->count);
	do
		w->tour.stride = 1 + coiri_rand_below(&w->rand, o->count - 1);
	while (gcd(w->tour.stride, o->count) != 1);
}

/* Each worker once, in an order in which all are alike. */
static struct worker *next_uniform(struct world *o, struct worker *w)
{
	while (w->tour.n < o->count) {
		unsigned i = (w->tour.start + w->tour.n++ * w->tour.stride) % o->count;
		if (i != w->index)
			return &o->worker[i];
	}
	return NULL;
}

/* No more than `looks` within one distance: the rest of it is passed over. */
static void limit(struct world *o, struct worker *w)
{
	struct tour *t = &w->tour;
	if (o->s->looks == 0 || t->nearest.level >= COIRI_LEVELS)
		return;
	if (t->level != t->nearest.level) {
		t->level = t->nearest.level;
		t->looks = t->nearest.i; /* one, if it has moved on by itself */
	}
	if (t->looks++ < o->s->looks)
		return;
	t->nearest.begin = w->level_end[t->nearest.level++];
	t->nearest.i = 0;
	t->level = t->nearest.level;
	t->looks = 1;
}

struct worker *tour_next(struct world *o, struct worker *w)
{
	const struct settings *s = o->s;
	if (s->order == ORDER_UNIFORM)
		return next_uniform(o, w);
	limit(o, w);
	unsigned i = coiri_tour_next(&s->policy, &w->tour.nearest, w->level_end, &w->rand);
	return i < w->level_end[COIRI_LEVELS - 1] ? &o->worker[w->victims[i]] : NULL;
}
