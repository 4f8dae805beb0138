/* SPDX-License-Identifier: MIT
 *
 * uts.c - the workload uts: the nodes of an unbalanced tree are counted, each by a fiber, which makes the node first.
 * work/uts.h has the tree. Checked: the number of nodes.
 */
#include "../work/uts.h"
#include "coir.h"

struct child {
	const struct uts_node *parent;
	int i;
};

static intptr_t visit(void *arg);

/* Spawns and joins the children from i on. By a recursion, since most nodes have few and some have very many. */
static intptr_t below(const struct uts_node *parent, int i, int children)
{
	struct child self = {parent, i};

	if (i == children)
		return 0;
	coir_fiber child = bench_spawn(NULL, visit, &self);
	intptr_t others = below(parent, i + 1, children);
	return bench_join(child) + others;
}

static intptr_t visit(void *arg)
{
	const struct child *self = arg;
	struct uts_node node = uts_child(self->parent, self->i);

	return 1 + below(&node, 0, uts_children(&node));
}

void bench_uts(void)
{
	double start = peer_now();
	struct uts_node root = uts_root();
	intptr_t nodes = 1 + below(&root, 0, uts_children(&root));
	uts_result(nodes, peer_now() - start);
}
