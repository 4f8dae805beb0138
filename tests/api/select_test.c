/* SPDX-License-Identifier: MIT
 *
 * api/select_test.c - SEMANTICS, "Channels": select takes exactly one case, which one is a matter of chance, and what
 * it gives. Virtual time as in chan_test.c.
 */
#include "support/chan.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

static coir_chan *make(size_t cap)
{
	return must_chan(sizeof(int), cap);
}

static void destroy_all(coir_chan **ch, int n)
{
	for (int i = 0; i < n; i++)
		must_ok(coir_chan_destroy(ch[i]));
}

/* A fiber that selects once. */
struct chooser {
	coir_case cases[4];
	size_t n;
	coir_time deadline;
	int value[4];
	int index;
};

static intptr_t choose(void *arg)
{
	struct chooser *c = arg;
	return c->index = coir_select(c->cases, c->n, c->deadline);
}

static void *choose_in_thread(void *arg)
{
	return (void *)choose(arg);
}

/* ---- arguments ---- */

fiber_test(select, bad_arguments_are_refused)
{
	int v = 0;
	coir_chan *ch = make(1);
	coir_case none[] = {coir_case_recv(NULL, &v), coir_case_send(NULL, &v), {.kind = COIR_CASE_NONE}};
	must_eq(coir_select(NULL, 1, COIR_NEVER), -EINVAL);
	must_eq(coir_select(none, (size_t)INT_MAX + 1, COIR_NEVER), -EINVAL);
	must_eq(coir_try_select(NULL, 1), -EINVAL);
	must_eq(coir_select(NULL, 0, COIR_NEVER), -EINVAL);
	must_eq(coir_select(none, 3, COIR_NEVER), -EINVAL); /* nothing could ever end it */
	must_eq(coir_select(none, 3, 0), -ETIMEDOUT);
	must_eq(coir_select(none, 3, coir_after(1000)), -ETIMEDOUT);
	must_eq(coir_select(NULL, 0, coir_after(1000)), -ETIMEDOUT);
	must_eq(coir_try_select(none, 3), -EAGAIN);
	coir_case bad[] = {coir_case_send(ch, &v), {.kind = (coir_case_kind)99, .chan = ch, .elem = &v}};
	must_eq(coir_select(bad, 2, COIR_NEVER), -EINVAL);
	bad[1] = coir_case_recv(ch, NULL);
	must_eq(coir_select(bad, 2, COIR_NEVER), -EINVAL);
	must_eq(coir_chan_len(ch), 0);
	coir_case never[] = {coir_case_timeout(COIR_NEVER)};
	must_eq(coir_select(never, 1, COIR_NEVER), -EINVAL);
	must_ok(coir_chan_destroy(ch));
}

Test(select, outside_a_runtime_is_refused)
{
	int v = 0;
	coir_chan *ch = make(1);
	coir_case cases[] = {coir_case_send(ch, &v), coir_case_default()};
	must_eq(coir_select(cases, 2, COIR_NEVER), -EPERM);
	must_eq(coir_try_select(cases, 2), -EPERM);
	must_eq(coir_select(cases, 0, COIR_NEVER), -EINVAL);
	must_ok(coir_chan_destroy(ch));
}

/* ---- at once ---- */

fiber_test(select, takes_what_can_be_done)
{
	coir_chan *ch[] = {make(1), make(1), make(0)};
	int in = 5, out = 0, other = -1;
	must_ok(coir_chan_send(ch[1], &in));
	coir_case cases[] = {
		coir_case_recv(ch[0], &other), coir_case_send(ch[1], &other), coir_case_recv(NULL, &other),
		coir_case_recv(ch[1], &out),   coir_case_send(ch[2], &other), coir_case_recv(ch[2], &other),
	};
	cases[3].err = cases[0].err = 99;
	must_eq(coir_select(cases, 6, COIR_NEVER), 3);
	must_ok(cases[3].err);
	must_eq(cases[0].err, 99); /* not taken */
	must_eq(out, 5);
	must_eq(other, -1);
	cases[1].kind = COIR_CASE_NONE;
	must_eq(coir_try_select(cases, 6), -EAGAIN);
	must_eq(coir_select(cases, 6, 0), -ETIMEDOUT);
	must_eq(coir_select(cases, 6, coir_after(1000)), -ETIMEDOUT);
	cases[0] = coir_case_send(ch[0], &in);
	must_eq(coir_select(cases, 6, 0), 0); /* a past deadline tries once */
	must_eq(coir_chan_len(ch[0]), 1);
	must_eq(coir_chan_len(ch[1]), 0);
	destroy_all(ch, 3);
}

