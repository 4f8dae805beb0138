/* SPDX-License-Identifier: MIT
 *
 * api/task_hpp.cpp - tasks as closures: values of any type, exceptions, destructors that join; loops, reductions, calls
 * and the sort with them.
 */
#include "support/child.h"
#include "support/run.h"
#include "support/test.h"

#include <coir/task.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{

long fib(int n)
{
	if (n < 2)
		return n;
	auto left = coir::fork([n] { return fib(n - 1); });
	long right = fib(n - 2);
	return left.join() + right;
}

/* Alternately gives others a chance to take what was forked, so that both ways of a join are met. */
void maybe_wait(int i)
{
	if (i % 2 && coir_id())
		must_ok(coir_yield());
}

/* Counts objects that live. */
struct counted {
	static std::atomic<int> alive;
	int value;
	explicit counted(int v) : value(v)
	{
		alive++;
	}
	counted(const counted &c) : value(c.value)
	{
		alive++;
	}
	counted &operator=(const counted &) = default;
	~counted()
	{
		alive--;
	}
};
std::atomic<int> counted::alive{0};

} // namespace

/* ---- fork and join ---- */

fiber_test(task_cpp, fib)
{
	must_eq(fib(scaled(1000) > 500 ? 22 : 15), scaled(1000) > 500 ? 17711 : 610);
}

fiber_test(task_cpp, values)
{
	for (int i = 0; i < scaled(200); i++) {
		auto text = coir::fork([i] { return std::to_string(i) + std::string(50, 'x'); });
		auto only = coir::fork([i] { return std::make_unique<int>(i); });
		auto there = coir::fork([&]() -> int & { return i; });
		auto none = coir::fork([&] { maybe_wait(i); });
		auto object = coir::fork([=] { return counted(i); });
		maybe_wait(i);
		must_eq(object.join().value, i);
		none.join();
		must(&there.join() == &i);
		must_eq(*only.join(), i);
		must(text.join() == std::to_string(i) + std::string(50, 'x'));
	}
	must_eq(counted::alive, 0);
}

fiber_test(task_cpp, destructor_joins)
{
	std::atomic<int> done{0};
	for (int i = 0; i < scaled(200); i++) {
		auto first = coir::fork([&] { done++; });
		auto object = coir::fork([&] { return counted(done++); });
		maybe_wait(i);
	}
	must_eq(done, 2 * (int)scaled(200));
	must_eq(counted::alive, 0);
}

/* ---- exceptions ---- */

template <class F> static std::string what_of(F &&f)
{
	try {
		f();
	} catch (const std::exception &e) {
		return e.what();
	}
	return "nothing";
}

fiber_test(task_cpp, a_join_throws)
{
	for (int i = 0; i < scaled(200); i++) {
		std::string what = what_of([&] {
			auto object = coir::fork([&]() -> counted {
				if (i % 3)
					throw std::out_of_range(std::to_string(i));
				return counted(i);
			});
			maybe_wait(i);
			must_eq(object.join().value, i);
		});
		must(what == (i % 3 ? std::to_string(i) : "nothing"));
	}
	must_eq(counted::alive, 0);
	must_eq(std::uncaught_exceptions(), 0);
}

/* The block is left by an exception: its forks are joined, and theirs dropped. */
fiber_test(task_cpp, the_first_one_flies_on)
{
	std::atomic<int> done{0};
	for (int i = 0; i < scaled(200); i++) {
		std::string what = what_of([&] {
			auto fine = coir::fork([&] { done++; });
			auto throws = coir::fork([&] {
				done++;
				throw std::logic_error("dropped");
			});
			maybe_wait(i);
			throw std::runtime_error("flies");
		});
		must(what == "flies");
	}
	must_eq(done, 2 * (int)scaled(200));
}

static intptr_t forget_a_thrower(void *arg)
{
	auto throws = coir::fork([] { throw std::logic_error("nobody asks"); });
	maybe_wait(arg != nullptr);
	return 0;
}

static int die_of_it(void *arg)
{
	return static_cast<int>(with_workers(1, forget_a_thrower, arg));
}

Test(task_cpp, nobody_joins_what_throws)
{
	struct child taken = run_child(die_of_it, reinterpret_cast<void *>(1));
	cr_assert(child_killed(&taken, SIGABRT));
	struct child untaken = run_child(die_of_it, nullptr);
	cr_assert(child_killed(&untaken, SIGABRT));
}

/* ---- loops ---- */

fiber_test(task_cpp, loops)
{
	std::vector<int> v(scaled(20000), 1);
	int64_t n = static_cast<int64_t>(v.size());
	must_ok(coir::parallel_for(0, n, [&](int64_t i) { v[i] += i; }));
	must_ok(coir::parallel_for(
		0, n,
		[&](int64_t lo, int64_t hi) {
			must(hi - lo <= 100);
			for (; lo < hi; lo++)
				v[lo] *= 2;
		},
		100));
	must_ok(coir::parallel_for(v, [](int &x) { x += 1; }));
	const std::deque<int> seen(v.begin(), v.end());
	std::atomic<long> sum{0};
	must_ok(coir::parallel_for(
		seen, [&](const int &x) { sum += x; }, 10));
	for (int64_t i = 0; i < n; i++)
		must_eq(v[i], 2 * i + 3);
	must_eq(sum, n * (n - 1) + 3 * n);
	int plain[3] = {};
	must_ok(coir::parallel_for(plain, [](int &x) { x = 4; }));
	must_eq(plain[0] + plain[1] + plain[2], 12);
}

