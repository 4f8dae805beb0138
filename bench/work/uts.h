/* SPDX-License-Identifier: MIT
 *
 * uts.h - the tree of the workload uts, for every system: T1 of the Unbalanced Tree Search benchmark. A node is what
 * SHA-1 makes of its parent and of its place among the children, and from that follows how many children it has itself:
 * nobody knows how large a subtree is without having visited it.
 */
#ifndef BENCH_UTS_H
#define BENCH_UTS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UTS_CHILDREN_MAX 97 /* what the largest random number gives, and one */

/* The hash as five numbers, not as bytes: it is only ever hashed again. */
struct uts_node {
	uint32_t state[5];
	int height; /* 0: the root */
};

struct uts_node uts_root(void);
struct uts_node uts_child(const struct uts_node *parent, int i);
int uts_children(const struct uts_node *node);

/* Checks the number of nodes, the root among them, and prints the figures. */
void uts_result(long nodes, double ns);

#ifdef __cplusplus
}
#endif

#endif