fiber_test(select, closed_channels_can_be_done)
{
	coir_chan *ch[] = {make(0), make(0)};
	int v = 0;
	coir_case cases[] = {coir_case_recv(ch[0], &v), coir_case_send(ch[1], &v)};
	must_ok(coir_chan_close(ch[1]));
	must_eq(coir_select(cases, 2, COIR_NEVER), 1);
	must_eq(cases[1].err, -EPIPE);
	must_ok(coir_chan_close(ch[0]));
	cases[1].chan = NULL;
	must_eq(coir_try_select(cases, 2), 0);
	must_eq(cases[0].err, -EPIPE);
	destroy_all(ch, 2);
}

fiber_test(select, default_and_timeout_cases)
{
	coir_chan *ch = make(1);
	int v = 3;
	coir_case cases[] = {coir_case_recv(ch, &v), coir_case_timeout(0), coir_case_default()};
	cases[1].err = cases[2].err = 99;
	must_eq(coir_select(cases, 3, COIR_NEVER), 2);
	must_ok(cases[2].err);
	must_eq(coir_try_select(cases, 3), 2);
	must_eq(coir_select(cases, 2, COIR_NEVER), 1);
	must_ok(cases[1].err);
	must_eq(coir_try_select(cases, 2), 1);
	must_eq(coir_try_select(cases, 1), -EAGAIN);
	must_ok(coir_chan_send(ch, &(int){8}));
	must_eq(coir_select(cases, 3, COIR_NEVER), 0); /* success beats both */
	must_eq(v, 8);
	must_ok(coir_chan_send(ch, &(int){9}));
	must_eq(coir_select(cases, 2, 0), 0);
	must_eq(v, 9);
	must_ok(coir_chan_destroy(ch));
}

virtual_test(select, the_earlier_deadline_wins)
{
	coir_chan *ch = make(0);
	int v;
	coir_time now = coir_now(), s = COIR_SECOND;
	coir_case cases[] = {coir_case_timeout(now + 3 * s), coir_case_recv(ch, &v), coir_case_timeout(now + 2 * s),
			     coir_case_timeout(now + 2 * s)};
	must_eq(coir_select(cases, 4, now + s), -ETIMEDOUT);
	must_eq(coir_now(), now + s);
	must_eq(coir_select(cases, 4, now + 2 * s), 2); /* of equal ones a case, and the first */
	must_eq(coir_now(), now + 2 * s);
	must_eq(coir_select(cases, 1, COIR_NEVER), 0);
	must_eq(coir_now(), now + 3 * s);
	must_ok(coir_chan_destroy(ch));
}

/* ---- chance ---- */

enum { CHOICES = 6, ROUNDS = 6000 };

/* Each of CHOICES is taken ROUNDS / CHOICES times, within six standard deviations (about 29 each). */
static void about_equal(const int *counts)
{
	for (int i = 0; i < CHOICES; i++)
		must(abs(counts[i] - ROUNDS / CHOICES) < 6 * 29, "case %d was taken %d times", i, counts[i]);
}

static void choose_among_ready(void)
{
	coir_chan *ch[CHOICES], *empty = make(0);
	coir_case cases[2 * CHOICES];
	int counts[CHOICES] = {0}, v, one = 1;
	/* Between the ready ones lie some that are not, unevenly. */
	for (int i = 0; i < 2 * CHOICES; i++)
		cases[i] = coir_case_recv(empty, &v);
	for (int i = 0; i < CHOICES; i++) {
		ch[i] = make(1);
		must_ok(coir_chan_send(ch[i], &one));
		cases[i < 3 ? i : i + CHOICES] = coir_case_recv(ch[i], &v);
	}
	for (int i = 0; i < ROUNDS; i++) {
		int taken = coir_select(cases, 2 * CHOICES, COIR_NEVER);
		must(taken >= 0);
		taken = taken < 3 ? taken : taken - CHOICES;
		counts[taken]++;
		must_ok(coir_chan_try_send(ch[taken], &one)); /* that one alone was received from */
	}
	about_equal(counts);
	destroy_all(ch, CHOICES);
	must_ok(coir_chan_destroy(empty));
}

