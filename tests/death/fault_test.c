/* SPDX-License-Identifier: MIT
 *
 * death/fault_test.c - faults that are no stack overflow belong to the program: its handler, or the default action.
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/run.h"
#include "support/test.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SURVIVED = 1, HANDLED = 42 };

static intptr_t read_null(void *arg)
{
	volatile int *volatile nowhere = NULL;
	return *nowhere + (intptr_t)arg;
}

static intptr_t join_read_null(void *arg)
{
	return must_join(must_spawn(read_null, arg));
}

static void quiet_death(const struct child *c, int signal)
{
	cr_assert(child_killed(c, signal), "status %#x: %s", c->status, c->text);
	cr_assert_null(strstr(c->text, "overflow"), "%s", c->text);
}

/* ---- no handler ---- */

static int fault_in_main(void *arg)
{
	with_workers((unsigned)(intptr_t)arg, read_null, NULL);
	return SURVIVED;
}

static int fault_in_child(void *arg)
{
	with_workers((unsigned)(intptr_t)arg, join_read_null, NULL);
	return SURVIVED;
}

workers_test(fault, default_action)
{
	struct child c = run_child(fault_in_main, (void *)(intptr_t)workers);
	quiet_death(&c, SIGSEGV);
	c = run_child(fault_in_child, (void *)(intptr_t)workers);
	quiet_death(&c, SIGSEGV);
}

static int kill_myself(void *arg)
{
	start_workers(2);
	kill(getpid(), (int)(intptr_t)arg);
	for (;;)
		pause();
	return SURVIVED;
}

/* A signal that somebody sent is no fault, and does not come again by itself. */
Test(fault, sent_from_outside)
{
	struct child c = run_child(kill_myself, (void *)SIGSEGV);
	quiet_death(&c, SIGSEGV);
	c = run_child(kill_myself, (void *)SIGBUS);
	quiet_death(&c, SIGBUS);
}

static int ignore_it(void *arg)
{
	signal(SIGSEGV, SIG_IGN);
	start_workers(2);
	kill(getpid(), SIGSEGV);
	must_eq(must_join(must_spawn(fiber_yield_often, arg)), (intptr_t)arg);
	stop_workers();
	return (int)(intptr_t)arg;
}

Test(fault, sent_and_ignored)
{
	struct child c = run_child(ignore_it, (void *)9);
	cr_assert(child_exited(&c, 9), "status %#x: %s", c.status, c.text);
}

/* ---- the program's own handler, installed before the start ---- */

static volatile char *page;
static volatile sig_atomic_t handled;

static void make_page(void)
{
	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(page != (volatile char *)MAP_FAILED);
}

/* As a garbage collector does it: opens the page and goes on. */
static void open_page(int number, siginfo_t *info, void *context)
{
	if (number != SIGSEGV || info->si_addr != page + 123 || info->si_code != SEGV_ACCERR || !context)
		_exit(3);
	handled++;
	mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
}

static void install(void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO;
	must_ok(sigaction(SIGSEGV, &action, NULL));
}

static intptr_t touch_page(void *arg)
{
	for (int i = 1; i <= 20; i++) {
		must_ok(mprotect((void *)page, 4096, PROT_NONE));
		page[123] = (char)i;
		must_eq(handled, i);
		must_eq(page[123], i);
		must_ok(coir_yield());
	}
	return (intptr_t)arg;
}

static int go_on_after_the_fault(void *arg)
{
	install(open_page);
	make_page();
	with_workers((unsigned)(intptr_t)arg, touch_page, NULL);
	struct sigaction now;
	must_ok(sigaction(SIGSEGV, NULL, &now));
	must(now.sa_sigaction == open_page, "the runtime is gone, the program's handler is back");
	return HANDLED;
}

workers_test(fault, handler_gets_the_address)
{
	struct child c = run_child(go_on_after_the_fault, (void *)(intptr_t)workers);
	cr_assert(child_exited(&c, HANDLED), "status %#x: %s", c.status, c.text);
}

static int fault_in_plain_thread(void *arg)
{
	install(open_page);
	make_page();
	start_workers(2);
	page[123] = 1;
	stop_workers();
	return handled == 1 ? HANDLED : (int)(intptr_t)arg;
}

Test(fault, in_a_plain_thread)
{
	struct child c = run_child(fault_in_plain_thread, NULL);
	cr_assert(child_exited(&c, HANDLED), "status %#x: %s", c.status, c.text);
}

/* The old form of handler, which gets the number only. */
static void leave(int number)
{
	_exit(number == SIGSEGV ? HANDLED : 3);
}

static int fault_with_simple_handler(void *arg)
{
	signal(SIGSEGV, leave);
	with_workers((unsigned)(intptr_t)arg, join_read_null, NULL);
	return SURVIVED;
}

workers_test(fault, simple_handler)
{
	struct child c = run_child(fault_with_simple_handler, (void *)(intptr_t)workers);
	cr_assert(child_exited(&c, HANDLED), "status %#x: %s", c.status, c.text);
}

static sigjmp_buf before_fault;

static void jump_back(int number)
{
	siglongjmp(before_fault, number);
}

static intptr_t fault_and_jump_back(void *arg)
{
	volatile int faults = 0;
	while (faults < 10) {
		if (sigsetjmp(before_fault, 1) == SIGSEGV)
			faults = faults + 1;
		else
			read_null(NULL);
		must_ok(coir_yield());
	}
	return (intptr_t)arg + faults;
}

static int fault_with_jumping_handler(void *arg)
{
	signal(SIGSEGV, jump_back);
	must_eq(with_workers((unsigned)(intptr_t)arg, fault_and_jump_back, (void *)1), 11);
	return HANDLED;
}

workers_test(fault, handler_that_jumps)
{
	struct child c = run_child(fault_with_jumping_handler, (void *)(intptr_t)workers);
	cr_assert(child_exited(&c, HANDLED), "status %#x: %s", c.status, c.text);
}
