/* SPDX-License-Identifier: MIT
 *
 * chan.c - the workloads chan_spsc and chan_mpmc: one fiber sends to one, or four to four, by one channel of capacity
 * 128. Checked: the number of items; the order of a single sender's, the sum of four senders'.
 */
#include "channel.h"

/* What one fiber sends, or has received. */
struct part {
	coir_chan *channel;
	int64_t first, count, sum, ordered; /* ordered: items that came where they stand in a single sender's order */
};

static intptr_t send_all(void *arg)
{
	const struct part *p = arg;

	for (int64_t i = p->first; i < p->first + p->count; i++)
		bench_send(p->channel, i);
	return 0;
}

static intptr_t receive_all(void *arg)
{
	struct part *p = arg, got = {0};

	for (int64_t v; coir_chan_recv(p->channel, &v) == 0; got.count++) {
		got.sum += v;
		got.ordered += v == got.count;
	}
	*p = got;
	return 0;
}

/* Returns what all receivers got together, and the time it took. */
static struct part transfer(int pairs, long share, double *ns)
{
	struct part sent[PEER_CHANNEL_PEERS], got[PEER_CHANNEL_PEERS], all = {0};
	coir_fiber sender[PEER_CHANNEL_PEERS], receiver[PEER_CHANNEL_PEERS];
	coir_chan *channel = bench_channel(PEER_CHANNEL_CAPACITY);

	double start = peer_now();
	for (int i = 0; i < pairs; i++) {
		sent[i] = (struct part){.channel = channel, .first = i * share, .count = share};
		got[i] = (struct part){.channel = channel};
		sender[i] = bench_spawn(NULL, send_all, &sent[i]);
		receiver[i] = bench_spawn(NULL, receive_all, &got[i]);
	}
	for (int i = 0; i < pairs; i++)
		bench_join(sender[i]);
	coir_chan_close(channel);
	for (int i = 0; i < pairs; i++)
		bench_join(receiver[i]);
	*ns = peer_now() - start;
	for (int i = 0; i < pairs; i++) {
		all.count += got[i].count;
		all.sum += got[i].sum;
		all.ordered += got[i].ordered;
	}
	coir_chan_destroy(channel);
	return all;
}

void bench_chan_spsc(void)
{
	long n = peer_rounds(10000000);
	double ns;
	struct part all = transfer(1, n, &ns);

	peer_check("items", all.count, n);
	peer_check("items in order", all.ordered, n);
	peer_result("ns/item", "ns", ns / (double)n, NULL);
}

void bench_chan_mpmc(void)
{
	long share = peer_rounds(4000000) / PEER_CHANNEL_PEERS, n = share * PEER_CHANNEL_PEERS;
	double ns;
	struct part all = transfer(PEER_CHANNEL_PEERS, share, &ns);

	peer_check("items", all.count, n);
	peer_check("sum", all.sum, (int64_t)n * (n - 1) / 2);
	peer_result("ns/item", "ns", ns / (double)n, NULL);
}
