/* SPDX-License-Identifier: MIT
 *
 * uts.c - the workload uts: the nodes of an unbalanced tree are counted, each by a task, which makes the node first.
 * work/uts.h has the tree. Checked: the number of nodes.
 */
#include "../work/uts.h"
#include "task.h"

static long below(const struct uts_node *parent, int i, int children);

COIR_TASK(long, visit, const struct uts_node *, parent, int, i)
{
	struct uts_node node = uts_child(parent, i);

	return 1 + below(&node, 0, uts_children(&node));
}

/* Forks and joins the children from i on. By a recursion, since most nodes have few and some have very many. */
static long below(const struct uts_node *parent, int i, int children)
{
	if (i == children)
		return 0;
	COIR_FORK(child, visit, parent, i);
	long others = below(parent, i + 1, children);
	return COIR_JOIN(child, visit) + others;
}

void bench_uts(void)
{
	double start = peer_now();
	struct uts_node root = uts_root();
	long nodes = 1 + below(&root, 0, uts_children(&root));
	uts_result(nodes, peer_now() - start);
}