fiber_test(select, chance_is_fair)
{
	choose_among_ready();
}

static void *choose_among_ready_in_thread(void *arg)
{
	choose_among_ready();
	return arg;
}

Test(select, chance_is_fair_in_a_thread)
{
	start_workers(1);
	thread_end(thread_start(choose_among_ready_in_thread, NULL));
	stop_workers();
}

fiber_test(select, chance_is_fair_within_one_channel)
{
	coir_chan *ch = make(1);
	coir_case cases[CHOICES];
	int counts[CHOICES] = {0}, values[CHOICES];
	for (int i = 0; i < CHOICES; i++)
		cases[i] = coir_case_recv(ch, &values[i]);
	for (int i = 0; i < ROUNDS; i++) {
		must_ok(coir_chan_send(ch, &i));
		int taken = coir_select(cases, CHOICES, COIR_NEVER);
		must_eq(values[taken], i);
		counts[taken]++;
	}
	about_equal(counts);
	must_ok(coir_chan_destroy(ch));
}

/* ---- waiting ---- */

virtual_test(select, is_served_by_the_other_side)
{
	coir_chan *ch[] = {make(0), make(1), make(0), make(0)};
	must_ok(coir_chan_send(ch[1], &(int){50}));
	for (int way = 0; way < 5; way++) {
		struct chooser c = {.n = 4, .deadline = COIR_NEVER, .value = {10, 20, 30, 40}, .index = -1};
		c.cases[0] = coir_case_recv(ch[0], &c.value[0]);
		c.cases[1] = coir_case_send(ch[1], &c.value[1]);
		c.cases[2] = coir_case_send(ch[2], &c.value[2]);
		c.cases[3] = coir_case_recv(ch[3], &c.value[3]);
		coir_fiber f = must_spawn(choose, &c);
		all_others_wait();
		must_eq(c.index, -1);
		int v = 0;
		if (way == 0) {
			must_ok(coir_chan_try_send(ch[0], &(int){5}));
		} else if (way == 1) { /* the room that comes free takes the element behind what was there */
			must_ok(coir_chan_try_recv(ch[1], &v));
			must_eq(v, 50);
			must_eq(coir_chan_len(ch[1]), 1);
			must_ok(coir_chan_try_recv(ch[1], &v));
			must_eq(v, 20);
			must_ok(coir_chan_try_send(ch[1], &(int){50}));
		} else if (way == 2) {
			must_ok(coir_chan_try_recv(ch[2], &v));
			must_eq(v, 30);
		} else if (way == 3) {
			must_ok(coir_chan_close(ch[3]));
			must_ok(coir_chan_destroy(ch[3]));
			ch[3] = make(0);
		} else {
			must_ok(coir_cancel(f));
			must_eq(must_join(f), -ECANCELED);
			break;
		}
		/* Won there, it is won: nobody else gets it. */
		must_eq(coir_chan_try_send(ch[0], &v), -EAGAIN);
		must_eq(coir_chan_try_recv(ch[2], &v), -EAGAIN);
		must_eq(coir_chan_try_send(ch[3], &v), -EAGAIN);
		must_eq(must_join(f), way);
		must_eq(c.cases[way].err, way == 3 ? -EPIPE : 0);
		must_eq(c.value[0], way == 0 ? 5 : 10);
		must_eq(c.value[3], 40);
	}
	destroy_all(ch, 4);
}

