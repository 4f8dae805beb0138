/* SPDX-License-Identifier: MIT
 *
 * seq.c - the peer "seq": the trees and arrays as plain recursive C, the work without any spawning. Checked by the known
 * answers.
 */
#include "../harness/peer.h"
#include "../work/matmul.h"
#include "../work/mergesort.h"
#include "../work/skewed_for.h"
#include "../work/uts.h"

/* gcc would else specialise the recursion, and measure something else than clang. */
#ifdef __clang__
#define PEER_NOINLINE __attribute__((noinline))
#else
#define PEER_NOINLINE __attribute__((noinline, noclone))
#endif

/* The compiler may turn one of the two calls into a loop, but may not unroll the recursion into itself. */
static PEER_NOINLINE long fib_of(int n)
{
	if (n < 2)
		return n;
	return fib_of(n - 1) + fib_of(n - 2);
}

static void fib(void)
{
	int n = peer_fib_n(34);

	double start = peer_now();
	long got = fib_of(n);
	peer_fib_result(n, got, peer_now() - start);
}

static PEER_NOINLINE int64_t sky(long first, long size)
{
	int64_t sum = 0;

	if (size == 1)
		return first;
	for (int i = 0; i < 10; i++)
		sum += sky(first + i * (size / 10), size / 10);
	return sum;
}

static void skynet(void)
{
	long leaves = peer_leaves(1000000);

	double start = peer_now();
	int64_t sum = sky(0, leaves);
	peer_skynet_result(leaves, sum, peer_now() - start, "order=any");
}

static PEER_NOINLINE long queens(struct peer_board b, int row, int n)
{
	long found = 0;

	if (row == n)
		return 1;
	for (unsigned free = peer_free_columns(&b, row, n); free; free &= free - 1) {
		b.col[row] = (int8_t)__builtin_ctz(free);
		found += queens(b, row + 1, n);
	}
	return found;
}

static void nqueens(void)
{
	int n = peer_queens();

	double start = peer_now();
	long found = queens((struct peer_board){{0}}, 0, n);
	peer_queens_result(n, found, peer_now() - start);
}

static PEER_NOINLINE long visit(struct uts_node node)
{
	int children = uts_children(&node);
	long nodes = 1;

	for (int i = 0; i < children; i++)
		nodes += visit(uts_child(&node, i));
	return nodes;
}

static void uts(void)
{
	double start = peer_now();
	long nodes = visit(uts_root());
	uts_result(nodes, peer_now() - start);
}

static PEER_NOINLINE void multiply(struct matmul p)
{
	struct matmul half[2];

	if (matmul_split(&p, half) == MATMUL_WHOLE) {
		matmul_base(&p);
		return;
	}
	multiply(half[0]);
	multiply(half[1]);
}

static void matmul(void)
{
	struct matmul whole = matmul_make();

	double start = peer_now();
	multiply(whole);
	matmul_result(&whole, peer_now() - start);
}

static PEER_NOINLINE void merge(struct merge m)
{
	struct merge half[2];

	if (!merge_split(&m, half)) {
		merge_base(&m);
		return;
	}
	merge(half[0]);
	merge(half[1]);
}

static PEER_NOINLINE void sort(struct mergesort s)
{
	struct mergesort half[2];
	struct merge after;

	if (!mergesort_split(&s, half, &after)) {
		mergesort_base(&s);
		return;
	}
	sort(half[0]);
	sort(half[1]);
	merge(after);
}

static void mergesort(void)
{
	struct mergesort whole = mergesort_make();

	double start = peer_now();
	sort(whole);
	mergesort_result(&whole, peer_now() - start);
}

static void skewed_for(void)
{
	struct skewed_for loop = skewed_for_make();

	double start = peer_now();
	skewed_for_steps(&loop, 0, loop.n);
	skewed_for_result(&loop, peer_now() - start);
}

int main(int argc, char **argv)
{
	static const struct peer_workload workloads[] = {
		{"skynet", 1, 1, skynet},         {"fib", 1, 1, fib},
		{"nqueens", 1, 1, nqueens},       {"uts", 1, 1, uts},
		{"matmul", 1, 1, matmul},         {"mergesort", 1, 1, mergesort},
		{"skewed_for", 1, 1, skewed_for}, {NULL, 0, 0, NULL},
	};
	return peer_main(argc, argv, workloads, NULL);
}