fiber_test(task_cpp, loops_fail)
{
	for (int i = 0; i < scaled(100); i++) {
		must_eq(coir::parallel_for(0, INT64_MAX, [&](int64_t n) { return n == i ? -ERANGE : 0; }), -ERANGE);
		std::string what = what_of([&] {
			coir::parallel_for(0, INT64_MAX, [&](int64_t n) {
				if (n == i)
					throw std::runtime_error("found");
			});
		});
		must(what == "found");
	}
	must_eq(coir::parallel_for(1, 0, [](int64_t) {}), -EINVAL);
}

/* ---- reductions ---- */

static int join_words(std::string &out, int64_t n, int64_t bad)
{
	return coir::parallel_reduce(
		0, n, out,
		[=](std::string &acc, int64_t i) {
			if (i == bad)
				throw std::runtime_error("word");
			maybe_wait(i % 16 == 0);
			acc += std::to_string(i) + " ";
		},
		[](std::string &acc, std::string &&right) { acc += right; });
}

fiber_test(task_cpp, reduces)
{
	std::string expected;
	for (int i = 0; i < 500; i++)
		expected += std::to_string(i) + " ";
	for (int i = 0; i < scaled(100); i++) {
		std::string words;
		must_ok(join_words(words, 500, -1));
		must(words == expected);
		must(what_of([&] { join_words(words, 500, i); }) == "word");
	}
	long sum = 0;
	must_ok(coir::parallel_reduce(
		0, 1000, sum,
		[](long &acc, int64_t lo, int64_t hi) {
			for (; lo < hi; lo++)
				acc += lo;
		},
		[](long &acc, long right) { acc += right; }, 7));
	must_eq(sum, 499500);
}

fiber_test(task_cpp, reduces_objects)
{
	for (int i = 0; i < scaled(100); i++) {
		counted acc(0);
		must_ok(coir::parallel_reduce(
			0, 300, acc,
			[](counted &a, int64_t n) {
				maybe_wait(n % 8 == 0);
				a.value += static_cast<int>(n);
			},
			[](counted &a, const counted &right) { a.value += right.value; }, 1));
		must_eq(acc.value, 44850);
	}
	must_eq(counted::alive, 0);
}

/* ---- calls ---- */

fiber_test(task_cpp, invokes)
{
	for (int i = 0; i < scaled(200); i++) {
		int a = 0, b = 0, c = 0;
		coir::parallel_invoke([&] { a = 1; },
				      [&] {
					      maybe_wait(i);
					      b = 2;
				      },
				      [&] { c = 3; });
		must_eq(a + b + c, 6);
		std::atomic<int> done{0};
		auto throws = [&](const char *what) {
			return [&done, what] {
				done++;
				throw std::runtime_error(what);
			};
		};
		must(what_of([&] { coir::parallel_invoke([&] { done++; }, throws("one"), throws("two")); }) == "one");
		must_eq(done, 3);
	}
}

/* ---- the sort ---- */

struct card {
	int key;
	std::unique_ptr<int> place;
};

fiber_test(task_cpp, sorts)
{
	unsigned seed = workers;
	for (int n : {0, 1, 2, 7, 9, 100, 1000, static_cast<int>(scaled(100000))}) {
		std::vector<card> cards(n);
		for (int i = 0; i < n; i++)
			cards[i] = {static_cast<int>((seed = seed * 1103515245 + 12345) >> 16) % (n / 3 + 1),
				    std::make_unique<int>(i)};
		coir::parallel_sort(cards.begin(), cards.end(),
				    [](const card &a, const card &b) { return a.key < b.key; });
		for (int i = 1; i < n; i++)
			must(cards[i - 1].key < cards[i].key ||
			     (cards[i - 1].key == cards[i].key && *cards[i - 1].place < *cards[i].place));
		std::deque<long> numbers;
		for (int i = 0; i < n; i++)
			numbers.push_back(static_cast<long>(seed = seed * 1103515245 + 12345));
		std::deque<long> expected = numbers;
		std::stable_sort(expected.begin(), expected.end());
		coir::parallel_sort(numbers.begin(), numbers.end());
		must(numbers == expected);
	}
}

fiber_test(task_cpp, sort_throws)
{
	for (int i = 1; i < scaled(40); i++) {
		std::vector<counted> v(3000, counted(1));
		std::atomic<int> left{i * 700};
		must(what_of([&] {
			     coir::parallel_sort(v.begin(), v.end(), [&](const counted &a, const counted &b) {
				     if (left-- == 0)
					     throw std::runtime_error("enough");
				     return a.value < b.value;
			     });
		     }) == "enough" ||
		     left >= 0);
	}
	must_eq(counted::alive, 0);
}

/* ---- plain threads ---- */

Test(task_cpp, in_threads)
{
	must_eq(fib(15), 610);
	std::string words;
	must_ok(join_words(words, 3, -1));
	must(words == "0 1 2 ");
	must(what_of([&] { join_words(words, 3, 2); }) == "word");
	std::vector<int> v = {3, 1, 2};
	coir::parallel_sort(v.begin(), v.end());
	must(v == std::vector<int>({1, 2, 3}));
}
