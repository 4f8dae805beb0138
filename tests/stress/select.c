/* SPDX-License-Identifier: MIT
 *
 * stress/select.c - select under load: exactly one case is done, whatever the others do meanwhile.
 */
#include "support/stress.h"

#include <errno.h>
#include <stdatomic.h>

enum { CHANNELS = 4, FIBERS = 12 };

/* ---- everybody sends and receives everywhere, by select ---- */

struct market {
	coir_chan *ch[CHANNELS];
	long rounds;
	atomic_long sent[CHANNELS], received[CHANNELS]; /* sums of what went in and came out */
	atomic_long next;
};

/* Cases in any number and order: the same channel may come in several, to send and to receive. */
static int make_cases(struct market *m, uint64_t *dice, coir_case *cases, int *where, long *offer, long *got)
{
	int n = 1 + (int)chance_below(dice, 5);
	for (int i = 0; i < n; i++) {
		where[i] = (int)chance_below(dice, CHANNELS);
		got[i] = -1;
		cases[i] = chance_below(dice, 2) ? coir_case_send(m->ch[where[i]], offer)
						 : coir_case_recv(m->ch[where[i]], &got[i]);
	}
	return n;
}

static bool trade_once(struct market *m, uint64_t *dice, coir_time deadline)
{
	coir_case cases[5];
	int where[5];
	long got[5], offer = atomic_fetch_add(&m->next, 1);
	int n = make_cases(m, dice, cases, where, &offer, got);
	int taken = coir_select(cases, (size_t)n, deadline);
	for (int i = 0; i < n; i++)
		must(got[i] == -1 || i == taken, "case %d got an element, case %d was taken", i, taken);
	if (taken < 0) {
		must_eq(taken, -ETIMEDOUT);
		return false;
	}
	must_ok(cases[taken].err);
	if (cases[taken].kind == COIR_CASE_SEND) {
		atomic_fetch_add(&m->sent[where[taken]], offer);
	} else {
		must(got[taken] >= 0);
		atomic_fetch_add(&m->received[where[taken]], got[taken]);
	}
	return true;
}

static void trade(struct market *m, uint64_t seed)
{
	uint64_t dice = seed;
	for (long i = 0; i < m->rounds; i++)
		trade_once(m, &dice,
			   coir_after(chance_below(&dice, 3) ? 200 * COIR_MICROSECOND : chance_below(&dice, 2000)));
}

struct trader {
	struct market *market;
	uint64_t seed;
};

static intptr_t fiber_trades(void *arg)
{
	struct trader *t = arg;
	trade(t->market, t->seed);
	return 0;
}

static void *thread_trades(void *arg)
{
	fiber_trades(arg);
	return NULL;
}

static void hold_a_market(long rounds, bool threads)
{
	struct market m = {.rounds = rounds};
	struct trader t[FIBERS + 1];
	coir_fiber f[FIBERS];
	for (int i = 0; i < CHANNELS; i++)
		must_ok(coir_chan_create(sizeof(long), i == 3 ? 2 : 0, &m.ch[i]));
	for (int i = 0; i <= FIBERS; i++)
		t[i] = (struct trader){&m, (uint64_t)(i + 1)};
	for (int i = 0; i < FIBERS; i++)
		f[i] = must_spawn(fiber_trades, &t[i]);
	if (threads)
		thread_end(thread_start(thread_trades, &t[FIBERS]));
	must_ok(must_join_all(f, FIBERS));
	for (int i = 0; i < CHANNELS; i++) {
		long v;
		while (coir_chan_try_recv(m.ch[i], &v) == 0)
			atomic_fetch_add(&m.received[i], v);
		must_eq(atomic_load(&m.received[i]), atomic_load(&m.sent[i]));
		must_ok(coir_chan_destroy(m.ch[i]));
	}
}

/* ---- pairs of selects that can only serve each other; none may give up ---- */

struct pair {
	coir_chan *ch[2];
	long rounds;
};

/* Sends on the one and receives from the other, in any order, until both have happened `rounds` times. */
static intptr_t exchange(struct pair *p, int side)
{
	long sent = 0, received = 0, sum = 0, v;
	while (sent < p->rounds || received < p->rounds) {
		coir_case cases[] = {
			coir_case_send(sent < p->rounds ? p->ch[side] : NULL, &sent),
			coir_case_recv(received < p->rounds ? p->ch[1 - side] : NULL, &v),
		};
		int taken = coir_select(cases, 2, COIR_NEVER);
		must(taken >= 0, "%d", taken);
		must_ok(cases[taken].err);
		if (taken == 0) {
			sent++;
		} else {
			must_eq(v, received);
			received++;
			sum += v;
		}
	}
	return sum;
}

static intptr_t exchange_left(void *arg)
{
	return exchange(arg, 0);
}

static intptr_t exchange_right(void *arg)
{
	return exchange(arg, 1);
}

