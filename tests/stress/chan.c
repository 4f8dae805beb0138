/* SPDX-License-Identifier: MIT
 *
 * stress/chan.c - the laws of channels under load: each sender's elements come in order, none is lost, none comes twice,
 * all see the close once. Then crowds at one channel, and the trigger against the timeout and the cancel.
 */
#include "support/stress.h"

#include <errno.h>
#include <stdatomic.h>

/* ---- the laws ---- */

enum { SENDERS = 5, RECEIVERS = 4 };

struct item {
	int sender;
	long number;
};

struct laws {
	coir_chan *ch;
	long each;
	int form;                      /* how it is done: forms that wait, with deadlines, tries */
	atomic_long received[SENDERS]; /* how many of each sender's */
	atomic_long sum[SENDERS];
	atomic_int senders, closes_seen;
};

struct side {
	struct laws *laws;
	int number;
};

static int send_somehow(struct laws *l, const struct item *item)
{
	if (l->form == 0)
		return coir_chan_send(l->ch, item);
	if (l->form == 1)
		return coir_chan_send_until(l->ch, item, coir_after(1000 * COIR_SECOND));
	int r = coir_chan_try_send(l->ch, item);
	return r == -EAGAIN ? coir_chan_send(l->ch, item) : r;
}

static int recv_somehow(struct laws *l, struct item *item)
{
	if (l->form == 0)
		return coir_chan_recv(l->ch, item);
	if (l->form == 1) {
		int r;
		do
			r = coir_chan_recv_until(l->ch, item, coir_after(20 * COIR_MICROSECOND));
		while (r == -ETIMEDOUT);
		return r;
	}
	int r = coir_chan_try_recv(l->ch, item);
	return r == -EAGAIN ? coir_chan_recv(l->ch, item) : r;
}

/* The last one to end closes. */
static void send_all(struct side *s)
{
	struct laws *l = s->laws;
	for (long i = 0; i < l->each; i++)
		must_ok(send_somehow(l, &(struct item){s->number, i}));
	if (atomic_fetch_sub(&l->senders, 1) == 1)
		must_ok(coir_chan_close(l->ch));
}

static void receive_all(struct side *s)
{
	struct laws *l = s->laws;
	long last[SENDERS];
	for (int i = 0; i < SENDERS; i++)
		last[i] = -1;
	struct item item;
	int r;
	while ((r = recv_somehow(l, &item)) == 0) {
		must(item.sender >= 0 && item.sender < SENDERS);
		must(item.number > last[item.sender], "sender %d: %ld after %ld", item.sender, item.number,
		     last[item.sender]);
		last[item.sender] = item.number;
		atomic_fetch_add_explicit(&l->received[item.sender], 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&l->sum[item.sender], item.number, memory_order_relaxed);
	}
	must_eq(r, -EPIPE);
	atomic_fetch_add(&l->closes_seen, 1);
}

static intptr_t fiber_sends(void *arg)
{
	send_all(arg);
	return 0;
}

static intptr_t fiber_receives(void *arg)
{
	receive_all(arg);
	return 0;
}

static void *thread_sends(void *arg)
{
	send_all(arg);
	return NULL;
}

static void *thread_receives(void *arg)
{
	receive_all(arg);
	return NULL;
}

/* With threads: the first sender and the first receiver are plain threads. */
static void obey_the_laws(size_t cap, long each, int form, bool threads)
{
	struct laws l = {.each = each, .form = form};
	struct side senders[SENDERS], receivers[RECEIVERS];
	coir_fiber f[SENDERS + RECEIVERS];
	pthread_t t[2] = {0};
	int n = 0;
	atomic_store(&l.senders, SENDERS);
	must_ok(coir_chan_create(sizeof(struct item), cap, &l.ch));
	for (int i = 0; i < RECEIVERS; i++) {
		receivers[i] = (struct side){&l, i};
		if (threads && i == 0)
			t[0] = thread_start(thread_receives, &receivers[i]);
		else
			f[n++] = must_spawn(fiber_receives, &receivers[i]);
	}
	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct side){&l, i};
		if (threads && i == 0)
			t[1] = thread_start(thread_sends, &senders[i]);
		else
			f[n++] = must_spawn(fiber_sends, &senders[i]);
	}
	must_ok(must_join_all(f, n));
	for (int i = 0; threads && i < 2; i++)
		thread_end(t[i]);
	for (int i = 0; i < SENDERS; i++) {
		must_eq(atomic_load(&l.received[i]), each);
		must_eq(atomic_load(&l.sum[i]), each * (each - 1) / 2);
	}
	must_eq(atomic_load(&l.closes_seen), RECEIVERS);
	must_eq(coir_chan_len(l.ch), 0);
	must_ok(coir_chan_destroy(l.ch));
}

