// SPDX-License-Identifier: MIT
//
// boost_generator.cpp - the workloads of generators for the peer "boost": Boost.Coroutine2.

#include "boost_workers.hpp"

#include <boost/coroutine2/all.hpp>
#include <utility>

namespace
{

using coroutine = boost::coroutines2::coroutine<uint64_t>;
using generator = coroutine::pull_type;
using sink = coroutine::push_type;

template <class F> generator generate(F &&fn)
{
	return generator(boost::coroutines2::fixedsize_stack(stack_size), std::forward<F>(fn));
}

generator fibonacci(long n)
{
	return generate([n](sink &yield) {
		uint64_t a = 0, b = 1;
		for (long i = 0; i < n; i++) {
			yield(a);
			uint64_t c = a + b;
			a = b;
			b = c;
		}
	});
}

generator integers(long n)
{
	return generate([n](sink &yield) {
		for (long i = 0; i < n; i++)
			yield(static_cast<uint64_t>(i));
	});
}

generator plus_one(generator &below)
{
	return generate([&below](sink &yield) {
		for (uint64_t v : below)
			yield(v + 1);
	});
}

} // namespace

void bench_generator()
{
	long n = peer_rounds(PEER_VALUES);
	uint64_t sum = 0;
	double start = peer_now();
	generator values = fibonacci(n);
	for (uint64_t v : values)
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
	for (uint64_t v : stages.back())
		sum += v;
	peer_pipeline_result(n, static_cast<int64_t>(sum), peer_now() - start);
}
