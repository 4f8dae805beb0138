/* SPDX-License-Identifier: MIT
 *
 * death/coro_overflow_test.c - a coroutine that overflows its stack: in a fiber the same message as for the fiber's
 * own; on a plain thread, which has no stack to report on, a plain SIGSEGV. Never other memory written.
 */
#include "support/child.h"
#include "support/coro.h"
#include "support/deep.h"

#include <signal.h>
#include <string.h>

intptr_t entry_coro_overflow(coir_coro *self, void *arg);

intptr_t entry_coro_overflow(coir_coro *self, void *arg)
{
	(void)self;
	overflow_stack();
	return (intptr_t)arg;
}

static intptr_t resume_to_death(void *arg)
{
	coir_coro_attr attr = COIR_CORO_ATTR_INIT;
	coir_coro *co;
	attr.stack_size = (size_t)arg;
	must_ok(coir_coro_create(&attr, entry_coro_overflow, NULL, &co));
	return coir_coro_resume(co, 0, NULL);
}

static int die_in_fiber(void *arg)
{
	return (int)with_workers(2, resume_to_death, arg);
}

static int die_outside(void *arg)
{
	return (int)resume_to_death(arg);
}

Test(coro_overflow, in_a_fiber)
{
	static const struct {
		size_t size;
		const char *says;
	} cases[] = {{0, " 131072 bytes"}, {16 << 10, " 16384 bytes"}, {1 << 20, " 1048576 bytes"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct child child = run_child(die_in_fiber, (void *)cases[i].size);
		must(child_refused(&child), "%s", child.text);
		must(strstr(child.text, "stack overflow in fiber") && strstr(child.text, cases[i].says), "%s",
		     child.text);
		must(strstr(child.text, "coir_coro_attr.stack_size"), "%s", child.text);
	}
}

Test(coro_overflow, on_a_plain_thread)
{
	struct child child = run_child(die_outside, NULL);
	must(child_killed(&child, SIGSEGV), "%s", child.text);
}