/* ---- a crowd at one channel ---- */

struct crowd {
	coir_chan *ch;
	atomic_long served, sent_away, came;
};

static intptr_t wait_in_crowd(void *arg)
{
	struct crowd *c = arg;
	long v = 0;
	atomic_fetch_add(&c->came, 1);
	int r = coir_chan_recv(c->ch, &v);
	must(r == 0 || r == -EPIPE, "%d", r);
	atomic_fetch_add(r ? &c->sent_away : &c->served, 1);
	return v;
}

/* Half of them get an element, each another one, and the close wakes the rest. */
static void serve_a_crowd(long n)
{
	struct crowd c = {.ch = NULL};
	coir_fiber *f = zeros((size_t)n, sizeof *f);
	must_ok(coir_chan_create(sizeof(long), 0, &c.ch));
	for (long i = 0; i < n; i++)
		f[i] = must_spawn(wait_in_crowd, &c);
	for (long i = 1; i <= n / 2; i++)
		must_ok(coir_chan_send(c.ch, &i));
	while (atomic_load(&c.came) < n)
		must_ok(coir_yield());
	must_ok(coir_chan_close(c.ch));
	long sum = 0;
	for (long i = 0; i < n; i++)
		sum += must_join(f[i]);
	must_eq(sum, n / 2 * (n / 2 + 1) / 2);
	must_eq(atomic_load(&c.served), n / 2);
	must_eq(atomic_load(&c.sent_away), n - n / 2);
	must_ok(coir_chan_destroy(c.ch));
	free(f);
}

/* ---- trigger, timeout and cancel, at once ---- */

struct race {
	coir_chan *ch, *done;
	long rounds;
	coir_fiber receiver;
	unsigned delay;
};

/* Receives with deadlines that come at about the time of the send. */
static intptr_t receive_or_give_up(void *arg)
{
	struct race *r = arg;
	uint64_t dice = (uintptr_t)r;
	long sum = 0, v;
	for (long i = 0; i < r->rounds;) {
		int rc = coir_chan_recv_until(r->ch, &v, coir_after(chance_below(&dice, r->delay)));
		must(rc == 0 || rc == -ETIMEDOUT, "%d", rc);
		if (rc)
			continue;
		must_eq(v, i);
		sum += v;
		i++;
	}
	return sum;
}

static intptr_t send_or_give_up(void *arg)
{
	struct race *r = arg;
	uint64_t dice = 7 + (uintptr_t)r;
	for (long i = 0; i < r->rounds;) {
		int rc = coir_chan_send_until(r->ch, &i, coir_after(chance_below(&dice, r->delay)));
		must(rc == 0 || rc == -ETIMEDOUT, "%d", rc);
		i += rc == 0;
	}
	return 0;
}

static void triggers_against_timeouts(long rounds)
{
	enum { PAIRS = 4 };
	struct race r[PAIRS];
	coir_fiber f[2 * PAIRS];
	for (int i = 0; i < PAIRS; i++) {
		r[i] = (struct race){.rounds = rounds, .delay = i == 0 ? 300 : i == 1 ? 2000 : 20000};
		must_ok(coir_chan_create(sizeof(long), i == 3, &r[i].ch));
		f[2 * i] = must_spawn(receive_or_give_up, &r[i]);
		f[2 * i + 1] = must_spawn(send_or_give_up, &r[i]);
	}
	must_eq(must_join_all(f, 2 * PAIRS), PAIRS * (rounds * (rounds - 1) / 2));
	for (int i = 0; i < PAIRS; i++)
		must_ok(coir_chan_destroy(r[i].ch));
}

/* One fiber is sent to, timed out and cancelled at about the same time, and says what it was. */
static intptr_t wait_for_one(void *arg)
{
	struct race *r = arg;
	long v = 0;
	int rc = r->delay ? coir_chan_recv_until(r->ch, &v, coir_after(r->delay)) : coir_chan_recv(r->ch, &v);
	must(rc == 0 || rc == -ETIMEDOUT || rc == -ECANCELED, "%d", rc);
	must_eq(v, rc == 0 ? 5 : 0);
	return rc;
}

