/* SPDX-License-Identifier: MIT
 *
 * api/chan_wait_test.c - SEMANTICS, "Channels": who waits is served in order, until a deadline, a cancel or a close; also
 * in plain threads; and who need not wait keeps nobody else from running. Virtual time as in chan_test.c.
 */
#include "support/chan.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

/* ---- who waits is served in order ---- */

enum { CROWD = 20 };

static void make_crowd(struct one *crowd, coir_chan *ch, coir_fn fn, int *ended)
{
	for (int i = 0; i < CROWD; i++) {
		crowd[i] = (struct one){.ch = ch, .value = 1000 + i, .result = 1, .ended = ended};
		crowd[i].fiber = must_spawn(fn, &crowd[i]);
		all_others_wait();
	}
}

virtual_test(chan_wait, receivers_are_served_in_order)
{
	struct one crowd[CROWD];
	for (size_t cap = 0; cap < 3; cap++) {
		coir_chan *ch = must_chan(sizeof(int), cap);
		make_crowd(crowd, ch, recv_one, NULL);
		for (int i = 0; i < CROWD; i++)
			must_ok(coir_chan_try_send(ch, &i));
		must_eq(coir_chan_len(ch), 0);
		for (int i = 0; i < CROWD; i++) {
			must_ok(must_join(crowd[i].fiber));
			must_eq(crowd[i].value, i);
		}
		must_ok(coir_chan_destroy(ch));
	}
}

virtual_test(chan_wait, senders_are_served_in_order_behind_the_buffer)
{
	struct one crowd[CROWD];
	for (size_t cap = 0; cap < 5; cap++) {
		int v, ended = 0;
		coir_chan *ch = must_chan(sizeof(int), cap);
		make_crowd(crowd, ch, send_one, &ended);
		must_eq(coir_chan_len(ch), cap);
		must_eq(ended, (int)cap);
		for (int i = 0; i < CROWD; i++) {
			must_ok(coir_chan_try_recv(ch, &v));
			must_eq(v, 1000 + i);
			all_others_wait();
			must_eq(ended, (int)cap + i + 1 < CROWD ? (int)cap + i + 1 : CROWD); /* one for each */
		}
		must_eq(coir_chan_try_recv(ch, &v), -EAGAIN);
		for (int i = 0; i < CROWD; i++) {
			must_ok(must_join(crowd[i].fiber));
			must_eq(crowd[i].seen, i);
		}
		must_ok(coir_chan_destroy(ch));
	}
}

/* ---- deadlines ---- */

virtual_test(chan_wait, deadlines)
{
	coir_chan *ch = must_chan(sizeof(int), 1);
	int v = 1, got = -1;
	coir_time before = coir_now();
	must_eq(coir_chan_recv_until(ch, &got, coir_after(COIR_SECOND)), -ETIMEDOUT);
	must(coir_now() >= before + COIR_SECOND && coir_now() < before + 2 * COIR_SECOND);
	must_eq(coir_chan_recv_until(ch, &got, 0), -ETIMEDOUT);
	must_eq(coir_chan_recv_until(ch, &got, INT64_MIN), -ETIMEDOUT);
	must_eq(got, -1);
	must_ok(coir_chan_send_until(ch, &v, 0)); /* a past deadline tries once, and success beats it */
	before = coir_now();
	must_eq(coir_chan_send_until(ch, &v, coir_after(COIR_SECOND)), -ETIMEDOUT);
	must(coir_now() >= before + COIR_SECOND);
	must_eq(coir_chan_send_until(ch, &v, 0), -ETIMEDOUT);
	must_eq(coir_chan_len(ch), 1); /* what timed out is not there */
	must_ok(coir_chan_recv_until(ch, &got, 0));
	must_eq(got, 1);
	must_eq(coir_chan_try_recv(ch, &got), -EAGAIN);
	must_ok(coir_chan_destroy(ch));
}

/* One that gave up is skipped, and what comes in time comes. */
virtual_test(chan_wait, who_gave_up_is_passed_over)
{
	coir_chan *ch = must_chan(sizeof(int), 0);
	coir_time start = coir_now();
	struct one r[3];
	for (int i = 0; i < 3; i++) {
		r[i] = (struct one){.ch = ch, .value = -1, .deadline = start + (i == 1 ? 10 : 1000) * COIR_SECOND};
		r[i].fiber = must_spawn(recv_one, &r[i]);
		all_others_wait();
	}
	must_ok(coir_sleep(20 * COIR_SECOND));
	for (int v = 0; v < 2; v++)
		must_ok(coir_chan_try_send(ch, &v));
	must_eq(coir_chan_try_send(ch, &(int){9}), -EAGAIN);
	must_eq(must_join(r[1].fiber), -ETIMEDOUT);
	must_ok(must_join(r[0].fiber));
	must_ok(must_join(r[2].fiber));
	must_eq(r[0].value, 0);
	must_eq(r[1].value, -1);
	must_eq(r[2].value, 1);
	must(coir_now() < start + 100 * COIR_SECOND);
	must_ok(coir_chan_destroy(ch));
}