/* Until it has left all its lines, none of them can be destroyed but the one where it was served. */
virtual_test(select, nobody_destroys_what_it_still_visits)
{
	coir_chan *ch[] = {make(0), make(0)};
	struct chooser c = {.n = 2, .deadline = COIR_NEVER};
	c.cases[0] = coir_case_recv(ch[0], &c.value[0]);
	c.cases[1] = coir_case_recv(ch[1], &c.value[1]);
	coir_fiber f = must_spawn(choose, &c);
	all_others_wait();
	must_eq(coir_chan_destroy(ch[0]), -EBUSY);
	must_eq(coir_chan_destroy(ch[1]), -EBUSY);
	must_ok(coir_chan_try_send(ch[0], &(int){1}));
	must_ok(coir_chan_destroy(ch[0]));
	must_eq(coir_chan_destroy(ch[1]), -EBUSY);
	must_eq(coir_chan_try_send(ch[1], &(int){1}), -EAGAIN); /* meets the waiter, in vain */
	must_eq(coir_chan_destroy(ch[1]), -EBUSY);
	must_eq(must_join(f), 0);
	must_ok(coir_chan_destroy(ch[1]));
}

virtual_test(select, does_not_serve_itself)
{
	coir_chan *ch = make(0);
	struct chooser c[2];
	for (int i = 0; i < 2; i++) {
		c[i] = (struct chooser){.n = 2, .deadline = coir_after(COIR_SECOND), .value = {-1, i}};
		c[i].cases[0] = coir_case_recv(ch, &c[i].value[0]);
		c[i].cases[1] = coir_case_send(ch, &c[i].value[1]);
	}
	must_eq(must_join(must_spawn(choose, &c[0])), -ETIMEDOUT);
	must_eq(c[0].value[0], -1);
	/* But two serve each other: one sends, one receives. */
	for (int i = 0; i < 100; i++) {
		c[0].deadline = c[1].deadline = COIR_NEVER;
		c[0].value[0] = c[1].value[0] = -1;
		coir_fiber f[] = {must_spawn(choose, &c[0]), must_spawn(choose, &c[1])};
		must_eq(must_join_all(f, 2), 1);
		int receiver = c[0].index == 0 ? 0 : 1;
		must_eq(c[receiver].value[0], 1 - receiver);
		must_eq(c[1 - receiver].value[0], -1);
	}
	/* A full buffer, and an empty one: only one of the two can be done. */
	coir_chan *one = make(1);
	coir_case both[] = {coir_case_recv(one, &c[0].value[0]), coir_case_send(one, &c[0].value[1])};
	for (int i = 0; i < 100; i++)
		must_eq(coir_select(both, 2, COIR_NEVER), i % 2 == 0);
	must_ok(coir_chan_destroy(one));
	must_ok(coir_chan_destroy(ch));
}

/* One channel in all cases: served by each of them in turn, as they stand in line. */
virtual_test(select, one_channel_in_many_cases)
{
	coir_chan *ch = make(0);
	struct chooser c = {.n = 4};
	for (int i = 0; i < 40; i++) {
		c.deadline = COIR_NEVER;
		for (int k = 0; k < 4; k++) {
			c.value[k] = -1;
			c.cases[k] = coir_case_recv(ch, &c.value[k]);
		}
		coir_fiber f = must_spawn(choose, &c);
		all_others_wait();
		must_ok(coir_chan_try_send(ch, &i));
		must_eq(coir_chan_try_send(ch, &i), -EAGAIN);
		int taken = (int)must_join(f);
		for (int k = 0; k < 4; k++)
			must_eq(c.value[k], k == taken ? i : -1);
	}
	must_ok(coir_chan_destroy(ch));
}

enum { MANY = 1000 };

struct crowd {
	coir_chan *ch[MANY];
	coir_case cases[MANY];
	int values[MANY];
};

static intptr_t choose_of_many(void *arg)
{
	struct crowd *c = arg;
	return coir_select(c->cases, MANY, COIR_NEVER);
}

virtual_test(select, any_number_of_cases)
{
	struct crowd *c = zeros(1, sizeof *c);
	for (int i = 0; i < MANY; i++) {
		c->ch[i] = make(0);
		c->cases[i] = coir_case_recv(c->ch[i], &c->values[i]);
	}
	must_eq(coir_try_select(c->cases, MANY), -EAGAIN);
	for (int i = 0; i < MANY; i += 37) {
		coir_fiber f = must_spawn(choose_of_many, c);
		all_others_wait();
		must_ok(coir_chan_try_send(c->ch[i], &i));
		must_eq(must_join(f), i);
		must_eq(c->values[i], i);
	}
	destroy_all(c->ch, MANY);
	free(c);
}

