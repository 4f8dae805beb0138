/* SPDX-License-Identifier: MIT
 *
 * death/overflow_test.c - SEMANTICS, "Guards": a stack overflow ends in abort with a message that names the fiber, on
 * every rung of the ladder, and wherever the stack came from. What is not an overflow is in fault_test.c.
 */
#include "support/child.h"
#include "support/deep.h"
#include "support/refuse.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KIB = 1 << 10, SURVIVED = 1, NOT_HERE = 77 };

/* A case: how the children set the runtime up, and what they do to die. */
struct death {
	const char *guard; /* COIR_GUARD */
	unsigned refuse;   /* see support/refuse.h */
	unsigned workers;
	coir_fn main;      /* tells its victim's id by tell_id */
	const char *name;  /* what the message must say: the victim's name, */
	const char *entry; /* its entry function, */
	const char *limit; /* how large its stack is */
};

/* The id goes to stderr in front of coir's message, where the test finds it. */
static void tell_id(void)
{
	dprintf(STDERR_FILENO, "victim %ju\n", (uintmax_t)coir_id());
}

/* ---- ways to die; entries are global, so that the dynamic symbol table has their names ---- */

intptr_t entry_recursion(void *arg);
intptr_t entry_one_frame(void *arg);
intptr_t entry_on_big_stack(void *arg);
intptr_t entry_shallow(void *arg);
intptr_t entry_main(void *arg);

intptr_t entry_recursion(void *arg)
{
	tell_id();
	overflow_stack();
	return (intptr_t)arg;
}

intptr_t entry_one_frame(void *arg)
{
	tell_id();
	if (!overflow_with_one_frame())
		_exit(NOT_HERE);
	return (intptr_t)arg;
}

static intptr_t overflow_there(void *arg)
{
	overflow_stack();
	return (intptr_t)arg;
}

intptr_t entry_on_big_stack(void *arg)
{
	tell_id();
	must_ok(coir_call_with_stack(512 * KIB, overflow_there, arg, NULL));
	return 0;
}

/* Less than a page beyond the end, and back: only a canary can tell, when the fiber leaves the stack. */
intptr_t entry_shallow(void *arg)
{
	tell_id();
	use_stack((size_t)coir_stack_left() + 1500);
	must_ok(coir_yield());
	return (intptr_t)arg;
}

intptr_t entry_main(void *arg)
{
	must_ok(coir_set_name("the main one"));
	tell_id();
	overflow_stack();
	return (intptr_t)arg;
}

static void spawn_victim(coir_attr *attr, coir_fn entry, bool join)
{
	attr->name = "deep diver";
	coir_fiber f;
	must_ok(coir_spawn(attr, entry, NULL, &f));
	while (!join && coir_unpark(f) == 0) /* until it has ended, which is not what we hope for */
		must_ok(coir_yield());
	must_join(f);
}

static intptr_t by_recursion(void *arg)
{
	spawn_victim(&(coir_attr)COIR_ATTR_INIT, entry_recursion, arg);
	return 0;
}

static intptr_t by_one_frame(void *arg)
{
	spawn_victim(&(coir_attr)COIR_ATTR_INIT, entry_one_frame, arg);
	return 0;
}

static intptr_t on_big_stack(void *arg)
{
	spawn_victim(&(coir_attr)COIR_ATTR_INIT, entry_on_big_stack, arg);
	return 0;
}

static intptr_t on_small_stack(void *arg)
{
	coir_attr attr = COIR_ATTR_INIT;
	attr.stack_size = 64 * KIB;
	spawn_victim(&attr, entry_recursion, arg);
	return 0;
}

static intptr_t of_sticky(void *arg)
{
	coir_attr attr = COIR_ATTR_INIT;
	attr.sticky = true;
	spawn_victim(&attr, entry_recursion, arg);
	return 0;
}

static intptr_t by_a_little(void *arg)
{
	spawn_victim(&(coir_attr)COIR_ATTR_INIT, entry_shallow, arg);
	return 0;
}

/* The joiner has a name of its own, and a default stack; its child runs inside the join. */
static intptr_t join_victim(void *arg)
{
	must_ok(coir_set_name("innocent"));
	spawn_victim(&(coir_attr)COIR_ATTR_INIT, entry_recursion, true);
	return (intptr_t)arg;
}

static intptr_t inlined(void *arg)
{
	coir_fiber f = must_spawn(join_victim, arg);
	for (;;) {
		must_ok(coir_yield());
		must(coir_unpark(f) == 0);
	}
	return 0;
}

/* ---- the verdict ---- */

static int die(void *arg)
{
	const struct death *d = arg;
	if (d->guard)
		setenv("COIR_GUARD", d->guard, 1);
	if (d->refuse && !refuse(d->refuse))
		return NOT_HERE;
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = d->workers;
	cfg.main_stack = 1 << 20;
	must_ok(coir_run(&cfg, d->main, NULL, NULL));
	return SURVIVED;
}

static void says(const struct child *c, const char *what)
{
	cr_assert_not_null(strstr(c->text, what), "no '%s' in: %s", what, c->text);
}

