/* SPDX-License-Identifier: MIT
 *
 * openmp.c - the peers "openmp", compiled by gcc -fopenmp for libgomp, and "openmp-clang", compiled by clang for LLVM's
 * libomp. Tasks cannot park, so there is only fork-join here. taskwait joins all children; every task leaves its result
 * in a slot, and the sums are the check.
 */
#include "../harness/peer.h"
#include "../work/matmul.h"
#include "../work/mergesort.h"
#include "../work/skewed_for.h"
#include "../work/uts.h"

#include <omp.h>

static void enter(int workers, void (*body)(void))
{
	omp_set_num_threads(workers);
	body();
}

static void spawn_rounds(long rounds, int tasks)
{
	long ran[1000] = {0}, sum = 0;

	double start = peer_now();
#pragma omp parallel
#pragma omp single
	for (long i = 0; i < rounds; i++) {
		for (int k = 0; k < tasks; k++) {
#pragma omp task firstprivate(k) shared(ran)
			ran[k]++;
		}
#pragma omp taskwait
	}
	double ns = peer_now() - start;
	for (int i = 0; i < tasks; i++)
		sum += ran[i];
	peer_check("tasks run", sum, rounds * tasks);
	peer_result("ns/fiber", "ns", ns / (double)(rounds * tasks), NULL);
}

static void spawnjoin1(void)
{
	spawn_rounds(peer_rounds(1000000), 1);
}

static void spawnjoin1000(void)
{
	spawn_rounds(peer_rounds(1000), 1000);
}

static int64_t sky(long first, long size)
{
	int64_t below[10], sum = 0;

	if (size == 1)
		return first;
	for (int i = 0; i < 10; i++) {
#pragma omp task shared(below) firstprivate(i)
		below[i] = sky(first + i * (size / 10), size / 10);
	}
#pragma omp taskwait
	for (int i = 0; i < 10; i++)
		sum += below[i];
	return sum;
}

static void skynet(void)
{
	long leaves = peer_leaves(1000000);
	int64_t sum;

	double start = peer_now();
#pragma omp parallel
#pragma omp single
	sum = sky(0, leaves);
	peer_skynet_result(leaves, sum, peer_now() - start, "order=any");
}

static long fib_of(int n)
{
	long a, b;

	if (n < 2)
		return n;
#pragma omp task shared(a)
	a = fib_of(n - 1);
	b = fib_of(n - 2);
#pragma omp taskwait
	return a + b;
}

static void fib(void)
{
	int n = peer_fib_n(34);
	long got;

	double start = peer_now();
#pragma omp parallel
#pragma omp single
	got = fib_of(n);
	peer_fib_result(n, got, peer_now() - start);
}

static long queens(struct peer_board board, int row, int n)
{
	long below[12], found = 0;
	int children = 0;

	if (row == n)
		return 1;
	for (unsigned free = peer_free_columns(&board, row, n); free; free &= free - 1) {
		long *slot = &below[children++];
		board.col[row] = (int8_t)__builtin_ctz(free);
#pragma omp task firstprivate(board, slot)
		*slot = queens(board, row + 1, n);
	}
#pragma omp taskwait
	while (children)
		found += below[--children];
	return found;
}

static void nqueens(void)
{
	int n = peer_queens();
	long found;

	double start = peer_now();
#pragma omp parallel
#pragma omp single
	found = queens((struct peer_board){{0}}, 0, n);
	peer_queens_result(n, found, peer_now() - start);
}

/* The parent outlives its children's tasks: it waits for them. */
static long visit(struct uts_node node)
{
	long below[UTS_CHILDREN_MAX], nodes = 1;
	int children = uts_children(&node);

	for (int i = 0; i < children; i++) {
#pragma omp task shared(below, node) firstprivate(i)
		below[i] = visit(uts_child(&node, i));
	}
#pragma omp taskwait
	for (int i = 0; i < children; i++)
		nodes += below[i];
	return nodes;
}

static void uts(void)
{
	long nodes;

	double start = peer_now();
#pragma omp parallel
#pragma omp single
	nodes = visit(uts_root());
	uts_result(nodes, peer_now() - start);
}

static void multiply(struct matmul p)
{
	struct matmul half[2];

	switch (matmul_split(&p, half)) {
	case MATMUL_WHOLE:
		matmul_base(&p);
		break;
	case MATMUL_APART:
#pragma omp task shared(half)
		multiply(half[0]);
		multiply(half[1]);
#pragma omp taskwait
		break;
	case MATMUL_IN_TURN:
		multiply(half[0]);
		multiply(half[1]);
		break;
	}
}

static void matmul(void)
{
	struct matmul whole = matmul_make();

	double start = peer_now();
#pragma omp parallel
#pragma omp single
	multiply(whole);
	matmul_result(&whole, peer_now() - start);
}

static void merge(struct merge m)
{
	struct merge half[2];

	if (!merge_split(&m, half)) {
		merge_base(&m);
		return;
	}
#pragma omp task shared(half)
	merge(half[0]);
	merge(half[1]);
#pragma omp taskwait
}

static void sort(struct mergesort s)
{
	struct mergesort half[2];
	struct merge after;

	if (!mergesort_split(&s, half, &after)) {
		mergesort_base(&s);
		return;
	}
#pragma omp task shared(half)
	sort(half[0]);
	sort(half[1]);
#pragma omp taskwait
	merge(after);
}

static void mergesort(void)
{
	struct mergesort whole = mergesort_make();

	double start = peer_now();
#pragma omp parallel
#pragma omp single
	sort(whole);
	mergesort_result(&whole, peer_now() - start);
}

static void skewed_for(void)
{
	struct skewed_for loop = skewed_for_make();

	double start = peer_now();
#pragma omp parallel for schedule(guided)
	for (long i = 0; i < loop.n; i++)
		skewed_for_steps(&loop, i, i + 1);
	skewed_for_result(&loop, peer_now() - start);
}

int main(int argc, char **argv)
{
	static const struct peer_workload workloads[] = {
		{"spawnjoin1", 1, 64, spawnjoin1}, {"spawnjoin1000", 1, 64, spawnjoin1000},
		{"skynet", 1, 64, skynet},         {"fib", 1, 64, fib},
		{"nqueens", 1, 64, nqueens},       {"uts", 1, 64, uts},
		{"matmul", 1, 64, matmul},         {"mergesort", 1, 64, mergesort},
		{"skewed_for", 1, 64, skewed_for}, {NULL, 0, 0, NULL},
	};
	return peer_main(argc, argv, workloads, enter);
}
