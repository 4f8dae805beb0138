/* SPDX-License-Identifier: MIT
 *
 * api/chan_test.c - SEMANTICS, "Channels": what each call gives, and who gets which element.
 *
 * Where it matters who waits already, a case runs in virtual time: there a sleep ends only when all others wait.
 */
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

static void run_virtual(coir_fn fn)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = COIR_CLOCK_VIRTUAL;
	must_ok(coir_run(&cfg, fn, NULL, NULL));
}

#define virtual_test(Suite, Name)                                                   \
	static void Suite##_##Name(void);                                           \
	static intptr_t Suite##_##Name##_main(__attribute__((unused)) void *unused) \
	{                                                                           \
		Suite##_##Name();                                                   \
		return 0;                                                           \
	}                                                                           \
	Test(Suite, Name)                                                           \
	{                                                                           \
		run_virtual(Suite##_##Name##_main);                                 \
	}                                                                           \
	static void Suite##_##Name(void)

static void all_others_wait(void)
{
	must_ok(coir_sleep(1));
}

static coir_chan *make(size_t elem, size_t cap)
{
	coir_chan *ch = NULL;
	must_ok(coir_chan_create(elem, cap, &ch));
	must(ch != NULL);
	return ch;
}

/* A fiber that does one operation on a channel of ints, and keeps what it gave. */
struct one {
	coir_chan *ch;
	coir_time deadline; /* 0: none */
	int value;
	int result;
	int seen; /* at its end: how many had ended before */
	int *ended;
	coir_fiber fiber;
};

static intptr_t send_one(void *arg)
{
	struct one *o = arg;
	o->result =
		o->deadline ? coir_chan_send_until(o->ch, &o->value, o->deadline) : coir_chan_send(o->ch, &o->value);
	if (o->ended)
		o->seen = (*o->ended)++;
	return o->result;
}

static intptr_t recv_one(void *arg)
{
	struct one *o = arg;
	o->result =
		o->deadline ? coir_chan_recv_until(o->ch, &o->value, o->deadline) : coir_chan_recv(o->ch, &o->value);
	if (o->ended)
		o->seen = (*o->ended)++;
	return o->result;
}

/* ---- arguments and places ---- */

fiber_test(chan, bad_arguments_are_refused)
{
	int v = 0;
	coir_chan *ch = make(sizeof v, 1);
	coir_chan_attr attr = COIR_CHAN_ATTR_INIT;
	must_eq(coir_chan_create(4, 4, NULL), -EINVAL);
	must_eq(coir_chan_create_with(NULL, &ch), -EINVAL);
	must_eq(coir_chan_create_with(&attr, NULL), -EINVAL);
	attr.size--;
	must_eq(coir_chan_create_with(&attr, &ch), -EINVAL);
	must_eq(coir_chan_send(NULL, &v), -EINVAL);
	must_eq(coir_chan_send_until(NULL, &v, COIR_NEVER), -EINVAL);
	must_eq(coir_chan_try_send(NULL, &v), -EINVAL);
	must_eq(coir_chan_recv(NULL, &v), -EINVAL);
	must_eq(coir_chan_recv_until(NULL, &v, COIR_NEVER), -EINVAL);
	must_eq(coir_chan_try_recv(NULL, &v), -EINVAL);
	must_eq(coir_chan_close(NULL), -EINVAL);
	must_eq(coir_chan_destroy(NULL), -EINVAL);
	must_eq(coir_chan_len(NULL), 0);
	must_eq(coir_chan_cap(NULL), 0);
	must_eq(coir_chan_send(ch, NULL), -EINVAL);
	must_eq(coir_chan_try_send(ch, NULL), -EINVAL);
	must_eq(coir_chan_send_until(ch, NULL, 0), -EINVAL);
	must_ok(coir_chan_send(ch, &v));
	must_eq(coir_chan_recv(ch, NULL), -EINVAL);
	must_eq(coir_chan_try_recv(ch, NULL), -EINVAL);
	must_eq(coir_chan_recv_until(ch, NULL, 0), -EINVAL);
	must_eq(coir_chan_len(ch), 1);
	must_ok(coir_chan_destroy(ch));
}

Test(chan, too_large_ones_are_refused)
{
	coir_chan *ch = (coir_chan *)&ch;
	must_eq(coir_chan_create(SIZE_MAX, 2, &ch), -ENOMEM);
	must_eq(coir_chan_create(SIZE_MAX / 2, 2, &ch), -ENOMEM);
	must_eq(coir_chan_create(SIZE_MAX / 8, 8, &ch), -ENOMEM);
	must(ch == (coir_chan *)&ch);
}

/* Without a runtime a channel can be made, looked at, closed and destroyed. */
Test(chan, outside_a_runtime_nothing_is_sent)
{
	int v = 5;
	coir_chan *ch = make(sizeof v, 3);
	must_eq(coir_chan_send(ch, &v), -EPERM);
	must_eq(coir_chan_recv(ch, &v), -EPERM);
	must_eq(coir_chan_try_send(ch, &v), -EPERM);
	must_eq(coir_chan_try_recv(ch, &v), -EPERM);
	must_eq(coir_chan_send_until(ch, &v, 0), -EPERM);
	must_eq(coir_chan_recv_until(ch, &v, COIR_NEVER), -EPERM);
	must_eq(coir_chan_send(NULL, &v), -EINVAL);
	must_eq(coir_chan_len(ch), 0);
	must_eq(coir_chan_cap(ch), 3);
	must_ok(coir_chan_close(ch));
	must_eq(coir_chan_close(ch), -EPIPE);
	must_ok(coir_chan_destroy(ch));
}

static intptr_t fill_and_leave(void *arg)
{
	struct one *o = arg;
	for (int i = 0; i < 3; i++)
		must_ok(coir_chan_send(o->ch, &i));
	for (int i = 0; i < 5; i++)
		must_spawn(send_one, o);
	all_others_wait();
	must_eq(coir_chan_destroy(o->ch), -EBUSY);
	return 0;
}

static intptr_t drain_and_fill(void *arg)
{
	struct one *o = arg;
	int v;
	for (int i = 0; i < 3; i++) {
		must_ok(coir_chan_recv(o->ch, &v));
		must_eq(v, i);
	}
	must_eq(coir_chan_try_recv(o->ch, &v), -EAGAIN);
	coir_fiber f = must_spawn(recv_one, o);
	all_others_wait();
	v = 77;
	must_ok(coir_chan_try_send(o->ch, &v));
	must_ok(must_join(f));
	must_eq(o->value, 77);
	return 0;
}

/* What is buffered outlives a runtime; who waited does not. */
Test(chan, outlives_runtimes)
{
	struct one o = {.ch = make(sizeof(int), 3)};
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = COIR_CLOCK_VIRTUAL;
	must_ok(coir_run(&cfg, fill_and_leave, &o, NULL));
	must_eq(coir_chan_len(o.ch), 3);
	must_ok(coir_run(&cfg, drain_and_fill, &o, NULL));
	must_ok(coir_run(&cfg, fill_and_leave, &o, NULL));
	must_ok(coir_chan_destroy(o.ch));
}

/* ---- elements ---- */

static void fill_bytes(unsigned char *bytes, size_t size, int seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(i * 7 + (size_t)seed * 13 + 1);
}

struct sized {
	coir_chan *ch;
	size_t size;
	int count;
	bool receives;
};

enum { LARGEST = 5000 };

static intptr_t many_of_a_size(void *arg)
{
	struct sized *s = arg;
	unsigned char bytes[LARGEST + 2], expected[LARGEST];
	for (int i = 0; i < s->count; i++) {
		fill_bytes(expected, s->size, i);
		bytes[0] = bytes[s->size + 1] = 0xaa;
		if (s->receives) {
			must_ok(coir_chan_recv(s->ch, bytes + 1));
		} else {
			memcpy(bytes + 1, expected, s->size);
			must_ok(coir_chan_send(s->ch, bytes + 1));
		}
		must(memcmp(bytes + 1, expected, s->size) == 0, "size %zu, element %d", s->size, i);
		must(bytes[0] == 0xaa && bytes[s->size + 1] == 0xaa, "size %zu, element %d", s->size, i);
	}
	return 0;
}

fiber_test(chan, elements_of_any_size)
{
	static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 8, 12, 16, 17, 24, 64, 100, LARGEST};
	static const size_t caps[] = {0, 1, 3, 64};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (size_t k = 0; k < sizeof caps / sizeof *caps; k++) {
			struct sized in = {.ch = make(sizes[i], caps[k]), .size = sizes[i], .count = 150};
			struct sized out = in;
			out.receives = true;
			coir_fiber f[] = {must_spawn(many_of_a_size, i % 2 ? &in : &out),
					  must_spawn(many_of_a_size, i % 2 ? &out : &in)};
			must_ok(must_join_all(f, 2));
			must_eq(coir_chan_len(in.ch), 0);
			must_ok(coir_chan_destroy(in.ch));
		}
	}
}

