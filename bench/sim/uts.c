/* SPDX-License-Identifier: MIT */
#include "uts.h"
#include "sha1.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BRANCHING    4.0
#define SEED         19
#define CHILDREN_MAX 100

struct uts {
	unsigned depth;
	uint64_t count, room;
	struct node {
		uint32_t below; /* nodes of its subtree, itself too */
		uint32_t children;
	} * node;
};

static void put_be32(uint8_t *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> (24 - 8 * i));
}

static unsigned children_of(const uint8_t state[20])
{
	uint32_t n =
		(uint32_t)(state[16] & 0x7f) << 24 | (uint32_t)state[17] << 16 | (uint32_t)state[18] << 8 | state[19];
	double u = n / 2147483648.0, p = 1 / (1 + BRANCHING);
	unsigned children = (unsigned)floor(log(1 - u) / log(1 - p));
	return children < CHILDREN_MAX ? children : CHILDREN_MAX;
}

static bool grow(struct uts *t)
{
	uint64_t room = t->room ? 2 * t->room : 1024;
	struct node *node = realloc(t->node, room * sizeof *node);
	if (!node)
		return false;
	t->node = node;
	t->room = room;
	return true;
}

static bool add(struct uts *t, const uint8_t state[20], unsigned depth)
{
	uint64_t me = t->count++;
	if (me == t->room && !grow(t))
		return false;
	unsigned children = depth < t->depth ? children_of(state) : 0;
	uint8_t seed[24], below[20];
	memcpy(seed, state, 20);
	for (unsigned i = 0; i < children; i++) {
		put_be32(seed + 20, i);
		sha1(below, seed, sizeof seed);
		if (!add(t, below, depth + 1))
			return false;
	}
	t->node[me] = (struct node){.below = (uint32_t)(t->count - me), .children = children};
	return true;
}

struct uts *uts_make(unsigned depth)
{
	struct uts *t = calloc(1, sizeof *t);
	uint8_t seed[20] = {0}, root[20];
	put_be32(seed + 16, SEED);
	sha1(root, seed, sizeof seed);
	if (t) {
		t->depth = depth;
		if (add(t, root, 0))
			return t;
	}
	uts_free(t);
	return NULL;
}

void uts_free(struct uts *t)
{
	if (t)
		free(t->node);
	free(t);
}

uint64_t uts_nodes(const struct uts *t)
{
	return t->count;
}

unsigned uts_children(const struct uts *t, uint64_t node)
{
	return t->node[node].children;
}

uint64_t uts_sibling(const struct uts *t, uint64_t node)
{
	return node + t->node[node].below;
}
