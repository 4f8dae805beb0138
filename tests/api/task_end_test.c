/* SPDX-License-Identifier: MIT
 *
 * api/task_end_test.c - tasks when the runtime stops and starts, in forked children, under the virtual clock, and
 * without membarrier(2).
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/tasks.h"
#include "support/test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

COIR_TASK(long, fib, int, n)
{
	if (n < 2)
		return n;
	COIR_FORK(left, fib, n - 1);
	long right = fib(n - 2);
	return COIR_JOIN(left, fib) + right;
}

/* ---- stop and start ---- */

static atomic_int begun;

static intptr_t run_for_ever(void *arg)
{
	(void)arg;
	atomic_fetch_add(&begun, 1);
	for (;;)
		must_ok(coir_yield());
	return 0;
}

static intptr_t wait_for_ever(void *arg)
{
	(void)arg;
	atomic_fetch_add(&begun, 1);
	return coir_sleep_until(COIR_NEVER - 1);
}

/* With tasks in all states at the stop: running, waiting, forked by a task, promoted and not begun, in the stack. */
static intptr_t forks_without_end(void *arg)
{
	struct probe p[6];
	probe_give(&p[0], run_for_ever, NULL);
	probe_give(&p[1], wait_for_ever, NULL);
	for (int i = 2; i < 6; i++)
		probe_fork(&p[i], i % 2 ? run_for_ever : wait_for_ever, NULL);
	atomic_fetch_add((atomic_int *)arg, 1);
	for (;;)
		must_ok(coir_yield());
	return 0;
}

static intptr_t scoped_forks_without_end(void *arg)
{
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	return forks_without_end(arg);
}

static intptr_t end_before_tasks(void *arg)
{
	atomic_int ready = 0;
	coir_fiber f[4];
	for (int i = 0; i < 4; i++)
		f[i] = must_spawn(i % 2 ? forks_without_end : scoped_forks_without_end, &ready);
	while (atomic_load(&ready) < 4)
		must_ok(coir_yield());
	if (arg)
		must_ok(coir_cancel(f[0]));
	must_eq(fib(10), 55);
	return 0;
}

workers_test(task_end, main_returns_first)
{
	for (int i = 0; i < 10; i++) {
		must_ok(with_workers(workers, end_before_tasks, (void *)(intptr_t)(i % 2)));
		coir_stats s = must_stats();
		must_eq(s.spawned, s.finished + s.abandoned);
		cr_assert_gt(s.abandoned, 4);
	}
}

static intptr_t fib_main(void *arg)
{
	return fib((int)(intptr_t)arg);
}

/* coir_stop finds nobody alive once all have been joined, whoever ran what. */
workers_test(task_end, nothing_is_left)
{
	for (int i = 0; i < 20; i++) {
		start_workers(workers);
		for (int k = 0; k < 3; k++)
			must_eq(must_join(must_spawn(fib_main, (void *)18)), 2584);
		stop_workers();
	}
	coir_stats s = must_stats();
	must_eq(s.spawned, s.finished);
}

/* ---- fork(2) ---- */

static int child_code(pid_t pid)
{
	int status;
	must(waitpid(pid, &status, 0) == pid);
	must(WIFEXITED(status), "status %#x", (unsigned)status);
	return WEXITSTATUS(status);
}

/* The child has what nobody has taken, and may fork and join as a plain thread does. On one worker: elsewhere a thief
 * may have taken it at that very moment. */
solo_test(task_end, forked_child_with_open_forks)
{
	struct probe p, q;
	probe_fork(&p, fiber_give_back, (void *)3);
	probe_fork(&q, fiber_give_back, (void *)4);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		alarm(60);
		must_eq(probe_join(&q), 4);
		must_eq(fib(15), 610);
		must_eq(probe_join(&p), 3);
		_exit(33);
	}
	must_eq(probe_join(&q), 4);
	must_eq(probe_join(&p), 3);
	must_eq(child_code(pid), 33);
}

