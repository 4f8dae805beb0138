/* SPDX-License-Identifier: MIT
 *
 * nqueens.c - the workload nqueens: a fiber for each placed queen, no cutoff. Checked: the number of solutions.
 */
#include "coir.h"

struct place {
	struct peer_board board;
	int8_t row, n;
};

static intptr_t queens(void *arg)
{
	const struct place *self = arg;
	struct place below[12];
	coir_fiber child[12];
	int children = 0;
	intptr_t found = 0;

	if (self->row == self->n)
		return 1;
	for (unsigned free = peer_free_columns(&self->board, self->row, self->n); free; free &= free - 1) {
		struct place *next = &below[children];
		*next = *self;
		next->board.col[self->row] = (int8_t)__builtin_ctz(free);
		next->row++;
		child[children++] = bench_spawn(NULL, queens, next);
	}
	while (children)
		found += bench_join(child[--children]);
	return found;
}

void bench_nqueens(void)
{
	int n = peer_queens();
	struct place root = {.n = (int8_t)n};

	double start = peer_now();
	intptr_t found = queens(&root);
	peer_queens_result(n, found, peer_now() - start);
}
