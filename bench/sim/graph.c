/* SPDX-License-Identifier: MIT */
#include "graph.h"
#include "uts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ps. A call of fib and of a node of skynet with its addition; a node of the tree search with its SHA-1, at the 11.7
 * million a second that the sequential program reaches. */
#define CALL_WORK 1000
#define UTS_WORK  85000

#define FOR_CHUNK 16u
#define FOR_LEAST 4000
#define FOR_SLOPE 64000

static int64_t for_work(const struct graph *g, uint64_t from, uint64_t to)
{
	int64_t sum = 0;
	for (uint64_t i = from; i < to; i++)
		sum += FOR_LEAST + (int64_t)(FOR_SLOPE * i / g->size);
	return sum;
}

static uint64_t power(uint64_t base, unsigned exponent)
{
	return exponent ? base * power(base, exponent - 1) : 1;
}

static uint64_t fib(unsigned n)
{
	uint64_t a = 0, b = 1;
	while (n--) {
		uint64_t next = a + b;
		a = b;
		b = next;
	}
	return a;
}

static bool measure(struct graph *g)
{
	switch (g->kind) {
	case GRAPH_FIB:
		g->nodes = 2 * fib(g->size + 1) - 1;
		g->work = CALL_WORK * (int64_t)g->nodes;
		return true;
	case GRAPH_SKYNET:
		g->nodes = (power(10, g->size + 1) - 1) / 9;
		g->work = CALL_WORK * (int64_t)g->nodes;
		return true;
	case GRAPH_FOR:
		g->nodes = g->size;
		g->work = for_work(g, 0, g->size);
		return true;
	default:
		g->uts = uts_make(g->size);
		g->nodes = g->uts ? uts_nodes(g->uts) : 0;
		g->work = UTS_WORK * (int64_t)g->nodes;
		return g->uts && (g->size != 10 || g->nodes == 4130071);
	}
}

bool graph_init(struct graph *g, const char *text)
{
	static const struct {
		const char *name;
		unsigned size, limit;
	} known[] = {{"fib", 30, 40}, {"uts", 10, 12}, {"for", 1000000, 1000000000}, {"skynet", 6, 8}};
	size_t length = strcspn(text, ":");
	for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strlen(known[i].name) != length || strncmp(known[i].name, text, length) != 0)
			continue;
		long size = text[length] ? strtol(text + length + 1, NULL, 10) : (long)known[i].size;
		if (size < 1 || size > (long)known[i].limit)
			break;
		*g = (struct graph){.kind = (int)i, .size = (unsigned)size};
		snprintf(g->name, sizeof g->name, "%s:%ld", known[i].name, size);
		if (measure(g))
			return true;
		fprintf(stderr, "coir-sim: %s: out of memory, or SHA-1 is wrong\n", g->name);
		return false;
	}
	fprintf(stderr, "coir-sim: no graph %s: there are fib:1-40, uts:1-12, for:1-1000000000, skynet:1-8\n", text);
	return false;
}

void graph_fini(struct graph *g)
{
	uts_free(g->uts);
}

struct frame graph_root(const struct graph *g)
{
	switch (g->kind) {
	case GRAPH_UTS:
		return (struct frame){.a = 0};
	case GRAPH_FOR:
		return (struct frame){.a = 0, .b = g->size};
	default:
		return (struct frame){.a = g->size};
	}
}

/* In a frame of a tree `at` counts: 0 before its work, 1 and up the children that have been begun. */
static enum step next_fib(struct frame *f, struct frame *child, int64_t *work)
{
	switch (f->at++) {
	case 0:
		*work = CALL_WORK;
		return STEP_WORK;
	case 1:
		*child = (struct frame){.a = f->a - 1};
		return f->a < 2 ? STEP_END : STEP_FORK;
	case 2:
		*child = (struct frame){.a = f->a - 2};
		return f->a < 2 ? STEP_END : STEP_CALL;
	default:
		return STEP_END;
	}
}

static enum step next_skynet(struct frame *f, struct frame *child, int64_t *work)
{
	unsigned at = f->at++;
	if (at == 0) {
		*work = CALL_WORK;
		return STEP_WORK;
	}
	if (f->a == 0 || at > 10)
		return STEP_END;
	*child = (struct frame){.a = f->a - 1};
	return at < 10 ? STEP_FORK : STEP_CALL;
}

/* a: the node; b: the child that comes next. */
static enum step next_uts(const struct graph *g, struct frame *f, struct frame *child, int64_t *work)
{
	unsigned at = f->at++, children = uts_children(g->uts, f->a);
	if (at == 0) {
		f->b = f->a + 1;
		*work = UTS_WORK;
		return STEP_WORK;
	}
	if (at > children)
		return STEP_END;
	*child = (struct frame){.a = f->b};
	f->b = uts_sibling(g->uts, f->b);
	return at < children ? STEP_FORK : STEP_CALL;
}

/* [a, b) is left. */
static enum step next_for(const struct graph *g, struct frame *f, bool hungry, struct frame *child, int64_t *work,
			  uint64_t *nodes)
{
	uint64_t left = f->b - f->a;
	if (left == 0)
		return STEP_END;
	if (hungry && left > FOR_CHUNK) {
		uint64_t middle = f->a + left / 2;
		*child = (struct frame){.a = middle, .b = f->b};
		f->b = middle;
		return STEP_FORK;
	}
	uint64_t to = left > FOR_CHUNK ? f->a + FOR_CHUNK : f->b;
	*work = for_work(g, f->a, to);
	*nodes = to - f->a;
	f->a = to;
	return STEP_WORK;
}

enum step graph_next(const struct graph *g, struct frame *f, bool hungry, struct frame *child, int64_t *work,
		     uint64_t *nodes)
{
	*nodes = 1;
	switch (g->kind) {
	case GRAPH_FIB:
		return next_fib(f, child, work);
	case GRAPH_SKYNET:
		return next_skynet(f, child, work);
	case GRAPH_UTS:
		return next_uts(g, f, child, work);
	default:
		return next_for(g, f, hungry, child, work, nodes);
	}
}
