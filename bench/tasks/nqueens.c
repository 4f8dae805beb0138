/* SPDX-License-Identifier: MIT
 *
 * nqueens.c - the workload nqueens: a task for each placed queen, no cutoff. Checked: the number of solutions.
 */
#include "task.h"

COIR_TASK(long, queens, struct peer_board, board, int, row, int, n)
{
	struct queens_task child[12];
	int children = 0;
	long found = 0;

	if (row == n)
		return 1;
	for (unsigned free = peer_free_columns(&board, row, n); free; free &= free - 1) {
		board.col[row] = (int8_t)__builtin_ctz(free);
		queens_fork(&child[children++], board, row + 1, n);
	}
	while (children)
		found += queens_join(&child[--children]);
	return found;
}

void bench_nqueens(void)
{
	int n = peer_queens();

	double start = peer_now();
	long found = queens((struct peer_board){{0}}, 0, n);
	peer_queens_result(n, found, peer_now() - start);
}
