// SPDX-License-Identifier: MIT
//
// boost_waiting.cpp - the workloads of waiting for a lock and for a time, for the peer "boost".

#include "boost_workers.hpp"

#include <chrono>

void bench_mutex()
{
	long n = peer_rounds(20000), counter = 0;
	fibers::mutex lock;
	std::vector<fibers::fiber> all;
	start_workers(true);
	double start = peer_now();
	for (int i = 0; i < PEER_LOCKERS; i++)
		all.push_back(spawn(fibers::launch::post, [&] {
			for (long k = 0; k < n; k++) {
				lock.lock();
				counter++;
				lock.unlock();
			}
		}));
	for (auto &f : all)
		f.join();
	double ns = peer_now() - start;
	peer_check("counter", counter, PEER_LOCKERS * n);
	peer_result("ns/op", "ns", ns / static_cast<double>(PEER_LOCKERS * n), nullptr);
}

// A million would take 9 GB: each stack has two pages. A child starts first (launch::dispatch), or none would sleep
// before all are spawned.
void bench_timers()
{
	long n = peer_rounds(PEER_SLEEPERS / 10);
	double *late = peer_sleepers(n);
	std::vector<fibers::fiber> all(n);
	start_workers(true);
	double before = peer_cpu();
	for (long i = 0; i < n; i++)
		all[i] = spawn(fibers::launch::dispatch, [late, i] {
			int64_t nap = peer_nap(i);
			double deadline = peer_now() + static_cast<double>(nap);
			boost::this_fiber::sleep_for(std::chrono::nanoseconds(nap));
			late[i] = peer_now() - deadline;
		});
	for (auto &f : all)
		f.join();
	peer_timers_result(late, n, peer_cpu() - before);
}
