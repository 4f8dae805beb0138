// SPDX-License-Identifier: MIT
//
// tbb.cpp - the peer "tbb": oneTBB's parallel algorithms and task groups. Tasks cannot park, so there is only fork-join
// here. Every task leaves its result in a slot, and the sums are the check.
//
// Of the ways that oneTBB has, each workload takes the fastest: parallel_invoke for two children, and for more of them
// parallel_for with a simple_partitioner, which makes a task of each. A task_group for each node takes up to twice as
// long, and scales worse (uts with two workers: 13 Mnodes/s in place of 20).

#include "../harness/peer.h"
#include "../work/matmul.h"
#include "../work/mergesort.h"
#include "../work/skewed_for.h"
#include "../work/uts.h"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <vector>

namespace
{

void enter(int workers, void (*body)())
{
	tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(workers));
	tbb::task_arena arena(workers);
	arena.execute(body);
}

void spawn_rounds(long rounds, int tasks)
{
	std::vector<long> ran(static_cast<size_t>(tasks));
	tbb::task_group group;
	double start = peer_now();
	for (long i = 0; i < rounds; i++) {
		for (long &slot : ran)
			group.run([&slot] { slot++; });
		group.wait();
	}
	double ns = peer_now() - start;
	long sum = 0;
	for (long slot : ran)
		sum += slot;
	peer_check("tasks run", sum, rounds * tasks);
	peer_result("ns/fiber", "ns", ns / static_cast<double>(rounds * tasks), nullptr);
}

void spawnjoin1()
{
	spawn_rounds(peer_rounds(1000000), 1);
}

void spawnjoin1000()
{
	spawn_rounds(peer_rounds(1000), 1000);
}

// What can be cancelled as one: a whole tree. Each algorithm would else make a context of its own, and fib take 95 ns a
// spawn in place of 55.
tbb::task_group_context tree;

template <typename First, typename Second> void invoke(const First &first, const Second &second)
{
	tbb::parallel_invoke(first, second, tree);
}

// A task for each i below n.
template <typename Body> void for_each(int n, const Body &body)
{
	tbb::parallel_for(0, n, body, tbb::simple_partitioner{}, tree);
}

int64_t sky(long first, long size)
{
	if (size == 1)
		return first;
	int64_t below[10], sum = 0;
	for_each(10, [&below, first, size](int i) { below[i] = sky(first + i * (size / 10), size / 10); });
	for (int64_t part : below)
		sum += part;
	return sum;
}

void skynet()
{
	long leaves = peer_leaves(1000000);
	double start = peer_now();
	int64_t sum = sky(0, leaves);
	peer_skynet_result(leaves, sum, peer_now() - start, "order=any");
}

long fib_of(int n)
{
	if (n < 2)
		return n;
	long a, b;
	invoke([&a, n] { a = fib_of(n - 1); }, [&b, n] { b = fib_of(n - 2); });
	return a + b;
}

void fib()
{
	int n = peer_fib_n(34);
	double start = peer_now();
	long got = fib_of(n);
	peer_fib_result(n, got, peer_now() - start);
}

long queens(const peer_board &board, int row, int n)
{
	if (row == n)
		return 1;
	int columns[12], children = 0;
	long below[12], found = 0;
	for (unsigned free = peer_free_columns(&board, row, n); free; free &= free - 1)
		columns[children++] = __builtin_ctz(free);
	for_each(children, [&](int i) {
		peer_board next = board;
		next.col[row] = static_cast<int8_t>(columns[i]);
		below[i] = queens(next, row + 1, n);
	});
	while (children)
		found += below[--children];
	return found;
}

void nqueens()
{
	int n = peer_queens();
	double start = peer_now();
	long found = queens(peer_board{}, 0, n);
	peer_queens_result(n, found, peer_now() - start);
}

long visit(const uts_node &node)
{
	int children = uts_children(&node);
	long below[UTS_CHILDREN_MAX], nodes = 1;
	for_each(children, [&below, &node](int i) { below[i] = visit(uts_child(&node, i)); });
	while (children)
		nodes += below[--children];
	return nodes;
}

void uts()
{
	double start = peer_now();
	long nodes = visit(uts_root());
	uts_result(nodes, peer_now() - start);
}

void multiply(const matmul &p)
{
	matmul half[2];
	switch (matmul_split(&p, half)) {
	case MATMUL_WHOLE:
		matmul_base(&p);
		break;
	case MATMUL_APART:
		invoke([&half] { multiply(half[0]); }, [&half] { multiply(half[1]); });
		break;
	case MATMUL_IN_TURN:
		multiply(half[0]);
		multiply(half[1]);
		break;
	}
}

void matrices()
{
	matmul whole = matmul_make();
	double start = peer_now();
	multiply(whole);
	matmul_result(&whole, peer_now() - start);
}

void merge_two(const merge &m)
{
	merge half[2];
	if (merge_split(&m, half))
		invoke([&half] { merge_two(half[0]); }, [&half] { merge_two(half[1]); });
	else
		merge_base(&m);
}

void sort(const mergesort &s)
{
	mergesort half[2];
	merge after;
	if (!mergesort_split(&s, half, &after)) {
		mergesort_base(&s);
		return;
	}
	invoke([&half] { sort(half[0]); }, [&half] { sort(half[1]); });
	merge_two(after);
}

void array()
{
	mergesort whole = mergesort_make();
	double start = peer_now();
	sort(whole);
	mergesort_result(&whole, peer_now() - start);
}

void loop()
{
	struct skewed_for loop = skewed_for_make();
	double start = peer_now();
	tbb::parallel_for(
		tbb::blocked_range<long>(0, loop.n),
		[&loop](const tbb::blocked_range<long> &part) { skewed_for_steps(&loop, part.begin(), part.end()); },
		tbb::auto_partitioner{});
	skewed_for_result(&loop, peer_now() - start);
}

} // namespace

int main(int argc, char **argv)
{
	static const peer_workload workloads[] = {
		{"spawnjoin1", 1, 64, spawnjoin1}, {"spawnjoin1000", 1, 64, spawnjoin1000},
		{"skynet", 1, 64, skynet},         {"fib", 1, 64, fib},
		{"nqueens", 1, 64, nqueens},       {"uts", 1, 64, uts},
		{"matmul", 1, 64, matrices},       {"mergesort", 1, 64, array},
		{"skewed_for", 1, 64, loop},       {nullptr, 0, 0, nullptr},
	};
	return peer_main(argc, argv, workloads, enter);
}
