/* SPDX-License-Identifier: MIT
 *
 * support/chan.h - what the tests of channels and select share: cases in virtual time, where a sleep ends only when all
 * others wait, and fibers that do one operation.
 */
#ifndef TESTS_SUPPORT_CHAN_H
#define TESTS_SUPPORT_CHAN_H

#include "support/run.h"
#include "support/test.h"

static inline void run_virtual(coir_fn fn)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = COIR_CLOCK_VIRTUAL;
	must_ok(coir_run(&cfg, fn, NULL, NULL));
}

/* virtual_test(suite, name) { ... } is a case whose body runs as the main fiber, in virtual time. */
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

static inline void all_others_wait(void)
{
	must_ok(coir_sleep(1));
}

static inline coir_chan *must_chan(size_t elem, size_t cap)
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

static inline intptr_t send_one(void *arg)
{
	struct one *o = arg;
	o->result =
		o->deadline ? coir_chan_send_until(o->ch, &o->value, o->deadline) : coir_chan_send(o->ch, &o->value);
	if (o->ended)
		o->seen = (*o->ended)++;
	return o->result;
}

static inline intptr_t recv_one(void *arg)
{
	struct one *o = arg;
	o->result =
		o->deadline ? coir_chan_recv_until(o->ch, &o->value, o->deadline) : coir_chan_recv(o->ch, &o->value);
	if (o->ended)
		o->seen = (*o->ended)++;
	return o->result;
}

#endif
