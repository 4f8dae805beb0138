// SPDX-License-Identifier: MIT
//
// boost.cpp - the peer "boost": Boost.Context's fcontext for `switch`, Boost.Fiber for most of the rest. In trees a
// child starts first (launch::dispatch): launch::post keeps a stack for nearly every node alive. Even so the queues are
// FIFO and the trees grow breadth first: skynet with 10^6 leaves takes 3.7 GB and fib(30) 6.8 GB, so both are smaller
// here. Every fiber leaves a count or a result; the sums are the check.

#include "boost_workers.hpp"

#include <atomic>
#include <boost/context/detail/fcontext.hpp>
#include <memory>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

// ---- switch ----

long switches_there;

void bounce(transfer_t from)
{
	for (;;) {
		switches_there++;
		from = jump_fcontext(from.fctx, nullptr);
	}
}

void bench_switch()
{
	long n = peer_rounds(20000000) / 2;
	std::unique_ptr<char[]> stack(new char[stack_size]);

	switches_there = 0;
	fcontext_t there = make_fcontext(stack.get() + stack_size, stack_size, bounce);
	double start = peer_now();
	for (long i = 0; i < n; i++)
		there = jump_fcontext(there, nullptr).fctx;
	double ns = peer_now() - start;
	peer_check("switches", switches_there, n);
	peer_result("ns/switch", "ns", ns / static_cast<double>(2 * n), nullptr);
}

// ---- yield ----

std::vector<int32_t> counts;
peer_spread spread;

void yielder(int self, int32_t rounds)
{
	int32_t look = spread.fibers > 2 ? peer_first_look(self) : -1;
	for (int32_t k = 0; k < rounds; k++) {
		counts[self] = k;
		if (k == look) {
			peer_look(&spread);
			look += spread.fibers;
		}
		boost::this_fiber::yield();
	}
	counts[self] = rounds;
}

// Another function on purpose: return prediction differs.
void other_yielder(int self, int32_t rounds)
{
	while (counts[self] < rounds) {
		counts[self]++;
		boost::this_fiber::yield();
	}
}

void yields(int n, long full_rounds, void (*second)(int, int32_t))
{
	auto rounds = static_cast<int32_t>(peer_rounds(full_rounds));
	std::vector<fibers::fiber> all;
	counts.assign(n, 0);
	spread = peer_spread{counts.data(), n, 0};
	double start = peer_now();
	for (int i = 0; i < n; i++)
		all.push_back(spawn(fibers::launch::post, [=] { (i == 1 ? second : yielder)(i, rounds); }));
	for (auto &f : all)
		f.join();
	double ns = peer_now() - start;
	long sum = 0;
	for (int32_t c : counts)
		sum += c;
	peer_check("yields", sum, static_cast<long>(n) * rounds);
	peer_result("ns/yield", "ns", ns / (static_cast<double>(n) * rounds), nullptr);
	if (n > 2)
		peer_result("spread", "yields", spread.worst, nullptr);
}

// ---- parkpair ----

// With one worker nothing can come between the test and the wait: suspend and schedule are park and unpark.
struct permit {
	fibers::context *owner = nullptr;
	bool given = false, waits = false;
	void park()
	{
		if (!given) {
			waits = true;
			owner->suspend();
			waits = false;
		}
		given = false;
	}
	void unpark()
	{
		given = true;
		if (waits)
			fibers::context::active()->schedule(owner);
	}
};

void parkpair()
{
	long n = peer_rounds(1000000), pings = 0, pongs = 0;
	permit a, b;
	double start = peer_now();
	fibers::fiber second([&] {
		b.owner = fibers::context::active();
		for (long i = 0; i < n; i++) {
			b.park();
			pongs++;
			a.unpark();
		}
	});
	fibers::fiber first([&] {
		a.owner = fibers::context::active();
		for (long i = 0; i < n; i++) {
			b.unpark();
			a.park();
			pings++;
		}
	});
	first.join();
	second.join();
	double ns = peer_now() - start;
	peer_check("round trips", pings + pongs, 2 * n);
	peer_result("ns/roundtrip", "ns", ns / static_cast<double>(n), nullptr);
}

// ---- spawn and join ----

void spawn_rounds(fibers::launch how, long rounds, int n)
{
	std::vector<long> ran(n);
	std::vector<fibers::fiber> all(n);
	start_workers(true);
	double start = peer_now();
	for (long i = 0; i < rounds; i++) {
		for (int k = 0; k < n; k++)
			all[k] = spawn(how, [slot = &ran[k]] { ++*slot; });
		for (auto &f : all)
			f.join();
	}
	double ns = peer_now() - start;
	long sum = 0;
	for (long r : ran)
		sum += r;
	peer_check("fibers run", sum, rounds * n);
	peer_result("ns/fiber", "ns", ns / static_cast<double>(rounds * n), nullptr);
}

// ---- trees ----

int64_t sky(long first, long size)
{
	if (size == 1)
		return first;
	int64_t below[10], sum = 0;
	fibers::fiber children[10];
	for (int i = 0; i < 10; i++)
		children[i] = spawn(fibers::launch::dispatch, [slot = &below[i], first, size, i] {
			*slot = sky(first + i * (size / 10), size / 10);
		});
	for (auto &c : children)
		c.join();
	for (int64_t part : below)
		sum += part;
	return sum;
}