static intptr_t cancel_it(void *arg)
{
	struct race *r = arg;
	int rc = coir_cancel(r->receiver);
	must(rc == 0 || rc == -ESRCH, "%d", rc);
	return 0;
}

static void triggers_against_cancels(long rounds)
{
	uint64_t dice = 11;
	long sent = 0, received = 0;
	struct race r = {.ch = NULL};
	must_ok(coir_chan_create(sizeof(long), 0, &r.ch));
	for (long i = 0; i < rounds; i++) {
		r.delay = i % 2 ? 1 + chance_below(&dice, 3000) : 0;
		r.receiver = must_spawn(wait_for_one, &r);
		coir_fiber killer = must_spawn(cancel_it, &r);
		if (i % 3)
			must_ok(coir_yield());
		chance_delay(&dice, 300);
		int rc = coir_chan_send_until(r.ch, &(long){5}, coir_after(chance_below(&dice, 3000)));
		must(rc == 0 || rc == -ETIMEDOUT, "%d", rc);
		sent += rc == 0;
		received += must_join(r.receiver) == 0;
		must_ok(must_join(killer));
	}
	must_eq(received, sent);
	must_ok(coir_chan_destroy(r.ch));
}

/* ---- the hunt for a lost wake-up: each side waits for the other, after a pause of any length ---- */

struct turns {
	coir_chan *there, *back;
	long rounds;
	unsigned delay;
};

static intptr_t answer(void *arg)
{
	struct turns *t = arg;
	uint64_t dice = (uintptr_t)t;
	long v;
	for (long i = 0; i < t->rounds; i++) {
		must_ok(coir_chan_recv(t->there, &v));
		must_eq(v, i);
		chance_delay(&dice, t->delay);
		must_ok(coir_chan_send(t->back, &v));
	}
	return 0;
}

static intptr_t ask(void *arg)
{
	struct turns *t = arg;
	uint64_t dice = 3 + (uintptr_t)t;
	long v;
	for (long i = 0; i < t->rounds; i++) {
		must_ok(coir_chan_send(t->there, &i));
		chance_delay(&dice, t->delay);
		must_ok(coir_chan_recv(t->back, &v));
		must_eq(v, i);
	}
	return 0;
}

static void *ask_in_thread(void *arg)
{
	ask(arg);
	return NULL;
}

static void take_turns(long rounds)
{
	enum { PAIRS = 4 };
	struct turns t[PAIRS];
	coir_fiber f[2 * PAIRS];
	pthread_t thread = 0;
	int n = 0;
	for (int i = 0; i < PAIRS; i++) {
		t[i] = (struct turns){.rounds = i < 2 ? rounds : rounds / 30 + 1, .delay = i == 2 ? 30000 : 300};
		must_ok(coir_chan_create(sizeof(long), i == 1, &t[i].there));
		must_ok(coir_chan_create(sizeof(long), i == 1, &t[i].back));
		f[n++] = (i == 1 ? must_spawn_sticky : must_spawn)(answer, &t[i]);
		if (i == 3)
			thread = thread_start(ask_in_thread, &t[i]);
		else
			f[n++] = (i == 1 ? must_spawn_sticky : must_spawn)(ask, &t[i]);
	}
	must_ok(must_join_all(f, n));
	thread_end(thread);
	for (int i = 0; i < PAIRS; i++) {
		must_ok(coir_chan_destroy(t[i].there));
		must_ok(coir_chan_destroy(t[i].back));
	}
}

static intptr_t stress_main(void *arg)
{
	const struct stress *s = arg;
	static const size_t caps[] = {0, 1, 7, 128};
	for (int i = 0; i < 4; i++)
		for (int form = 0; form < 3; form++)
			obey_the_laws(caps[i], s->rounds / (form == 1 ? 40 : 10) + 1, form, false);
	for (int i = 0; i < 4; i++)
		obey_the_laws(caps[i], s->rounds / 100 + 1, i % 3, true);
	serve_a_crowd(scaled_fibers(100000));
	triggers_against_timeouts(s->rounds / 20 + 1);
	triggers_against_cancels(s->rounds / 2);
	take_turns(s->rounds / 4);
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 120000);
	must_ok(with_workers(s.workers, stress_main, &s));
	return 0;
}
