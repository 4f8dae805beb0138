/* SPDX-License-Identifier: MIT
 *
 * skynet.c - the workload skynet: every node spawns ten fibers down to the leaves and joins them, in the order they
 * were spawned or the reverse of it; a leaf's result is its number. Checked: the sum.
 */
#include "coir.h"

struct node {
	long first, size;
};

static intptr_t in_spawn_order(void *arg)
{
	const struct node *self = arg;
	struct node below[10];
	coir_fiber child[10];
	intptr_t sum = 0;

	if (self->size == 1)
		return self->first;
	for (int i = 0; i < 10; i++) {
		below[i] = (struct node){self->first + i * (self->size / 10), self->size / 10};
		child[i] = bench_spawn(NULL, in_spawn_order, &below[i]);
	}
	for (int i = 0; i < 10; i++)
		sum += bench_join(child[i]);
	return sum;
}

static intptr_t in_reverse(void *arg)
{
	const struct node *self = arg;
	struct node below[10];
	coir_fiber child[10];
	intptr_t sum = 0;

	if (self->size == 1)
		return self->first;
	for (int i = 0; i < 10; i++) {
		below[i] = (struct node){self->first + i * (self->size / 10), self->size / 10};
		child[i] = bench_spawn(NULL, in_reverse, &below[i]);
	}
	for (int i = 10; i-- > 0;)
		sum += bench_join(child[i]);
	return sum;
}

static void tree(coir_fn fn, const char *how)
{
	long leaves = peer_leaves(1000000);
	struct node root = {0, leaves};

	double start = peer_now();
	int64_t sum = bench_join(bench_spawn(NULL, fn, &root));
	peer_skynet_result(leaves, sum, peer_now() - start, how);
}

void bench_skynet(void)
{
	tree(in_spawn_order, "order=spawn");
	tree(in_reverse, "order=reverse");
}
