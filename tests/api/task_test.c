/* SPDX-License-Identifier: MIT
 *
 * api/task_test.c - fork and join: results, typed tasks, many at a time, the order, and what is no fiber.
 */
#include "support/tasks.h"
#include "support/test.h"

#include <stdlib.h>

/* ---- typed tasks ---- */

COIR_TASK(int, none)
{
	return 7;
}

COIR_TASK(long, one, int, a)
{
	return a * 2L;
}

COIR_TASK(double, two, double, a, double, b)
{
	return a + b;
}

COIR_TASK(char, three, const char *, text, unsigned char, i, short, offset)
{
	return text[i + offset];
}

struct pair {
	long a, b;
};

COIR_TASK(struct pair, four, struct pair, p, int, x, int, y, int, z)
{
	return (struct pair){p.a + x, p.b * y + z};
}

COIR_TASK(long, five, int, a, long, b, short, c, char, d, long long, e)
{
	return a + 10 * b + 100 * c + 1000 * d + 10000 * (long)e;
}

COIR_TASK(const char *, six, const char *, a, int, b, int, c, int, d, int, e, int, f)
{
	return a + b + c + d + e + f;
}

COIR_TASK_VOID(void_none)
{
	must_ok(coir_yield());
}

COIR_TASK_VOID(void_one, int *, out)
{
	*out = 1;
}

COIR_TASK_VOID(void_six, int *, out, int, a, int, b, int, c, int, d, int, e)
{
	*out = a + b + c + d + e;
}

int elsewhere(int a, int b);
void elsewhere_void(int *out, int value);
COIR_TASK_OF(int, elsewhere, int, a, int, b);
COIR_TASK_OF_VOID(elsewhere_void, int *, out, int, value);

int elsewhere(int a, int b)
{
	return a - b;
}

void elsewhere_void(int *out, int value)
{
	*out = value;
}

static void lose_the_processor(bool wait)
{
	for (int i = 0; wait && i < 3; i++)
		must_ok(coir_yield());
}

fiber_test(task, typed)
{
	for (int wait = 0; wait < 2; wait++) {
		int out1 = 0, out6 = 0, out = 0;
		COIR_FORK(t0, none);
		COIR_FORK(t1, one, 21);
		COIR_FORK(t2, two, 0.5, 0.25);
		COIR_FORK(t3, three, "coconut", 2, 3);
		COIR_FORK(t4, four, ((struct pair){1, 2}), 3, 4, 5);
		COIR_FORK(t5, five, 1, 2, 3, 4, 5);
		COIR_FORK(t6, six, "0123456789", 1, 1, 1, 1, 2);
		COIR_FORK(v0, void_none);
		COIR_FORK(v1, void_one, &out1);
		COIR_FORK(v6, void_six, &out6, 1, 2, 3, 4, 5);
		COIR_FORK(e1, elsewhere, 9, 4);
		COIR_FORK(e2, elsewhere_void, &out, 3);
		lose_the_processor(wait);
		COIR_JOIN(e2, elsewhere_void);
		must_eq(out, 3);
		must_eq(COIR_JOIN(e1, elsewhere), 5);
		COIR_JOIN(v6, void_six);
		must_eq(out6, 15);
		COIR_JOIN(v1, void_one);
		must_eq(out1, 1);
		COIR_JOIN(v0, void_none);
		must_eq(*COIR_JOIN(t6, six), '6');
		must_eq(COIR_JOIN(t5, five), 54321);
		struct pair p = COIR_JOIN(t4, four);
		must_eq(p.a, 4);
		must_eq(p.b, 13);
		must_eq(COIR_JOIN(t3, three), 'u');
		must(COIR_JOIN(t2, two) == 0.75);
		must_eq(COIR_JOIN(t1, one), 42);
		must_eq(COIR_JOIN(t0, none), 7);
	}
}

/* Tasks that are not declared one by one. */
fiber_test(task, by_hand)
{
	enum { N = 100 };
	struct one_task t[N];
	for (int i = 0; i < N; i++)
		one_fork(&t[i], i);
	lose_the_processor(true);
	for (int i = N; i-- > 0;)
		must_eq(one_join(&t[i]), 2 * i);
}

static intptr_t plus_one(void *arg)
{
	return (intptr_t)arg + 1;
}

fiber_test(task, jobs)
{
	coir_job a, b;
	coir_job_fork(&a, plus_one, (void *)10);
	coir_job_fork(&b, plus_one, (void *)20);
	must_eq(coir_job_join(&b), 21);
	lose_the_processor(true);
	must_eq(coir_job_join(&a), 11);
}

/* ---- trees ---- */