fiber_test(chan, signals_need_no_memory)
{
	coir_chan *ch = make(0, 2);
	must_ok(coir_chan_send(ch, NULL));
	must_ok(coir_chan_try_send(ch, NULL));
	must_eq(coir_chan_try_send(ch, NULL), -EAGAIN);
	must_ok(coir_chan_recv(ch, NULL));
	must_ok(coir_chan_recv_until(ch, NULL, 0));
	must_eq(coir_chan_try_recv(ch, NULL), -EAGAIN);
	must_ok(coir_chan_destroy(ch));
}

fiber_test(chan, a_buffer_holds_so_many_in_order)
{
	coir_chan *ch = make(sizeof(int), 5);
	int in = 0, out = 0, v;
	must_eq(coir_chan_cap(ch), 5);
	for (int round = 0; round < 50; round++) { /* the ring wraps at every place */
		for (int i = 0; i < 1 + round % 5; i++, in++)
			must_ok(coir_chan_try_send(ch, &in));
		if (round % 5 == 4)
			must_eq(coir_chan_try_send(ch, &in), -EAGAIN);
		must_eq(coir_chan_len(ch), (size_t)(in - out));
		for (; out < in; out++) {
			must_ok(coir_chan_try_recv(ch, &v));
			must_eq(v, out);
		}
		must_eq(coir_chan_try_recv(ch, &v), -EAGAIN);
	}
	must_ok(coir_chan_destroy(ch));
}

