/* SPDX-License-Identifier: MIT
 *
 * api/chan_test.c - SEMANTICS, "Channels": what each call gives, what is transferred, what a close and a destroy do. Who
 * waits, and for how long, is chan_wait_test.c's.
 *
 * Where it matters who waits already, a case runs in virtual time: there a sleep ends only when all others wait.
 */
#include "support/chan.h"

#include <errno.h>
#include <string.h>

/* ---- arguments and places ---- */

fiber_test(chan, bad_arguments_are_refused)
{
	int v = 0;
	coir_chan *ch = must_chan(sizeof v, 1);
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
	coir_chan *ch = must_chan(sizeof v, 3);
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
	struct one o = {.ch = must_chan(sizeof(int), 3)};
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
			struct sized in = {.ch = must_chan(sizes[i], caps[k]), .size = sizes[i], .count = 150};
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
	coir_chan *ch = must_chan(0, 2);
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
	coir_chan *ch = must_chan(sizeof(int), 5);
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
	struct one o = {.ch = must_chan(sizeof(int), 0), .value = 3};
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

/* ---- closing ---- */

fiber_test(chan, a_closed_one_drains)
{
	coir_chan *ch = must_chan(sizeof(int), 3);
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
	struct one o = {.ch = must_chan(sizeof(int), 0), .deadline = coir_after(COIR_SECOND)};
	o.fiber = must_spawn(recv_one, &o);
	all_others_wait();
	must_eq(coir_chan_destroy(o.ch), -EBUSY);
	must_eq(must_join(o.fiber), -ETIMEDOUT);
	must_ok(coir_chan_destroy(o.ch));
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
