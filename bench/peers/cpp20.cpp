// SPDX-License-Identifier: MIT
//
// cpp20.cpp - the peer "cpp20": the generators of C++20, coroutines without a stack. The language has no generator type
// before C++23; this is the least that one can be.

#include "../harness/peer.h"

#include <coroutine>
#include <exception>
#include <utility>
#include <vector>

namespace
{

class generator
{
      public:
	struct promise_type {
		uint64_t value;

		generator get_return_object()
		{
			return generator(std::coroutine_handle<promise_type>::from_promise(*this));
		}
		std::suspend_always initial_suspend() noexcept
		{
			return {};
		}
		std::suspend_always final_suspend() noexcept
		{
			return {};
		}
		std::suspend_always yield_value(uint64_t v) noexcept
		{
			value = v;
			return {};
		}
		void return_void()
		{
		}
		void unhandled_exception()
		{
			std::terminate();
		}
	};

	generator(generator &&from) noexcept : handle(std::exchange(from.handle, nullptr))
	{
	}
	~generator()
	{
		if (handle)
			handle.destroy();
	}

	// False: it has ended.
	bool next(uint64_t &v)
	{
		handle.resume();
		if (handle.done())
			return false;
		v = handle.promise().value;
		return true;
	}

      private:
	explicit generator(std::coroutine_handle<promise_type> h) : handle(h)
	{
	}
	std::coroutine_handle<promise_type> handle;
};

generator fibonacci(long n)
{
	uint64_t a = 0, b = 1;
	for (long i = 0; i < n; i++) {
		co_yield a;
		uint64_t c = a + b;
		a = b;
		b = c;
	}
}

generator integers(long n)
{
	for (long i = 0; i < n; i++)
		co_yield static_cast<uint64_t>(i);
}

generator plus_one(generator &below)
{
	for (uint64_t v; below.next(v);)
		co_yield v + 1;
}

void bench_generator()
{
	long n = peer_rounds(PEER_VALUES);
	uint64_t sum = 0;
	double start = peer_now();
	generator values = fibonacci(n);
	for (uint64_t v; values.next(v);)
		sum += v;
	peer_generator_result(n, sum, peer_now() - start);
}

void bench_pipeline10()
{
	long n = peer_rounds(PEER_PIPELINE_ITEMS);
	uint64_t sum = 0;
	std::vector<generator> stages;
	stages.reserve(PEER_STAGES); // each refers to the one before
	double start = peer_now();
	stages.push_back(integers(n));
	while (stages.size() < PEER_STAGES)
		stages.push_back(plus_one(stages.back()));
	for (uint64_t v; stages.back().next(v);)
		sum += v;
	peer_pipeline_result(n, static_cast<int64_t>(sum), peer_now() - start);
}

} // namespace

int main(int argc, char **argv)
{
	static const peer_workload workloads[] = {
		{"generator", 1, 1, bench_generator},
		{"pipeline10", 1, 1, bench_pipeline10},
		{nullptr, 0, 0, nullptr},
	};
	return peer_main(argc, argv, workloads, nullptr);
}