void skynet()
{
	long leaves = peer_leaves(100000);
	start_workers(false);
	double start = peer_now();
	int64_t sum = sky(0, leaves);
	peer_skynet_result(leaves, sum, peer_now() - start, "order=spawn");
}

long fib_of(int n)
{
	if (n < 2)
		return n;
	long a;
	fibers::fiber child = spawn(fibers::launch::dispatch, [&a, n] { a = fib_of(n - 1); });
	long b = fib_of(n - 2);
	child.join();
	return a + b;
}

void fib()
{
	int n = peer_fib_n(22);
	start_workers(false);
	double start = peer_now();
	long got = fib_of(n);
	peer_fib_result(n, got, peer_now() - start);
}

long queens(peer_board board, int row, int n)
{
	if (row == n)
		return 1;
	long below[12], found = 0;
	fibers::fiber children[12];
	int spawned = 0;
	for (unsigned free = peer_free_columns(&board, row, n); free; free &= free - 1) {
		board.col[row] = static_cast<int8_t>(__builtin_ctz(free));
		long *slot = &below[spawned];
		children[spawned++] = spawn(fibers::launch::dispatch, [=] { *slot = queens(board, row + 1, n); });
	}
	for (int i = 0; i < spawned; i++) {
		children[i].join();
		found += below[i];
	}
	return found;
}

void nqueens()
{
	int n = peer_queens();
	start_workers(false);
	double start = peer_now();
	long found = queens(peer_board{}, 0, n);
	peer_queens_result(n, found, peer_now() - start);
}

// ---- mem and wake ----

__attribute__((noinline)) long small_call(long n)
{
	asm volatile("" : "+r"(n));
	return n + 1;
}

void mem()
{
	long n = peer_rounds(100000), parked = 0;
	if (peer_warming())
		return;
	int64_t before = peer_memory();
	for (long i = 0; i < n; i++)
		spawn(fibers::launch::dispatch, [&parked] {
			parked += small_call(0);
			fibers::context::active()->suspend();
		}).detach();
	while (parked < n)
		boost::this_fiber::yield();
	int64_t after = peer_memory();
	peer_check("parked", parked, n);
	peer_result("bytes/fiber", "bytes", static_cast<double>(after - before) / static_cast<double>(n),
		    "n=100000;guards=none");
}

// Each thread has a scheduler of its own, so its fiber is sticky.
void wake()
{
	long n = peer_rounds(4000);
	std::vector<double> late(n);
	std::atomic<long> heard{0};
	double rung = 0;
	long rings = 0;
	fibers::mutex lock;
	fibers::condition_variable bell;
	std::thread sleeper([&] {
		for (long i = 0; i < n; i++) {
			std::unique_lock<fibers::mutex> held(lock);
			bell.wait(held, [&] { return rings == i + 1; });
			late[i] = peer_now() - rung;
			heard.store(i + 1, std::memory_order_release);
		}
	});
	for (long i = 0; i < n; i++) {
		peer_spin_until(peer_now() + PEER_IDLE_NS);
		{
			std::unique_lock<fibers::mutex> held(lock);
			rung = peer_now();
			rings = i + 1;
		}
		bell.notify_one();
		while (heard.load(std::memory_order_acquire) != i + 1)
			;
	}
	sleeper.join();
	peer_check("wakes", heard, n);
	peer_latencies(late.data(), n);
}

void enter(int count, void (*body)())
{
	workers = count;
	body();
}

} // namespace

int main(int argc, char **argv)
{
	static const peer_workload workloads[] = {
	    {"switch", 1, 1, bench_switch},
	    {"yield2", 1, 1, [] { yields(2, 5000000, yielder); }},
	    {"yield2x", 1, 1, [] { yields(2, 5000000, other_yielder); }},
	    {"yield1000", 1, 1, [] { yields(1000, 5000, yielder); }},
	    {"parkpair", 1, 1, parkpair},
	    {"spawnjoin1", 1, 64, [] { spawn_rounds(fibers::launch::dispatch, peer_rounds(1000000), 1); }},
	    {"spawnjoin1000", 1, 64, [] { spawn_rounds(fibers::launch::post, peer_rounds(1000), 1000); }},
	    {"skynet", 1, 64, skynet},
	    {"fib", 1, 64, fib},
	    {"nqueens", 1, 64, nqueens},
	    {"mem", 1, 1, mem},
	    {"wake", 2, 2, wake},
	    {"pingpong", 1, 64, bench_pingpong},
	    {"chan_spsc", 1, 64, bench_chan_spsc},
	    {"chan_mpmc", 1, 64, bench_chan_mpmc},
	    {"mutex", 1, 64, bench_mutex},
	    {"timers", 1, 64, bench_timers},
	    {"generator", 1, 1, bench_generator},
	    {"pipeline10", 1, 1, bench_pipeline10},
	    {nullptr, 0, 0, nullptr},
	};
	int status = peer_main(argc, argv, workloads, enter);
	_exit(status); // fibers and threads that wait for ever cannot be torn down
}
