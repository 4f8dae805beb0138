/* SPDX-License-Identifier: MIT
 *
 * api/wipe_test.c - wipe_stacks: what a fiber leaves on its stack is gone before anybody else sees that stack, also
 * when the stack was its joiner's.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdlib.h>

/* The secret is made from two words that are never on a stack together, so that looking for it leaves none. */
static volatile uint64_t half = 0x5ec2e7a11dea5001u, rest = 0x9d1b63f0c40aa772u;

enum { WORDS = 24 * 1024 / 8, PLANTED = 4 * WORDS / 5 };

__attribute__((noinline, no_sanitize("address"))) static void plant_secret(void)
{
	uint64_t words[WORDS];
	for (int i = 0; i < WORDS; i++)
		words[i] = half ^ rest;
	__asm__ volatile("" : : "r"(words) : "memory"); /* so they are written */
}

/* Looks at the unused part of the caller's own stack. That the words lie below the stack pointer is the point. */
__attribute__((noinline, no_sanitize("address"), no_sanitize("thread"))) static int secrets_below(void)
{
	intptr_t left = coir_stack_left();
	must(left > 0);
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)7;
	uintptr_t low = sp - (uintptr_t)left + 1024;
	if (left > 1 << 20)
		low = sp - (1 << 20); /* of main's big one the part that was used */
	int found = 0;
	for (uintptr_t at = sp - 512; at > low; at -= 8)
		found += (*(volatile uint64_t *)at ^ half) == rest;
	return found;
}

static intptr_t leave_secret(void *arg)
{
	plant_secret();
	int found = secrets_below();
	must(found >= PLANTED, "only %d found: this test tests nothing", found);
	if (arg)
		must_ok(coir_yield());
	return 1;
}

static intptr_t look_for_secret(void *arg)
{
	int found = secrets_below();
	if (arg)
		must_ok(coir_yield());
	return found;
}

enum { N = 40 };

/* Each batch of fibers gets the stacks of the one before. */
static intptr_t secrets_of_the_dead(void *arg)
{
	intptr_t found = 0;
	for (int round = 0; round < 10; round++) {
		coir_fiber f[N];
		for (int i = 0; i < N; i++)
			f[i] = must_spawn(leave_secret, (void *)(intptr_t)(i % 2));
		for (int i = 0; i < 4; i++)
			must_ok(coir_yield()); /* they start on stacks of their own */
		must_eq(must_join_all(f, N), N);
		for (int i = 0; i < N; i++)
			f[i] = must_spawn(look_for_secret, (void *)(intptr_t)(i % 2));
		for (int i = 0; i < 4; i++)
			must_ok(coir_yield());
		found += must_join_all(f, N);
	}
	return arg ? 0 : found;
}

static intptr_t look_after_joins(void *arg)
{
	(void)arg;
	int found = 0;
	for (int i = 0; i < 100; i++) {
		must_eq(must_join(must_spawn(leave_secret, (void *)(intptr_t)(i % 3 == 0))), 1);
		found += secrets_below();
	}
	return found;
}

static intptr_t secrets_of_inlined_children(void *arg)
{
	return must_join(must_spawn(look_after_joins, arg)); /* a joiner with a default stack, and one with main's: */
}

/* A borrowed stack goes back to everybody, too. */
static intptr_t leave_on_big_stack(void *arg)
{
	must_ok(coir_call_with_stack(256 << 10, leave_secret, arg, NULL));
	return 1;
}

static intptr_t look_on_big_stack(void *arg)
{
	intptr_t found = 0;
	must_ok(coir_call_with_stack(256 << 10, look_for_secret, arg, &found));
	return found;
}

static intptr_t secrets_of_borrowers(void *arg)
{
	intptr_t found = 0;
	for (int i = 0; i < 50; i++) {
		void *yields = (void *)(intptr_t)(i % 2);
		must_eq(must_join(must_spawn(leave_on_big_stack, yields)), 1);
		found += must_join(must_spawn(look_on_big_stack, yields));
	}
	return arg ? 0 : found;
}

static intptr_t run_wiping(unsigned workers, coir_fn fn)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = workers;
	cfg.wipe_stacks = 1;
	intptr_t found = -1;
	must_ok(coir_run(&cfg, fn, NULL, &found));
	return found;
}

workers_test(wipe, next_fiber_on_the_stack)
{
	cr_assert_eq(run_wiping(workers, secrets_of_the_dead), 0);
}

workers_test(wipe, inlined_children)
{
	cr_assert_eq(run_wiping(workers, secrets_of_inlined_children), 0);
	cr_assert_eq(run_wiping(workers, look_after_joins), 0, "main as the joiner");
}

workers_test(wipe, borrowed_stacks)
{
	cr_assert_eq(run_wiping(workers, secrets_of_borrowers), 0);
}

Test(wipe, by_environment)
{
	setenv("COIR_WIPE_STACKS", "1", 1);
	cr_assert_eq(with_workers(2, secrets_of_the_dead, NULL), 0);
	cr_assert_eq(with_workers(2, secrets_of_inlined_children, NULL), 0);
}

/* Not a promise, but without it the cases above would prove nothing: stacks are used again, and they are dirty. */
Test(wipe, off_leaves_it)
{
	setenv("COIR_WIPE_STACKS", "1", 1);
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 1;
	cfg.wipe_stacks = -1; /* whatever the environment says */
	intptr_t found = 0;
	must_ok(coir_run(&cfg, secrets_of_the_dead, NULL, &found));
	cr_assert_gt(found, 0);
	must_ok(coir_run(&cfg, secrets_of_inlined_children, NULL, &found));
	cr_assert_gt(found, 0);
	must_ok(coir_run(&cfg, secrets_of_borrowers, NULL, &found));
	cr_assert_gt(found, 0);
}
