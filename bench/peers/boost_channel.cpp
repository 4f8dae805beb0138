// SPDX-License-Identifier: MIT
//
// boost_channel.cpp - the workloads of channels for the peer "boost". A buffered channel of capacity 128 holds 127.

#include "boost_workers.hpp"

namespace
{

using buffered = fibers::buffered_channel<int64_t>;
using unbuffered = fibers::unbuffered_channel<int64_t>;
constexpr auto success = fibers::channel_op_status::success;

// What one fiber has received. ordered: items that came where they stand in a single sender's order.
struct received {
	int64_t count = 0, sum = 0, ordered = 0;

	void all_of(buffered &channel)
	{
		received got;
		for (int64_t v; channel.pop(v) == success; got.count++) {
			got.sum += v;
			got.ordered += v == got.count;
		}
		*this = got;
	}
};

void send(buffered &channel, int64_t first, int64_t count)
{
	for (int64_t i = first; i < first + count; i++)
		channel.push(i);
}

// Returns what all receivers got together, and the time it took.
received transfer(int pairs, long share, double &ns)
{
	buffered channel(PEER_CHANNEL_CAPACITY);
	std::vector<received> got(pairs);
	std::vector<fibers::fiber> senders, receivers;
	start_workers(true);
	double start = peer_now();
	for (int i = 0; i < pairs; i++) {
		senders.push_back(
			spawn(fibers::launch::post, [&channel, share, i] { send(channel, i * share, share); }));
		receivers.push_back(spawn(fibers::launch::post, [&channel, mine = &got[i]] { mine->all_of(channel); }));
	}
	for (auto &f : senders)
		f.join();
	channel.close();
	for (auto &f : receivers)
		f.join();
	ns = peer_now() - start;
	received all;
	for (const received &one : got) {
		all.count += one.count;
		all.sum += one.sum;
		all.ordered += one.ordered;
	}
	return all;
}

} // namespace

void bench_pingpong()
{
	long n = peer_rounds(1000000), answered = 0;
	unbuffered pings, pongs;
	start_workers(true);
	double start = peer_now();
	fibers::fiber second = spawn(fibers::launch::post, [&] {
		for (int64_t v; pings.pop(v) == success;)
			pongs.push(v + 1);
	});
	fibers::fiber first = spawn(fibers::launch::post, [&] {
		for (int64_t i = 0, v; i < n; i++) {
			pings.push(i);
			answered += pongs.pop(v) == success && v == i + 1;
		}
		pings.close();
	});
	first.join();
	second.join();
	double ns = peer_now() - start;
	peer_check("round trips", answered, n);
	peer_result("ns/roundtrip", "ns", ns / static_cast<double>(n), nullptr);
}

void bench_chan_spsc()
{
	long n = peer_rounds(10000000);
	double ns;
	received all = transfer(1, n, ns);
	peer_check("items", all.count, n);
	peer_check("items in order", all.ordered, n);
	peer_result("ns/item", "ns", ns / static_cast<double>(n), nullptr);
}

void bench_chan_mpmc()
{
	long share = peer_rounds(4000000) / PEER_CHANNEL_PEERS, n = share * PEER_CHANNEL_PEERS;
	double ns;
	received all = transfer(PEER_CHANNEL_PEERS, share, ns);
	peer_check("items", all.count, n);
	peer_check("sum", all.sum, static_cast<int64_t>(n) * (n - 1) / 2);
	peer_result("ns/item", "ns", ns / static_cast<double>(n), nullptr);
}
