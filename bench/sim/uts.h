/* SPDX-License-Identifier: MIT
 *
 * uts.h - the tree T1 of the Unbalanced Tree Search benchmark (Olivier and others, LCPC 2006), made once.
 *
 * Each node's 20 bytes of state are the SHA-1 of its parent's and its number among the children; how many children it
 * has, up to 100, is geometrically distributed by the last of these bytes.
 */
#ifndef SIM_UTS_H
#define SIM_UTS_H

#include <stdint.h>

struct uts;

/* The tree cut off at a depth. Nodes are numbered in preorder, the root is 0. NULL: out of memory. */
struct uts *uts_make(unsigned depth);
void uts_free(struct uts *t);

uint64_t uts_nodes(const struct uts *t);
unsigned uts_children(const struct uts *t, uint64_t node);

/* The node after node and all that is below it. */
uint64_t uts_sibling(const struct uts *t, uint64_t node);

#endif
