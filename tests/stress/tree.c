/* SPDX-License-Identifier: MIT
 *
 * stress/tree.c - trees of random shape, spawned and joined in random order, add up to what a plain recursion finds.
 */
#include "support/bodies.h"
#include "support/stress.h"

enum { DEPTH = 9, KIDS = 4 };

struct node {
	uint64_t seed;
	int depth;
};

static struct node kid_of(const struct node *n, int i)
{
	uint64_t seed = n->seed + (uint64_t)i * 77;
	return (struct node){chance(&seed), n->depth - 1};
}

static int kids_of(const struct node *n)
{
	uint64_t seed = n->seed;
	return n->depth > 0 ? (int)chance_below(&seed, KIDS + 1) : 0;
}

static intptr_t value_of(const struct node *n)
{
	return (intptr_t)(n->seed & 1023);
}

static intptr_t plain_sum(const struct node *n)
{
	intptr_t sum = value_of(n);
	for (int i = kids_of(n); i > 0; i--) {
		struct node kid = kid_of(n, i);
		sum += plain_sum(&kid);
	}
	return sum;
}

/* Spawns all, then joins in a random order; sometimes waits in between, so that not every join finds an unstarted
 * child. */
static intptr_t sum(void *arg)
{
	const struct node *n = arg;
	struct node kid[KIDS];
	coir_fiber f[KIDS];
	int kids = kids_of(n);
	uint64_t dice = n->seed ^ 0xd1ce;
	for (int i = 0; i < kids; i++) {
		kid[i] = kid_of(n, i + 1);
		f[i] = chance_below(&dice, 16) ? must_spawn(sum, &kid[i]) : must_spawn_sticky(sum, &kid[i]);
	}
	intptr_t total = value_of(n);
	while (kids > 0) {
		if (chance_below(&dice, 4) == 0)
			must_ok(coir_yield());
		int i = (int)chance_below(&dice, (unsigned)kids);
		total += must_join(f[i]);
		f[i] = f[--kids]; /* the nodes stay where they are */
	}
	return total;
}

static intptr_t all_trees(void *arg)
{
	const struct stress *s = arg;
	for (long i = 0; i < s->rounds; i++) {
		struct node root = {(uint64_t)i * 7919 + 1, DEPTH};
		must_eq(must_join(must_spawn(sum, &root)), plain_sum(&root));
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_spawn_arguments(argc, argv, 8000);
	with_workers(s.workers, all_trees, &s);
	coir_stats stats = must_stats();
	must_eq(stats.spawned, stats.finished);
	return 0;
}
