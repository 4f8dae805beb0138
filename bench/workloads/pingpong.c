/* SPDX-License-Identifier: MIT
 *
 * pingpong.c - the workload pingpong: two fibers and two unbuffered channels; one sends numbers, the other sends each
 * back with 1 added. Checked: every answer.
 */
#include "channel.h"

struct table {
	coir_chan *pings, *pongs;
	long rounds;
};

static intptr_t answer(void *arg)
{
	const struct table *t = arg;

	for (int64_t v; coir_chan_recv(t->pings, &v) == 0;)
		bench_send(t->pongs, v + 1);
	return 0;
}

/* Returns the number of right answers. */
static intptr_t ask(void *arg)
{
	const struct table *t = arg;
	intptr_t answered = 0;

	for (int64_t i = 0, v; i < t->rounds; i++) {
		bench_send(t->pings, i);
		answered += coir_chan_recv(t->pongs, &v) == 0 && v == i + 1;
	}
	coir_chan_close(t->pings);
	return answered;
}

void bench_pingpong(void)
{
	struct table t = {bench_channel(0), bench_channel(0), peer_rounds(1000000)};

	double start = peer_now();
	coir_fiber second = bench_spawn(NULL, answer, &t);
	int64_t answered = bench_join(bench_spawn(NULL, ask, &t));
	bench_join(second);
	double ns = peer_now() - start;
	peer_check("round trips", answered, t.rounds);
	peer_result("ns/roundtrip", "ns", ns / (double)t.rounds, NULL);
	coir_chan_destroy(t.pings);
	coir_chan_destroy(t.pongs);
}
