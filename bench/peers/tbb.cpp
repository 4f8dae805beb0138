// SPDX-License-Identifier: MIT
//
// tbb.cpp - the peer "tbb": oneTBB tasks in task_groups. Tasks cannot park, so there is only fork-join here.
// A group's wait joins all of it; every task leaves its result in a slot, and the sums are the check.

#include "../harness/peer.h"

#include <tbb/global_control.h>
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

int64_t sky(long first, long size)
{
	if (size == 1)
		return first;
	int64_t below[10], sum = 0;
	tbb::task_group group;
	for (int i = 0; i < 10; i++)
		group.run([&below, first, size, i] { below[i] = sky(first + i * (size / 10), size / 10); });
	group.wait();
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
	long a;
	tbb::task_group group;
	group.run([&a, n] { a = fib_of(n - 1); });
	long b = fib_of(n - 2);
	group.wait();
	return a + b;
}

void fib()
{
	int n = peer_fib_n(34);
	double start = peer_now();
	long got = fib_of(n);
	peer_fib_result(n, got, peer_now() - start);
}

long queens(peer_board board, int row, int n)
{
	if (row == n)
		return 1;
	long below[12], found = 0;
	int children = 0;
	tbb::task_group group;
	for (unsigned free = peer_free_columns(&board, row, n); free; free &= free - 1) {
		board.col[row] = static_cast<int8_t>(__builtin_ctz(free));
		group.run([slot = &below[children++], board, row, n] { *slot = queens(board, row + 1, n); });
	}
	group.wait();
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

} // namespace

int main(int argc, char **argv)
{
	static const peer_workload workloads[] = {
	    {"spawnjoin1", 1, 64, spawnjoin1}, {"spawnjoin1000", 1, 64, spawnjoin1000},
	    {"skynet", 1, 64, skynet},         {"fib", 1, 64, fib},
	    {"nqueens", 1, 64, nqueens},       {nullptr, 0, 0, nullptr},
	};
	return peer_main(argc, argv, workloads, enter);
}