static void serve_each_other(long rounds)
{
	enum { PAIRS = 3 };
	struct pair p[PAIRS];
	coir_fiber f[2 * PAIRS];
	for (int i = 0; i < PAIRS; i++) {
		p[i].rounds = rounds;
		must_ok(coir_chan_create(sizeof(long), 0, &p[i].ch[0]));
		must_ok(coir_chan_create(sizeof(long), i == 2, &p[i].ch[1]));
		f[2 * i] = must_spawn(exchange_left, &p[i]);
		f[2 * i + 1] = must_spawn(exchange_right, &p[i]);
	}
	must_eq(must_join_all(f, 2 * PAIRS), PAIRS * rounds * (rounds - 1));
	for (int i = 0; i < PAIRS; i++)
		for (int k = 0; k < 2; k++)
			must_ok(coir_chan_destroy(p[i].ch[k]));
}

/* ---- a reply channel, gone as soon as the reply has come ---- */

struct desk {
	coir_chan *requests, *quit;
};

static intptr_t serve_requests(void *arg)
{
	struct desk *d = arg;
	for (long served = 0;;) {
		coir_chan *reply;
		coir_case asked[] = {coir_case_recv(d->requests, &reply), coir_case_recv(d->quit, NULL)};
		if (coir_select(asked, 2, COIR_NEVER) == 1)
			return served;
		coir_case answer[] = {coir_case_send(reply, &served), coir_case_recv(d->quit, NULL)};
		must_eq(coir_select(answer, 2, COIR_NEVER), 0);
		served++;
	}
}

struct client {
	struct desk *desk;
	long rounds;
};

static intptr_t make_requests(void *arg)
{
	struct client *c = arg;
	uint64_t dice = (uintptr_t)c;
	for (long i = 0; i < c->rounds; i++) {
		coir_chan *reply;
		long v = -1;
		must_ok(coir_chan_create(sizeof v, 0, &reply));
		must_ok(coir_chan_send(c->desk->requests, &reply));
		chance_delay(&dice, 200);
		must_ok(coir_chan_recv(reply, &v));
		must(v >= 0);
		must_ok(coir_chan_destroy(reply)); /* though the server's select may not have returned */
	}
	return 0;
}

static void ask_and_destroy(long rounds)
{
	enum { SERVERS = 2, CLIENTS = 4 };
	struct desk d;
	struct client c = {&d, rounds};
	coir_fiber servers[SERVERS], clients[CLIENTS];
	must_ok(coir_chan_create(sizeof(coir_chan *), 0, &d.requests));
	must_ok(coir_chan_create(0, 0, &d.quit));
	for (int i = 0; i < SERVERS; i++)
		servers[i] = must_spawn(serve_requests, &d);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = must_spawn(make_requests, &c);
	must_ok(must_join_all(clients, CLIENTS));
	must_ok(coir_chan_close(d.quit));
	must_eq(must_join_all(servers, SERVERS), CLIENTS * rounds);
	must_ok(coir_chan_destroy(d.requests));
	must_ok(coir_chan_destroy(d.quit));
}

/* ---- against the cancel ---- */

struct victim {
	coir_chan *ch[2];
	coir_fiber fiber;
};

static intptr_t choose_once(void *arg)
{
	struct victim *v = arg;
	long got[2] = {0, 0};
	coir_case cases[] = {coir_case_recv(v->ch[0], &got[0]), coir_case_recv(v->ch[1], &got[1])};
	int taken = coir_select(cases, 2, COIR_NEVER);
	must(taken == -ECANCELED || taken == 0 || taken == 1, "%d", taken);
	for (int i = 0; i < 2; i++)
		must_eq(got[i], taken == i ? 5 : 0);
	return taken >= 0;
}

static intptr_t cancel_it(void *arg)
{
	struct victim *v = arg;
	int rc = coir_cancel(v->fiber);
	must(rc == 0 || rc == -ESRCH, "%d", rc);
	return 0;
}

static void choose_against_cancels(long rounds)
{
	uint64_t dice = 5;
	long sent = 0, taken = 0;
	struct victim v;
	for (int i = 0; i < 2; i++)
		must_ok(coir_chan_create(sizeof(long), 0, &v.ch[i]));
	for (long i = 0; i < rounds; i++) {
		v.fiber = must_spawn(choose_once, &v);
		coir_fiber killer = must_spawn(cancel_it, &v);
		if (i % 3)
			must_ok(coir_yield());
		chance_delay(&dice, 300);
		for (int k = 0; k < 2; k++)
			sent += coir_chan_try_send(v.ch[k], &(long){5}) == 0;
		taken += must_join(v.fiber);
		must_ok(must_join(killer));
	}
	must_eq(taken, sent);
	for (int i = 0; i < 2; i++)
		must_ok(coir_chan_destroy(v.ch[i]));
}

static intptr_t stress_main(void *arg)
{
	const struct stress *s = arg;
	hold_a_market(s->rounds / 4 + 1, false);
	hold_a_market(s->rounds / 40 + 1, true);
	serve_each_other(s->rounds);
	ask_and_destroy(s->rounds / 2);
	choose_against_cancels(s->rounds / 2);
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 60000);
	must_ok(with_workers(s.workers, stress_main, &s));
	return 0;
}