/* ---- cancellation ---- */

virtual_test(chan_wait, waiting_can_be_cancelled)
{
	for (int sends = 0; sends < 2; sends++) {
		for (int limited = 0; limited < 2; limited++) {
			struct one o = {.ch = must_chan(sizeof(int), 0), .value = -1};
			o.deadline = limited ? coir_after(COIR_SECOND) : 0;
			o.fiber = must_spawn(sends ? send_one : recv_one, &o);
			all_others_wait();
			must_ok(coir_cancel(o.fiber));
			must_eq(must_join(o.fiber), -ECANCELED);
			must_eq(o.value, -1);
			must_eq(coir_chan_try_send(o.ch, &(int){0}), -EAGAIN);
			must_eq(coir_chan_try_recv(o.ch, &(int){0}), -EAGAIN);
			must_ok(coir_chan_destroy(o.ch));
		}
	}
}

static intptr_t use_while_cancelled(void *arg)
{
	coir_chan *ch = arg;
	int v = 7;
	must_ok(coir_cancel(must_self()));
	must_eq(coir_chan_send(ch, &v), -ECANCELED); /* though there is room */
	must_eq(coir_chan_send_until(ch, &v, 0), -ECANCELED);
	must_eq(coir_chan_len(ch), 0);
	must_ok(coir_chan_try_send(ch, &v)); /* no cancellation point */
	must_eq(coir_chan_recv(ch, &v), -ECANCELED);
	must_eq(coir_chan_recv_until(ch, &v, COIR_NEVER), -ECANCELED);
	must_eq(coir_chan_len(ch), 1);
	must_ok(coir_chan_try_recv(ch, &v));
	must_ok(coir_shield_begin());
	must_ok(coir_chan_send(ch, &v));
	must_ok(coir_chan_recv_until(ch, &v, 0));
	must_eq(coir_chan_recv_until(ch, &v, coir_after(1000)), -ETIMEDOUT);
	must_ok(coir_shield_end());
	must_ok(coir_chan_close(ch));
	must_eq(coir_chan_recv(ch, &v), -ECANCELED);
	return v;
}

fiber_test(chan_wait, cancellation_comes_first)
{
	coir_chan *ch = must_chan(sizeof(int), 1);
	must_eq(must_join(must_spawn(use_while_cancelled, ch)), 7);
	must_ok(coir_chan_destroy(ch));
}

/* ---- closing ---- */

virtual_test(chan_wait, closing_sends_all_away)
{
	struct one crowd[CROWD];
	for (int sends = 0; sends < 2; sends++) {
		coir_chan *ch = must_chan(sizeof(int), 0);
		make_crowd(crowd, ch, sends ? send_one : recv_one, NULL);
		must_eq(coir_chan_destroy(ch), -EBUSY);
		must_ok(coir_chan_close(ch));
		must_ok(coir_chan_destroy(ch)); /* nobody comes back to it */
		for (int i = 0; i < CROWD; i++) {
			must_eq(must_join(crowd[i].fiber), -EPIPE);
			must_eq(crowd[i].value, 1000 + i);
		}
	}
}

/* ---- plain threads ---- */

enum { FROM_EACH = 2000 };

static void *thread_sends(void *arg)
{
	coir_chan *ch = arg;
	for (int i = 0; i < FROM_EACH; i++)
		must_ok(i % 2 ? coir_chan_send(ch, &i) : coir_chan_send_until(ch, &i, COIR_NEVER));
	return NULL;
}

static void *thread_receives(void *arg)
{
	coir_chan *ch = arg;
	int v;
	for (int i = 0; i < FROM_EACH; i++) {
		must_ok(i % 2 ? coir_chan_recv(ch, &v) : coir_chan_recv_until(ch, &v, COIR_NEVER));
		must_eq(v, i);
	}
	return NULL;
}

static intptr_t fiber_sends(void *arg)
{
	thread_sends(arg);
	return 0;
}

static intptr_t fiber_receives(void *arg)
{
	thread_receives(arg);
	return 0;
}

workers_test(chan_wait, plain_threads_take_part)
{
	start_workers(workers);
	for (size_t cap = 0; cap < 4; cap += 3) {
		coir_chan *ch = must_chan(sizeof(int), cap);
		coir_fiber f = must_spawn(fiber_sends, ch);
		thread_end(thread_start(thread_receives, ch));
		must_join(f);
		f = must_spawn(fiber_receives, ch);
		thread_end(thread_start(thread_sends, ch));
		must_join(f);
		pthread_t t = thread_start(thread_receives, ch);
		thread_end(thread_start(thread_sends, ch));
		thread_end(t);
		must_ok(coir_chan_destroy(ch));
	}
	stop_workers();
}