static intptr_t choose_while_cancelled(void *arg)
{
	coir_chan *ch = arg;
	int v = 1;
	coir_case cases[] = {coir_case_send(ch, &v), coir_case_default()};
	must_ok(coir_cancel(must_self()));
	must_eq(coir_select(cases, 2, COIR_NEVER), -ECANCELED);
	must_eq(coir_chan_len(ch), 0);
	must_eq(coir_try_select(cases, 2), 0); /* no cancellation point */
	must_ok(coir_shield_begin());
	must_eq(coir_select(cases, 2, COIR_NEVER), 1);
	must_eq(coir_select(cases, 1, coir_after(1000)), -ETIMEDOUT);
	must_ok(coir_shield_end());
	return 0;
}

fiber_test(select, cancellation_comes_first)
{
	coir_chan *ch = make(1);
	must_ok(must_join(must_spawn(choose_while_cancelled, ch)));
	must_ok(coir_chan_destroy(ch));
}

/* ---- plain threads ---- */

workers_test(select, plain_threads_choose)
{
	start_workers(workers);
	coir_chan *ch[] = {make(0), make(0), make(0)};
	for (int i = 0; i < 60; i++) {
		struct chooser c = {.n = 3, .deadline = i % 2 ? COIR_NEVER : coir_after(1000 * COIR_SECOND)};
		for (int k = 0; k < 3; k++)
			c.cases[k] = coir_case_recv(ch[k], &c.value[k]);
		pthread_t t = thread_start(choose_in_thread, &c);
		if (i % 4 == 3) {
			must_ok(coir_chan_close(ch[i % 3]));
		} else {
			while (coir_chan_try_send(ch[i % 3], &i) == -EAGAIN)
				sched_yield();
		}
		must_eq((intptr_t)thread_end(t), i % 3);
		must_eq(c.cases[i % 3].err, i % 4 == 3 ? -EPIPE : 0);
		must_eq(c.value[i % 3], i % 4 == 3 ? 0 : i);
		must_ok(coir_chan_destroy(ch[i % 3]));
		ch[i % 3] = make(0);
	}
	int v;
	coir_case cases[] = {coir_case_recv(ch[0], &v), coir_case_timeout(coir_after(COIR_MILLISECOND))};
	must_eq(coir_select(cases, 2, COIR_NEVER), 1);
	must_eq(coir_select(cases, 1, coir_after(1000)), -ETIMEDOUT);
	must_eq(coir_try_select(cases, 1), -EAGAIN);
	cases[1] = coir_case_default();
	must_eq(coir_select(cases, 2, COIR_NEVER), 1);
	destroy_all(ch, 3);
	stop_workers();
}

/* The end of the runtime sends it away from all lines. */
Test(select, plain_threads_are_sent_away)
{
	coir_chan *ch[] = {make(0), make(0)};
	for (int i = 0; i < 20; i++) {
		struct chooser c = {.n = 2, .deadline = COIR_NEVER};
		for (int k = 0; k < 2; k++)
			c.cases[k] = coir_case_recv(ch[k], &c.value[k]);
		start_workers(1);
		pthread_t t = thread_start(choose_in_thread, &c);
		for (int k = 0; k < 100; k++)
			sched_yield();
		stop_workers();
		must_eq((intptr_t)thread_end(t), -EPERM);
	}
	destroy_all(ch, 2);
}

/* ---- typed ---- */

typedef COIR_CHAN(int) int_chan;

fiber_test(select, typed_cases)
{
	int_chan a, b;
	int in = 6, out = 0;
	must_ok(coir_make(&a, 0));
	must_ok(coir_make(&b, 1));
	coir_case cases[] = {coir_on_recv(a, &out), coir_on_send(b, &in)};
	must_eq(coir_select(cases, 2, COIR_NEVER), 1);
	must_ok(coir_recv(b, &out));
	must_eq(out, 6);
	must_ok(coir_chan_destroy(a.chan));
	must_ok(coir_chan_destroy(b.chan));
}
