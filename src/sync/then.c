/* SPDX-License-Identifier: MIT
 *
 * sync/then.c - continuations of futures: then, when_all, when_any.
 *
 * A `then` runs in a fiber of its own: it is the user's code and may wait. The gatherings are a few instructions, and
 * run where the future is settled.
 */
#include "sync/future.h"

#include <coir/fiber.h>
#include <stdlib.h>

/* ---- then ---- */

typedef struct then {
	coiri_continuation base;
	coir_then_fn fn;
	void *arg;
	coir_future *out; /* our reference, as its promise; or NULL */
} then;

static void finish_then(then *t, coiri_settling *s, int error, intptr_t value)
{
	if (t->out) {
		coiri_future_settle(s, t->out, error, value);
		coir_future_release(t->out);
	}
	free(t);
}

static intptr_t then_main(void *arg)
{
	then *t = arg;
	intptr_t value = 0;
	int error = t->fn(t->base.error, t->base.value, t->arg, &value);
	coiri_settling s = {.w = coiri_here()};
	finish_then(t, &s, error < 0 ? error : 0, value);
	coiri_settling_run(&s);
	return 0;
}

static void run_then(coiri_continuation *c, coiri_settling *s)
{
	then *t = coiri_container_of(c, then, base);
	int r = coir_go(then_main, t);
	if (r)
		finish_then(t, s, r, 0);
}

int coir_future_then(coir_future *f, coir_then_fn fn, void *arg, coir_future **out)
{
	if (!f || !fn)
		return -EINVAL;
	coiri_settling s = {0};
	if (!coiri_come_in(&s.w))
		return -EPERM;
	then *t = malloc(sizeof *t);
	coir_future *result = out ? coiri_future_make() : NULL;
	if (!t || (out && !result)) {
		free(t);
		coir_future_release(result);
		return coiri_go_out(s.w, -ENOMEM);
	}
	*t = (then){.base.run = run_then, .fn = fn, .arg = arg, .out = coir_future_retain(result)};
	if (out)
		*out = result;
	coiri_future_follow(&s, f, &t->base);
	coiri_settling_run(&s);
	return coiri_go_out(s.w, 0);
}

/* ---- when_all, when_any ---- */

typedef struct gathering gathering;

typedef struct member {
	coiri_continuation base;
	gathering *whole;
} member;

/* Freed by the last member to be settled. */
struct gathering {
	coiri_latch latch;
	bool any;
	size_t left;          /* members that are not settled */
	size_t count, failed; /* the index of the first in the array that failed, so far; count: none has */
	int error;            /* of that one */
	coir_future *out;     /* our reference, as its promise */
	member members[];
};

static void run_member(coiri_continuation *c, coiri_settling *s)
{
	member *m = coiri_container_of(c, member, base);
	gathering *g = m->whole;
	size_t index = (size_t)(m - g->members);
	coiri_latch_acquire(&g->latch);
	if (c->error && index < g->failed) {
		g->failed = index;
		g->error = c->error;
	}
	bool decides = g->left == (g->any ? g->count : 1);
	bool last = --g->left == 0;
	coir_future *out = decides ? coir_future_retain(g->out) : NULL;
	int error = g->any ? 0 : g->error;
	size_t value = g->any ? index : g->count;
	coiri_latch_release(&g->latch);
	/* Only the last may touch the gathering now. */
	if (decides) {
		coiri_future_settle(s, out, error, (intptr_t)value);
		coir_future_release(out);
	}
	if (last) {
		coir_future_release(g->out);
		free(g);
	}
}

static int gather(coir_future *const *futures, size_t n, bool any, coir_future **out)
{
	if (!out || (n > 0 && !futures) || (any && n == 0) || n > PTRDIFF_MAX / sizeof(member) - sizeof(gathering))
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (!futures[i])
			return -EINVAL;
	coiri_settling s = {0};
	if (!coiri_come_in(&s.w))
		return -EPERM;
	gathering *g = malloc(sizeof *g + n * sizeof(member));
	coir_future *result = coiri_future_make();
	if (!g || !result) {
		free(g);
		coir_future_release(result);
		return coiri_go_out(s.w, -ENOMEM);
	}
	*g = (gathering){.any = any, .left = n, .count = n, .failed = n, .out = coir_future_retain(result)};
	*out = result;
	for (size_t i = 0; i < n; i++) {
		g->members[i] = (member){.base.run = run_member, .whole = g};
		coiri_future_follow(&s, futures[i], &g->members[i].base);
	}
	if (n == 0) {
		coiri_future_settle(&s, g->out, 0, 0);
		coir_future_release(g->out);
		free(g);
	}
	coiri_settling_run(&s);
	return coiri_go_out(s.w, 0);
}

int coir_future_when_all(coir_future *const *futures, size_t n, coir_future **out)
{
	return gather(futures, n, false, out);
}

int coir_future_when_any(coir_future *const *futures, size_t n, coir_future **out)
{
	return gather(futures, n, true, out);
}