Test(chan_wait, plain_threads_time_out)
{
	start_workers(1);
	coir_chan *ch = must_chan(sizeof(int), 1);
	int v = 1;
	coir_time until = coir_after(3 * COIR_MILLISECOND);
	must_eq(coir_chan_recv_until(ch, &v, until), -ETIMEDOUT);
	must(coir_now() >= until);
	must_eq(coir_chan_recv_until(ch, &v, 0), -ETIMEDOUT);
	must_eq(coir_chan_recv_until(ch, &v, INT64_MIN), -ETIMEDOUT);
	must_eq(coir_chan_try_recv(ch, &v), -EAGAIN);
	must_ok(coir_chan_send_until(ch, &v, INT64_MIN));
	must_eq(coir_chan_send_until(ch, &v, coir_after(1000)), -ETIMEDOUT);
	must_eq(coir_chan_try_send(ch, &v), -EAGAIN);
	must_ok(coir_chan_close(ch));
	must_eq(coir_chan_send(ch, &v), -EPIPE);
	must_ok(coir_chan_recv(ch, &v));
	must_eq(coir_chan_recv(ch, &v), -EPIPE);
	must_ok(coir_chan_destroy(ch));
	stop_workers();
}

/* Its second receive has nothing to get. */
static void *thread_gets(void *arg)
{
	int v = 0;
	must_ok(coir_chan_recv(arg, &v));
	must_eq(v, 8);
	return (void *)(intptr_t)coir_chan_recv(arg, &v);
}

/* A plain thread that waits gets -EPIPE by a close, -EPERM by the end of the runtime. */
Test(chan_wait, plain_threads_are_sent_away)
{
	for (int i = 0; i < 20; i++) {
		bool closes = i % 2;
		start_workers(1);
		coir_chan *ch = must_chan(sizeof(int), 0);
		pthread_t t = thread_start(thread_gets, ch);
		must_ok(coir_chan_send(ch, &(int){8}));
		for (int k = 0; k < 100; k++) /* most often it waits by then; the answer is the same if it does not */
			sched_yield();
		if (closes)
			must_ok(coir_chan_close(ch));
		else
			stop_workers();
		must_eq((intptr_t)thread_end(t), closes ? -EPIPE : -EPERM);
		if (closes)
			stop_workers();
		must_ok(coir_chan_destroy(ch));
	}
}

/* ---- promises ---- */

/* Single worker: nobody else makes futex calls. */
solo_test(chan_wait, an_uncontended_operation_makes_no_syscall)
{
	coir_chan *ch = must_chan(sizeof(int), 10);
	uint64_t before = must_stats().futex_calls;
	for (int i = 0; i < 1000; i++) {
		int v = i;
		must_ok(coir_chan_send(ch, &v));
		must_ok(coir_chan_recv(ch, &v));
		must_eq(v, i);
	}
	must_eq(must_stats().futex_calls, before);
	must_ok(coir_chan_destroy(ch));
}

struct greedy {
	coir_chan *ch;
	atomic_bool stop;
	long rounds;
	int form;
};

static intptr_t never_waits(void *arg)
{
	struct greedy *g = arg;
	int v = 0;
	for (; !atomic_load(&g->stop); g->rounds++) {
		if (g->form == 0) {
			must_ok(coir_chan_send(g->ch, &v));
			must_ok(coir_chan_recv(g->ch, &v));
		} else if (g->form == 1) {
			must_ok(coir_chan_try_send(g->ch, &v));
			must_ok(coir_chan_try_recv(g->ch, &v));
		} else {
			must_ok(coir_chan_send_until(g->ch, &v, COIR_NEVER));
			must_ok(coir_chan_recv_until(g->ch, &v, COIR_NEVER));
		}
	}
	return 0;
}

/* A fiber whose operations never have to wait lets others run all the same. */
solo_test(chan_wait, nobody_keeps_the_worker_by_sending)
{
	for (int form = 0; form < 4; form++) {
		size_t cap = form < 3 ? 1 : 100000;
		struct greedy g = {.ch = must_chan(sizeof(int), cap), .form = form % 3};
		if (cap > 1)
			must_ok(coir_chan_send(g.ch, &(int){0}));
		coir_fiber f = must_spawn(never_waits, &g);
		while (g.rounds == 0)
			must_ok(coir_yield());
		long seen = g.rounds;
		must_ok(coir_yield());
		must(g.rounds - seen < (long)(cap > 1 ? 10000 : 1000), "%ld", g.rounds - seen);
		atomic_store(&g.stop, true);
		must_ok(must_join(f));
		must_ok(coir_chan_destroy(g.ch));
	}
}