/* Before a sanitizer looks for what the parent's other threads own. */
static void leave_at_once(void)
{
	_exit(33);
}

static intptr_t fork_in_task(void *arg)
{
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		alarm(60);
		must_eq(coir_id(), 0);
		must_eq(fib(15), 610);
		if (arg)
			_exit(33);
		must_ok(atexit(leave_at_once));
		return 0; /* the task was all there is */
	}
	must_eq(child_code(pid), 33);
	must_eq(fib(15), 610);
	return 1;
}

fiber_test(task_end, fork_in_a_task)
{
	coir_scope s;
	must_eq(run_probe(TAKEN, fork_in_task, (void *)1), 1);
	must_eq(run_probe(TAKEN, fork_in_task, NULL), 1);
	must_eq(run_probe(INLINED, fork_in_task, (void *)1), 1);
	must_ok(coir_scope_begin(&s, NULL));
	must_eq(run_probe(TAKEN, fork_in_task, NULL), 1);
	must_ok(coir_scope_wait(&s));
}

/* A runtime of the child's own. */
static intptr_t restart_in_child(void *arg)
{
	struct probe p;
	probe_fork(&p, fiber_give_back, (void *)3);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		alarm(60);
		must_eq(with_workers(2, fib_main, (void *)15), 610);
		must_eq(probe_join(&p), 3);
		_exit(33);
	}
	must_eq(probe_join(&p), 3);
	must_eq(child_code(pid), 33);
	return (intptr_t)arg;
}

Test(task_end, a_new_runtime_in_a_forked_child)
{
	if (TESTS_TSAN || TESTS_EMULATED)
		cr_skip_test("no threads in a forked child here");
	with_workers(1, restart_in_child, NULL);
}

/* ---- the virtual clock ---- */

static intptr_t sleep_long(void *arg)
{
	return coir_sleep((int64_t)(intptr_t)arg * COIR_SECOND);
}

/* Time jumps only when every task waits, and each wakes at its own. */
static intptr_t virtual_main(void *arg)
{
	struct probe p[3];
	coir_time start = coir_now();
	for (int i = 0; i < 3; i++)
		probe_fork(&p[i], sleep_long, (void *)(intptr_t)(i + 1));
	must_ok(coir_sleep(10 * COIR_SECOND));
	must_eq(coir_now() - start, 10 * COIR_SECOND); /* they slept meanwhile */
	for (int i = 3; i-- > 0;)
		must_ok(probe_take(&p[i]));
	for (int i = 0; i < 3; i++)
		probe_fork(&p[i], sleep_long, (void *)(intptr_t)(i + 1));
	for (int i = 3; i-- > 0;)
		must_ok(probe_join(&p[i]));
	must_eq(coir_now() - start, 13 * COIR_SECOND); /* the first join promotes the others */
	return (intptr_t)arg;
}

Test(task_end, virtual_clock)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 1;
	cfg.clock = COIR_CLOCK_VIRTUAL;
	must_ok(coir_run(&cfg, virtual_main, NULL, NULL));
}

/* ---- symmetric fences ---- */

static intptr_t some_of_all(void *arg)
{
	must_eq(run_probe(TAKEN, fib_main, (void *)18), 2584);
	must_eq(run_probe(INLINED, fib_main, (void *)18), 2584);
	must_eq(must_join(must_spawn(fib_main, (void *)15)), 610);
	must_join(must_spawn_sticky(fib_main, (void *)15));
	return (intptr_t)arg;
}

static int without_membarrier(void *arg)
{
	setenv("COIR_TEST_REFUSE", "membarrier", 1);
	for (unsigned workers = 1; workers <= 8; workers *= 2)
		with_workers(workers, some_of_all, arg);
	return 33;
}

Test(task_end, without_membarrier)
{
	if (TESTS_EMULATED)
		cr_skip_test("an emulator has no filters of system calls, and no membarrier of its own either");
	struct child c = run_child(without_membarrier, NULL);
	cr_assert(child_exited(&c, 33), "status %#x: %s", c.status, c.text);
}
