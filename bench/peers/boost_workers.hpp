// SPDX-License-Identifier: MIT
//
// boost_workers.hpp - what the files of the peer "boost" share: Boost.Fiber's stacks and threads. One worker has the
// round_robin scheduler, two have work_stealing.

#ifndef BENCH_BOOST_WORKERS_HPP
#define BENCH_BOOST_WORKERS_HPP

#include "../harness/peer.h"

#include <boost/fiber/all.hpp>
#include <thread>
#include <vector>

namespace fibers = boost::fibers;

constexpr std::size_t stack_size = 68 << 10; // a power of two collides in the caches

// Keeps the stacks that a thread frees for its next fibers: Boost's pooled allocator is for one thread only, and
// its fixedsize_stack gives every stack back to malloc, which gives it back to the kernel.
class cached_stack
{
	static inline thread_local std::vector<boost::context::stack_context> cache;

      public:
	boost::context::stack_context allocate()
	{
		if (cache.empty())
			return fibers::fixedsize_stack(stack_size).allocate();
		auto stack = cache.back();
		cache.pop_back();
		return stack;
	}

	void deallocate(boost::context::stack_context &stack)
	{
		cache.push_back(stack);
	}
};

template <class F> fibers::fiber spawn(fibers::launch how, F &&fn)
{
	return fibers::fiber(how, std::allocator_arg, cached_stack(), std::forward<F>(fn));
}

inline int workers = 1;

// Makes the calling thread the first of `workers` threads that steal; once for the process, because work_stealing
// numbers its threads for ever. An idle thread sleeps or spins. One that sleeps is woken for fibers of its own only, so
// it steals next to nothing. Where fibers meet often that is the better choice: spinning makes channels 3 to 5 times
// slower and the mutex 9 times.
inline void start_workers(bool sleep)
{
	static bool started;
	if (workers == 1 || started)
		return;
	started = true;
	auto steal = [sleep] {
		fibers::use_scheduling_algorithm<fibers::algo::work_stealing>(static_cast<uint32_t>(workers), sleep);
	};
	for (int i = 1; i < workers; i++)
		std::thread([steal] {
			steal();
			fibers::mutex lock;
			fibers::condition_variable never;
			std::unique_lock<fibers::mutex> held(lock);
			never.wait(held, [] { return false; });
		}).detach();
	steal();
}

// boost_channel.cpp
void bench_pingpong();
void bench_chan_spsc();
void bench_chan_mpmc();

// boost_waiting.cpp
void bench_mutex();
void bench_timers();

// boost_generator.cpp
void bench_generator();
void bench_pipeline10();

#endif