virtual_test(chan, unbuffered_is_a_rendezvous)
{
	struct one o = {.ch = make(sizeof(int), 0), .value = 3};
	int v = 0;
	must_eq(coir_chan_try_send(o.ch, &v), -EAGAIN);
	must_eq(coir_chan_try_recv(o.ch, &v), -EAGAIN);
	o.fiber = must_spawn(send_one, &o);
	all_others_wait();
	must_eq(coir_chan_len(o.ch), 0);
	must_eq(coir_chan_try_send(o.ch, &v), -EAGAIN);
	must_ok(coir_chan_try_recv(o.ch, &v));
	must_eq(v, 3);
	must_ok(must_join(o.fiber));
	o.fiber = must_spawn(recv_one, &o);
	all_others_wait();
	must_eq(coir_chan_try_recv(o.ch, &v), -EAGAIN);
	v = 4;
	must_ok(coir_chan_try_send(o.ch, &v));
	v = 5;
	must_ok(must_join(o.fiber));
	must_eq(o.value, 4);
	must_ok(coir_chan_destroy(o.ch));
}

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

virtual_test(chan, receivers_are_served_in_order)
{
	struct one crowd[CROWD];
	for (size_t cap = 0; cap < 3; cap++) {
		coir_chan *ch = make(sizeof(int), cap);
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

virtual_test(chan, senders_are_served_in_order_behind_the_buffer)
{
	struct one crowd[CROWD];
	for (size_t cap = 0; cap < 5; cap++) {
		int v, ended = 0;
		coir_chan *ch = make(sizeof(int), cap);
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

virtual_test(chan, deadlines)
{
	coir_chan *ch = make(sizeof(int), 1);
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
virtual_test(chan, who_gave_up_is_passed_over)
{
	coir_chan *ch = make(sizeof(int), 0);
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

virtual_test(chan, waiting_can_be_cancelled)
{
	for (int sends = 0; sends < 2; sends++) {
		for (int limited = 0; limited < 2; limited++) {
			struct one o = {.ch = make(sizeof(int), 0), .value = -1};
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

fiber_test(chan, cancellation_comes_first)
{
	coir_chan *ch = make(sizeof(int), 1);
	must_eq(must_join(must_spawn(use_while_cancelled, ch)), 7);
	must_ok(coir_chan_destroy(ch));
}

/* ---- closing ---- */

fiber_test(chan, a_closed_one_drains)
{
	coir_chan *ch = make(sizeof(int), 3);
	int v;
	for (int i = 0; i < 3; i++)
		must_ok(coir_chan_send(ch, &i));
	must_ok(coir_chan_close(ch));
	must_eq(coir_chan_close(ch), -EPIPE);
	must_eq(coir_chan_send(ch, &v), -EPIPE);
	must_eq(coir_chan_try_send(ch, &v), -EPIPE);
	must_eq(coir_chan_send_until(ch, &v, COIR_NEVER), -EPIPE);
	must_eq(coir_chan_len(ch), 3);
	for (int i = 0; i < 3; i++) {
		must_ok(i == 0   ? coir_chan_recv(ch, &v)
			: i == 1 ? coir_chan_try_recv(ch, &v)
				 : coir_chan_recv_until(ch, &v, 0));
		must_eq(v, i);
	}
	must_eq(coir_chan_recv(ch, &v), -EPIPE);
	must_eq(coir_chan_try_recv(ch, &v), -EPIPE);
	must_eq(coir_chan_recv_until(ch, &v, 0), -EPIPE);
	must_eq(coir_chan_close(ch), -EPIPE);
	must_ok(coir_chan_destroy(ch));
}

virtual_test(chan, closing_sends_all_away)
{
	struct one crowd[CROWD];
	for (int sends = 0; sends < 2; sends++) {
		coir_chan *ch = make(sizeof(int), 0);
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

/* ---- destroying ---- */

struct drops {
	int next, count;
};

static void drop(void *elem, void *arg)
{
	struct drops *d = arg;
	must_eq(*(int *)elem, d->next++);
	d->count++;
}

virtual_test(chan, leftovers_are_dropped_in_order)
{
	struct drops d = {.next = 2};
	coir_chan_attr attr = COIR_CHAN_ATTR_INIT;
	attr.elem = sizeof(int);
	attr.cap = 4;
	attr.drop = drop;
	attr.drop_arg = &d;
	struct one o = {.value = 6};
	must_ok(coir_chan_create_with(&attr, &o.ch));
	for (int i = 0; i < 4; i++)
		must_ok(coir_chan_send(o.ch, &i));
	int v;
	must_ok(coir_chan_recv(o.ch, &v));
	must_ok(coir_chan_recv(o.ch, &v));
	for (int i = 4; i < 6; i++) /* round the end of the ring */
		must_ok(coir_chan_send(o.ch, &i));
	o.fiber = must_spawn(send_one, &o);
	all_others_wait();
	must_eq(coir_chan_destroy(o.ch), -EBUSY);
	must_eq(d.count, 0);
	must_ok(coir_cancel(o.fiber));
	must_eq(must_join(o.fiber), -ECANCELED);
	must_ok(coir_chan_destroy(o.ch));
	must_eq(d.count, 4);
	must_eq(d.next, 6);
}

virtual_test(chan, nobody_destroys_what_is_waited_for)
{
	struct one o = {.ch = make(sizeof(int), 0), .deadline = coir_after(COIR_SECOND)};
	o.fiber = must_spawn(recv_one, &o);
	all_others_wait();
	must_eq(coir_chan_destroy(o.ch), -EBUSY);
	must_eq(must_join(o.fiber), -ETIMEDOUT);
	must_ok(coir_chan_destroy(o.ch));
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

workers_test(chan, plain_threads_take_part)
{
	start_workers(workers);
	for (size_t cap = 0; cap < 4; cap += 3) {
		coir_chan *ch = make(sizeof(int), cap);
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

Test(chan, plain_threads_time_out)
{
	start_workers(1);
	coir_chan *ch = make(sizeof(int), 1);
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
Test(chan, plain_threads_are_sent_away)
{
	for (int i = 0; i < 20; i++) {
		bool closes = i % 2;
		start_workers(1);
		coir_chan *ch = make(sizeof(int), 0);
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
solo_test(chan, an_uncontended_operation_makes_no_syscall)
{
	coir_chan *ch = make(sizeof(int), 10);
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
solo_test(chan, nobody_keeps_the_worker_by_sending)
{
	for (int form = 0; form < 4; form++) {
		size_t cap = form < 3 ? 1 : 100000;
		struct greedy g = {.ch = make(sizeof(int), cap), .form = form % 3};
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

/* ---- typed ---- */

struct point {
	int x, y;
};

typedef COIR_CHAN(int) int_chan;
typedef COIR_CHAN(struct point) point_chan;
typedef COIR_CHAN(const char *) text_chan;

fiber_test(chan, typed)
{
	int_chan c;
	point_chan p;
	text_chan t;
	must_eq(sizeof c, sizeof(void *));
	must_ok(coir_make(&c, 2));
	must_ok(coir_make(&p, 1));
	must_ok(coir_make(&t, 1));
	int n = 0, calls = 0;
	struct point q = {0, 0};
	const char *text;
	must_ok(coir_send(c, (short)41)); /* converted as by initialization */
	must_ok(coir_try_send(c, ++calls));
	must_eq(calls, 1);
	must_eq(coir_try_send(c, 3), -EAGAIN);
	must_eq(coir_send_until(c, 3, 0), -ETIMEDOUT);
	must_ok(coir_recv(c, &n));
	must_eq(n, 41);
	must_ok(coir_try_recv(c, &n));
	must_eq(n, 1);
	must_eq(coir_recv_until(c, &n, 0), -ETIMEDOUT);
	must_ok(coir_send(p, ((struct point){3, 4})));
	must_ok(coir_recv(p, &q));
	must_eq(q.x * 10 + q.y, 34);
	must_ok(coir_send(t, "coconut"));
	must_ok(coir_close(t));
	must_ok(coir_recv(t, &text));
	must(strcmp(text, "coconut") == 0);
	must_eq(coir_recv(t, &text), -EPIPE);
	must_ok(coir_chan_destroy(c.chan));
	must_ok(coir_chan_destroy(p.chan));
	must_ok(coir_chan_destroy(t.chan));
}
