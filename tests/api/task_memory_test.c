/* SPDX-License-Identifier: MIT
 *
 * api/task_memory_test.c - coir/task.h: if there is no memory to let others have a task, it runs in its join.
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/tasks.h"
#include "support/test.h"

#include <stdlib.h>
#include <sys/resource.h>

enum { FINE = 33, OPEN = 5000, MANY = 40000 };

/* From now on the process gets no more memory than it has. */
static void close_the_tap(void)
{
	struct rlimit limit;
	must_ok(getrlimit(RLIMIT_AS, &limit));
	limit.rlim_cur = 0;
	must_ok(setrlimit(RLIMIT_AS, &limit));
}

static void open_the_tap(void)
{
	struct rlimit limit;
	must_ok(getrlimit(RLIMIT_AS, &limit));
	limit.rlim_cur = limit.rlim_max;
	must_ok(setrlimit(RLIMIT_AS, &limit));
}

/* Fibers that keep what stacks there are, until some wait for one. */
static void take_all_stacks(void)
{
	long n = 0;
	while (coir_go(fiber_park_for_ever, NULL) == 0) {
		must(++n < MANY);
		must_ok(coir_yield());
	}
}

static intptr_t lose_the_processor(void *arg)
{
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	return (intptr_t)arg;
}

/* A forker on a default stack: its tasks find none. */
static intptr_t forks_in_need(void *arg)
{
	take_all_stacks();
	for (int round = 0; round < 20; round++) {
		struct probe p[3];
		for (int i = 0; i < 3; i++)
			probe_fork(&p[i], lose_the_processor, (void *)(intptr_t)i);
		if (round % 2)
			lose_the_processor(NULL);
		for (int i = 3; i-- > 0;)
			must_eq(probe_join(&p[i]), i);
	}
	open_the_tap();
	return (intptr_t)arg;
}

static int in_need(void *arg)
{
	start_workers((unsigned)(intptr_t)arg);
	coir_fiber warm = must_spawn(lose_the_processor, NULL);
	must_join(warm);
	close_the_tap();
	coir_fiber f = must_spawn(forks_in_need, NULL);
	must_join(f);
	must_ok(coir_stop(COIR_STOP_FORCE));
	return FINE;
}

/* Main's tasks have large stacks, which are not to be had either. */
static intptr_t main_in_need(void *arg)
{
	close_the_tap();
	forks_in_need(arg);
	return FINE;
}

static int run_in_need(void *arg)
{
	return (int)with_workers((unsigned)(intptr_t)arg, main_in_need, NULL);
}

/* What malloc has left. */
static void use_up_the_heap(void)
{
	static void *volatile last; /* or the compiler might leave it all out */
	for (size_t size = 1 << 20; size >= 64; size /= 2)
		while ((last = malloc(size)) != NULL)
			;
}

/* More tasks at a time than the stack of tasks has room for, and no more to be had. */
static intptr_t too_many(void *arg)
{
	struct probe *p = arg;
	close_the_tap();
	use_up_the_heap();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < OPEN; i++)
			probe_fork(&p[i], fiber_give_back, (void *)(intptr_t)i);
		for (int i = OPEN; i-- > 0;)
			must_eq(probe_join(&p[i]), i);
	}
	open_the_tap();
	return FINE;
}

static int run_too_many(void *arg)
{
	struct probe *p = zeros(OPEN, sizeof *p);
	for (int i = 0; i < OPEN; i++)
		p[i].result = 1;
	return (int)with_workers((unsigned)(intptr_t)arg, too_many, p);
}

static void survives(int (*program)(void *), unsigned workers)
{
	struct child c = run_child(program, (void *)(intptr_t)workers);
	cr_assert(child_exited(&c, FINE), "status %#x: %s", c.status, c.text);
}

Test(task_memory, no_stacks_on_1)
{
	survives(in_need, 1);
}

Test(task_memory, no_stacks_on_4)
{
	survives(in_need, 4);
}

Test(task_memory, no_large_stacks_on_1)
{
	survives(run_in_need, 1);
}

Test(task_memory, no_large_stacks_on_4)
{
	survives(run_in_need, 4);
}

Test(task_memory, no_room_on_1)
{
	survives(run_too_many, 1);
}

Test(task_memory, no_room_on_4)
{
	survives(run_too_many, 4);
}

/* ---- how much many tasks take ---- */

COIR_TASK(long, tree, int, n)
{
	if (n < 2)
		return n;
	COIR_FORK(left, tree, n - 1);
	long right = tree(n - 2);
	return COIR_JOIN(left, tree) + right;
}

/* In KiB. */
static long peak(void)
{
	struct rusage u;
	must_ok(getrusage(RUSAGE_SELF, &u));
	return u.ru_maxrss;
}

/* 50 times as many tasks take no more memory: it is a question of depth. */
static intptr_t grow_trees(void *arg)
{
	must_eq(tree(21), 10946);
	long before = peak();
	must_eq(tree(29), 514229);
	must(peak() - before <= 1024, "%ld KiB more", peak() - before);
	return (intptr_t)arg;
}

static int run_trees(void *arg)
{
	must_eq(with_workers((unsigned)(intptr_t)arg, grow_trees, (void *)1), 1);
	return FINE;
}

Test(task_memory, many_tasks_on_1)
{
	survives(run_trees, 1);
}

Test(task_memory, many_tasks_on_4)
{
	survives(run_trees, 4);
}
