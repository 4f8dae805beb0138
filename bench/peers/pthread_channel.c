/* SPDX-License-Identifier: MIT
 *
 * pthread_channel.c - the workloads of channels for the peer "pthread": a ring under a mutex, with a condition for each
 * side. pingpong has rings of one slot: a thread waits for the answer anyway.
 */
#include "../harness/peer.h"
#include "pthread_peer.h"

#include <stdbool.h>

struct channel {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	unsigned capacity, head, count;
	bool closed;
	long item[PEER_CHANNEL_CAPACITY];
};

static void channel_open(struct channel *c, unsigned capacity)
{
	*c = (struct channel){PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER,
			      .capacity = capacity};
}

static void channel_send(struct channel *c, long v)
{
	pthread_mutex_lock(&c->lock);
	while (c->count == c->capacity)
		pthread_cond_wait(&c->emptied, &c->lock);
	c->item[(c->head + c->count++) % c->capacity] = v;
	pthread_mutex_unlock(&c->lock);
	pthread_cond_signal(&c->filled);
}

/* False: closed and empty. */
static bool channel_receive(struct channel *c, long *v)
{
	pthread_mutex_lock(&c->lock);
	while (c->count == 0 && !c->closed)
		pthread_cond_wait(&c->filled, &c->lock);
	bool any = c->count > 0;
	if (any) {
		*v = c->item[c->head];
		c->head = (c->head + 1) % c->capacity;
		c->count--;
	}
	pthread_mutex_unlock(&c->lock);
	if (any)
		pthread_cond_signal(&c->emptied);
	return any;
}

static void channel_close(struct channel *c)
{
	pthread_mutex_lock(&c->lock);
	c->closed = true;
	pthread_mutex_unlock(&c->lock);
	pthread_cond_broadcast(&c->filled);
}

/* ---- pingpong ---- */

static struct channel pings, pongs;

static void *answer(void *arg)
{
	long v;

	while (channel_receive(&pings, &v))
		channel_send(&pongs, v + 1);
	return arg;
}

void bench_pingpong(void)
{
	long n = peer_rounds(50000), answered = 0, v;

	channel_open(&pings, 1);
	channel_open(&pongs, 1);
	double start = peer_now();
	pthread_t t = thread_spawn(answer, NULL);
	for (long i = 0; i < n; i++) {
		channel_send(&pings, i);
		answered += channel_receive(&pongs, &v) && v == i + 1;
	}
	channel_close(&pings);
	thread_join(t);
	double ns = peer_now() - start;
	peer_check("round trips", answered, n);
	peer_result("ns/roundtrip", "ns", ns / (double)n, "rounds=50000;capacity=1");
}

/* ---- one to one, four to four ---- */

static struct channel between;

/* What one thread sends, or has received. */
struct part {
	long first, count;
	int64_t sum, ordered; /* ordered: items that came where they stand in a single sender's order */
};

static void *send_all(void *arg)
{
	const struct part *p = arg;

	for (long i = 0; i < p->count; i++)
		channel_send(&between, p->first + i);
	return NULL;
}

static void *receive_all(void *arg)
{
	struct part got = {0};

	for (long v; channel_receive(&between, &v); got.count++) {
		got.sum += v;
		got.ordered += v == got.count;
	}
	*(struct part *)arg = got;
	return NULL;
}

/* Returns what all receivers got together, and the time it took. */
static struct part transfer(int pairs, long share, double *ns)
{
	struct part sent[PEER_CHANNEL_PEERS], got[PEER_CHANNEL_PEERS], all = {0};
	pthread_t sender[PEER_CHANNEL_PEERS], receiver[PEER_CHANNEL_PEERS];

	channel_open(&between, PEER_CHANNEL_CAPACITY);
	double start = peer_now();
	for (int i = 0; i < pairs; i++) {
		sent[i] = (struct part){.first = i * share, .count = share};
		sender[i] = thread_spawn(send_all, &sent[i]);
		receiver[i] = thread_spawn(receive_all, &got[i]);
	}
	for (int i = 0; i < pairs; i++)
		thread_join(sender[i]);
	channel_close(&between);
	for (int i = 0; i < pairs; i++)
		thread_join(receiver[i]);
	*ns = peer_now() - start;
	for (int i = 0; i < pairs; i++) {
		all.count += got[i].count;
		all.sum += got[i].sum;
		all.ordered += got[i].ordered;
	}
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