COIR_TASK(long, fib, int, n)
{
	if (n < 2)
		return n;
	COIR_FORK(left, fib, n - 1);
	long right = fib(n - 2);
	return COIR_JOIN(left, fib) + right;
}

fiber_test(task, fib)
{
	must_eq(fib(24), 46368);
}

static intptr_t fib_20(void *arg)
{
	(void)arg;
	return fib(20);
}

/* Forkers that are no main fiber: on default stacks, inlined in joins, and as tasks. */
fiber_test(task, fib_of_many)
{
	coir_fiber f[10];
	for (int i = 0; i < 10; i++)
		f[i] = must_spawn(fib_20, NULL);
	must_eq(must_join_all(f, 10), 67650);
	must_eq(run_probe(TAKEN, fib_20, NULL), 6765);
	must_eq(run_probe(INLINED, fib_20, NULL), 6765);
}

/* ---- many ---- */

/* More than the room there is to begin with; all promoted, some promoted, none; joined again in between. */
static void many_at_once(long n)
{
	struct one_task *t = zeros((size_t)n, sizeof *t);
	for (int how = 0; how < 4; how++) {
		for (long i = 0; i < n; i++) {
			one_fork(&t[i], (int)i);
			if (how == 2 && i % 1000 == 999) {
				must_ok(coir_yield());
			} else if (how == 3 && i % 2 == 0) {
				must_eq(one_join(&t[i]), 2 * i);
				one_fork(&t[i], (int)i);
			}
		}
		lose_the_processor(how == 1);
		for (long i = n; i-- > 0;)
			must_eq(one_join(&t[i]), 2 * i);
	}
	free(t);
}

static intptr_t many_in_fiber(void *arg)
{
	many_at_once((long)(intptr_t)arg);
	return 0;
}

fiber_test(task, many_open)
{
	must_join(must_spawn(many_in_fiber, (void *)(intptr_t)scaled_spawns(20000)));
}

/* The main fiber's stack is larger than the default, so is that of each of its tasks that is made into a fiber. */
fiber_test(task, many_open_of_main)
{
	many_at_once(scaled_spawns(2000));
}

/* ---- order ---- */

/* On one worker nobody takes anything while the forker runs: a task runs in its join, on the forker's stack. */
static intptr_t note_place(void *arg)
{
	char here;
	*(uintptr_t *)arg = (uintptr_t)&here;
	return 0;
}

solo_test(task, runs_in_its_join)
{
	char here;
	uintptr_t there = 0;
	struct probe p;
	probe_fork(&p, note_place, &there);
	must_eq(atomic_load(&p.runs), 0);
	must(coir_task_join(&p.task));
	must_eq(atomic_load(&p.runs), 0);
	probe_run(&p.task);
	must((uintptr_t)&here - there < 4096);
	must_eq(must_stats().spawned, 1);
}

/* What others have costs a fiber, and what was taken back none. */
solo_test(task, statistics_add_up)
{
	struct probe a, b;
	probe_fork(&a, NULL, NULL);
	probe_give(&b, NULL, NULL);
	probe_take(&b);
	probe_join(&a);
	coir_stats s = must_stats();
	must_eq(s.spawned, s.finished + 1);
	must_eq(s.abandoned, 0);
}

/* ---- no fiber ---- */

static void fork_outside(void)
{
	int out = 0;
	COIR_FORK(a, one, 4);
	COIR_FORK(b, void_one, &out);
	COIR_JOIN(b, void_one);
	must_eq(out, 1);
	must_eq(COIR_JOIN(a, one), 8);
	must_eq(fib(15), 610);
}

static void *outside(void *arg)
{
	fork_outside();
	return arg;
}

Test(task, in_a_plain_thread)
{
	fork_outside();
	start_workers(2);
	fork_outside();
	thread_end(thread_start(outside, NULL));
	stop_workers();
	fork_outside();
}

/* A timer's function is in no fiber, though it runs on a worker's thread. */
static void fork_in_timer(void *arg)
{
	fork_outside();
	must_eq(fib(24), 46368); /* long enough for a thief to look */
	atomic_store((atomic_int *)arg, 1);
}

fiber_test(task, in_a_timer)
{
	for (int i = 0; i < 20; i++) {
		coir_timer timer;
		atomic_int done = 0;
		must_ok(coir_timer_init(&timer, fork_in_timer, &done));
		must_ok(coir_timer_start(&timer, coir_after(100 * COIR_MICROSECOND)));
		while (!atomic_load(&done))
			must_ok(coir_sleep(100 * COIR_MICROSECOND));
		must_ok(coir_timer_drain(&timer));
	}
}
