/* SPDX-License-Identifier: MIT
 *
 * demos/nqueens.c - in how many ways N queens stand on a board without threatening each other. Each square a queen
 * can take in the next row becomes a fiber, down to the last row.
 */
#include "demo.h"
#include "progress.h"

#include <coir/coir.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#define MOST_QUEENS 16
#define TOLD_ROWS   3 /* a board with this many queens reports its progress */

/* The known answers (OEIS A000170). */
static const uint64_t solutions[MOST_QUEENS + 1] = {1,   1,   0,    0,     2,     10,     4,       40,      92,
						    352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512};

static struct progress progress;
static _Atomic int failure; /* relaxed: read after the joins */

/* Queens stand in the first `rows` rows. The masks say which columns of the next row they threaten: straight down
 * and along both diagonals. */
struct board {
	uint32_t down;
	uint32_t left;
	uint32_t right;
	uint8_t rows;
	uint8_t queens;
};

static struct board place(const struct board *board, uint32_t square)
{
	return (struct board){
		.down = board->down | square,
		.left = (board->left | square) << 1,
		.right = (board->right | square) >> 1,
		.rows = (uint8_t)(board->rows + 1),
		.queens = board->queens,
	};
}

static void note_failure(int failed)
{
	if (failed)
		atomic_store_explicit(&failure, failed, memory_order_relaxed);
}

static intptr_t solve(void *arg)
{
	const struct board *board = arg;
	struct board next[MOST_QUEENS];
	coir_fiber fiber[MOST_QUEENS];
	intptr_t total = 0;
	int count = 0;
	if (board->rows == board->queens)
		return 1;
	uint32_t all = (UINT32_C(1) << board->queens) - 1;
	uint32_t open = all & ~(board->down | board->left | board->right);
	for (; open; open &= open - 1, count++) {
		next[count] = place(board, open & -open);
		int failed = coir_spawn(NULL, solve, &next[count], &fiber[count]);
		note_failure(failed);
		if (failed)
			break;
	}
	for (int i = 0; i < count; i++) {
		intptr_t result = 0;
		note_failure(coir_join(fiber[i], &result));
		total += result;
	}
	if (board->rows == TOLD_ROWS)
		progress_add(&progress, 1);
	return total;
}

static int run(struct demo_report *report, int argc, char **argv)
{
	uint64_t queens = 11;
	if (!demo_count(argc, argv, 1) || !demo_number(argc, argv, 1, "QUEENS", 1, MOST_QUEENS, &queens))
		return 2;
	struct board board = {.queens = (uint8_t)queens};
	progress_start(&progress, "nqueens", "boards of three rows", 0);
	int64_t start = demo_now();
	uint64_t found = (uint64_t)solve(&board);
	report->ns = demo_now() - start;
	progress_hide(&progress);
	int failed = atomic_load_explicit(&failure, memory_order_relaxed);
	if (failed)
		return demo_failed("nqueens", "cannot spawn and join the boards", failed);
	bool right = found == solutions[queens];
	snprintf(report->result, sizeof report->result, "%" PRIu64 " solutions, %s: %" PRIu64 " queens", found,
		 right ? "right" : "WRONG", queens);
	return !right;
}

const struct demo demo_nqueens = {
	.name = "nqueens",
	.arguments = "[QUEENS]",
	.summary = "the N queens problem, a fiber for each queen set",
	.details = "Counts the ways in which QUEENS queens (1 to 16; default 11) stand on a board of as many\n"
		   "rows without threatening each other: each queen that is set is a fiber. Checked against\n"
		   "the known number.",
	.run = run,
};