static void dies(const struct death *d)
{
	struct child c = run_child(die, (void *)d);
	if (child_exited(&c, NOT_HERE))
		cr_skip_test("this machine can't do it");
	cr_assert(child_killed(&c, SIGABRT), "status %#x: %s", c.status, c.text);
	uintmax_t id = 0;
	cr_assert_eq(sscanf(c.text, "victim %ju", &id), 1, "%s", c.text);
	char fiber[40];
	snprintf(fiber, sizeof fiber, "fiber %ju", id);
	says(&c, "coir: stack overflow");
	says(&c, fiber);
	says(&c, d->name);
	says(&c, d->entry);
	says(&c, d->limit);
	says(&c, "stack_size"); /* and how to raise it */
	says(&c, "COIR_STACK");
	says(&c, "coir_call_with_stack");
	cr_assert_null(strstr(c.text, "innocent"), "the joiner is not to blame: %s", c.text);
}

/* Every case on the rungs that this kernel has: install, mprotect, and auto as an older kernel has it. */
static void dies_on_every_rung(struct death d)
{
	static const struct {
		const char *guard;
		unsigned refuse;
	} rung[] = {{"install", 0}, {"mprotect", 0}, {"canary", 0}, {"auto", 0}};
	for (size_t i = 0; i < sizeof rung / sizeof *rung; i++) {
		for (d.workers = 1; d.workers <= 4; d.workers += 3) {
			d.guard = rung[i].guard;
			d.refuse = rung[i].refuse;
			dies(&d);
		}
	}
}

#define DIVER(...)                                \
	(struct death)                            \
	{                                         \
		.name = "deep diver", __VA_ARGS__ \
	}

Test(overflow, recursion)
{
	dies_on_every_rung(DIVER(.main = by_recursion, .entry = "entry_recursion", .limit = "131072"));
}

Test(overflow, one_large_frame)
{
	dies_on_every_rung(DIVER(.main = by_one_frame, .entry = "entry_one_frame", .limit = "131072"));
}

Test(overflow, call_with_stack)
{
	dies_on_every_rung(DIVER(.main = on_big_stack, .entry = "entry_on_big_stack", .limit = "524288"));
}

Test(overflow, stack_size_of_its_own)
{
	dies_on_every_rung(DIVER(.main = on_small_stack, .entry = "entry_recursion", .limit = "65536"));
}

Test(overflow, sticky)
{
	dies_on_every_rung(DIVER(.main = of_sticky, .entry = "entry_recursion", .limit = "131072"));
}

Test(overflow, inlined_child)
{
	struct death d = DIVER(.main = inlined, .entry = "entry_recursion", .limit = "131072", .workers = 1);
	dies(&d);
	d.guard = "mprotect";
	dies(&d);
}

Test(overflow, main_fiber)
{
	struct death d = {.main = entry_main, .name = "the main one", .entry = "entry_main", .limit = "1048576"};
	dies_on_every_rung(d);
}

/* An older kernel: auto, and an install that is wished for, fall to mprotect. */
Test(overflow, kernel_without_guard_install)
{
	struct death d = DIVER(.main = by_recursion, .entry = "entry_recursion", .limit = "131072", .workers = 2,
			       .refuse = REFUSE_GUARD_INSTALL, .guard = "auto");
	dies(&d);
	d.guard = "install";
	dies(&d);
}

/* No page guard to be had: the canary finds it when the fiber leaves its stack. */
Test(overflow, canary)
{
	struct death d = DIVER(.main = by_a_little, .entry = "entry_shallow", .limit = "131072", .workers = 1,
			       .refuse = REFUSE_GUARD_INSTALL | REFUSE_PROT_NONE, .guard = "canary");
	dies(&d);
	d.workers = 4;
	dies(&d);
}

/* Who did not allow that gets no unguarded stack. */
static int start_without_guards(void *arg)
{
	if (!refuse(REFUSE_GUARD_INSTALL | REFUSE_PROT_NONE))
		return NOT_HERE;
	setenv("COIR_GUARD", arg, 1);
	must_eq(coir_run(NULL, entry_recursion, NULL, NULL), -ENOMEM);
	return 0;
}

Test(overflow, no_guard_no_stack)
{
	static const char *const guard[] = {"auto", "install", "mprotect"};
	for (int i = 0; i < 3; i++) {
		struct child c = run_child(start_without_guards, (void *)guard[i]);
		if (child_exited(&c, NOT_HERE))
			cr_skip_test("no seccomp filter here");
		cr_assert(child_exited(&c, 0), "status %#x: %s", c.status, c.text);
		cr_assert_eq(c.lines, 1, "a clear refusal: %s", c.text);
	}
}

/* ---- no report wanted, or none of ours to give ---- */

static int die_unreported(void *arg)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.overflow_report = arg ? 0 : -1;
	if (arg)
		setenv("COIR_OVERFLOW_REPORT", arg, 1);
	must_ok(coir_run(&cfg, by_recursion, NULL, NULL));
	return SURVIVED;
}

static void dies_unreported(const char *environment)
{
	struct child c = run_child(die_unreported, (void *)environment);
	cr_assert(child_killed(&c, SIGSEGV) || child_killed(&c, SIGBUS), "status %#x: %s", c.status, c.text);
	cr_assert_null(strstr(c.text, "coir:"), "%s", c.text);
}

Test(overflow, report_switched_off)
{
	dies_unreported(NULL);
	dies_unreported("-1");
}

static int overflow_outside(void *arg)
{
	start_workers(2);
	must_ok(coir_call_with_stack(512 * KIB, overflow_there, arg, NULL));
	return SURVIVED;
}

Test(overflow, call_with_stack_in_a_plain_thread)
{
	struct child c = run_child(overflow_outside, NULL);
	cr_assert(child_killed(&c, SIGABRT), "status %#x: %s", c.status, c.text);
	says(&c, "coir: stack overflow");
	says(&c, "524288");
}
