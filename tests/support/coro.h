/* SPDX-License-Identifier: MIT
 *
 * support/coro.h - what the tests of coroutines share.
 */
#ifndef TESTS_SUPPORT_CORO_H
#define TESTS_SUPPORT_CORO_H

#include "support/run.h"
#include "support/test.h"

/* Runs the body on a plain thread with no runtime, and in fibers, on one worker and on four. What it makes it must
 * destroy. */
static inline void everywhere(void (*body)(unsigned))
{
	uint64_t before = coir_coro_count();
	body(0);
	run_fiber_body(1, body);
	body(0);
	run_fiber_body(4, body);
	must_eq(coir_coro_count(), before);
}

/* coro_test(suite, name) { ... } is a case that runs its body everywhere. */
#define coro_test(Suite, Name)                                                 \
	static void Suite##_##Name(__attribute__((unused)) unsigned workers_); \
	Test(Suite, Name)                                                      \
	{                                                                      \
		everywhere(Suite##_##Name);                                    \
	}                                                                      \
	static void Suite##_##Name(__attribute__((unused)) unsigned workers_)

static inline coir_coro *must_make(coir_coro_fn fn, void *arg)
{
	coir_coro *co = NULL;
	must_ok(coir_coro_create(NULL, fn, arg, &co));
	must_eq(coir_coro_status(co), COIR_CORO_SUSPENDED);
	return co;
}

#endif
