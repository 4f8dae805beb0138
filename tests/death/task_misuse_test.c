/* SPDX-License-Identifier: MIT
 *
 * death/task_misuse_test.c - coir/task.h, "Rules": forks and joins that do not match end the program with a line that
 * says how; so does recursion by tasks without end.
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/tasks.h"
#include "support/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SURVIVED = 1 };

#define OUT_OF_ORDER "coir: coir_task_join: a task is joined while a newer one of the same fiber is not"
#define TWICE        "coir: coir_task_join: the task is not forked, or was joined before"
#define UNJOINED     "coir: coir_task_join: a fiber, or a task that was taken, has ended and not joined"
#define NOT_OURS \
	"coir: coir_task_join: the task was made into a fiber, of which this thread or forked child knows nothing"

#define ANOTHERS "coir: coir_task_join: the task was forked by another fiber"

static struct probe p, q;

static intptr_t give_back_slowly(void *arg)
{
	must_ok(coir_yield());
	return (intptr_t)arg;
}

/* ---- the order ---- */

static intptr_t oldest_first(void *arg)
{
	probe_fork(&p, fiber_give_back, arg);
	probe_fork(&q, fiber_give_back, arg);
	return probe_join(&p);
}

static intptr_t taken_before_newer(void *arg)
{
	probe_give(&p, fiber_give_back, arg);
	probe_fork(&q, fiber_give_back, arg);
	return probe_join(&p);
}

/* ---- twice, and never ---- */

static intptr_t twice(void *arg)
{
	probe_fork(&p, fiber_give_back, arg);
	probe_join(&p);
	return coir_task_join(&p.task);
}

static intptr_t twice_above_another(void *arg)
{
	probe_fork(&q, fiber_give_back, arg);
	return twice(arg);
}

static intptr_t taken_twice(void *arg)
{
	probe_give(&p, fiber_give_back, arg);
	probe_take(&p);
	return coir_task_join(&p.task);
}

static intptr_t never_forked(void *arg)
{
	(void)arg;
	return coir_task_join(&p.task);
}

/* ---- unjoined ---- */

static intptr_t leave_in_stack(void *arg)
{
	probe_fork(&p, fiber_give_back, arg);
	return 0;
}

static intptr_t leave_taken(void *arg)
{
	probe_give(&p, give_back_slowly, arg);
	return 0;
}

static intptr_t join_who_leaves_in_stack(void *arg)
{
	return must_join(must_spawn(leave_in_stack, arg));
}

static intptr_t join_who_leaves_taken(void *arg)
{
	return must_join(must_spawn(leave_taken, arg));
}

/* The child runs as a fiber of its own: not in the join. */
static intptr_t yield_to_who_leaves(void *arg)
{
	coir_fiber f = must_spawn(leave_in_stack, arg);
	for (;;)
		must_ok(coir_yield());
	return must_join(f);
}

static intptr_t task_that_leaves(void *arg)
{
	return run_probe(TAKEN, leave_in_stack, arg);
}

static void fork_in_handler(void *arg)
{
	leave_in_stack(arg);
}

static intptr_t leave_by_handler(void *arg)
{
	return coir_defer(fork_in_handler, arg);
}

static intptr_t join_who_leaves_by_handler(void *arg)
{
	return must_join(must_spawn(leave_by_handler, arg));
}

static intptr_t leave_by_destructor(void *arg)
{
	coir_key key;
	must_ok(coir_key_create(&key, fork_in_handler));
	must_ok(coir_set(key, &key));
	return (intptr_t)arg;
}

/* ---- somebody else's ---- */

static intptr_t join_anothers(void *arg)
{
	(void)arg;
	return coir_task_join(&p.task);
}

static intptr_t have_another_join(void *arg)
{
	probe_give(&p, give_back_slowly, arg);
	return must_join(must_spawn(join_anothers, NULL));
}

/* Who joins has given away a task of its own. */
static intptr_t join_anothers_first(void *arg)
{
	probe_give(&q, give_back_slowly, arg);
	return join_anothers(NULL);
}

static intptr_t have_another_join_first(void *arg)
{
	probe_give(&p, give_back_slowly, arg);
	return must_join(must_spawn(join_anothers_first, arg));
}

static void join_by_timer(void *arg)
{
	join_anothers(arg);
}

static intptr_t have_a_timer_join(void *arg)
{
	coir_timer timer;
	probe_give(&p, give_back_slowly, arg);
	must_ok(coir_timer_init(&timer, join_by_timer, NULL));
	must_ok(coir_timer_start(&timer, coir_now()));
	return coir_sleep(COIR_SECOND);
}

/* ---- a forked child ---- */

static intptr_t join_in_forked_child(void *arg)
{
	probe_give(&p, give_back_slowly, arg);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0)
		return coir_task_join(&p.task); /* what it says goes where we look */
	int status;
	must(waitpid(pid, &status, 0) == pid);
	must(WIFSIGNALED(status));
	abort();
}

/* ---- the verdict ---- */

struct misuse {
	coir_fn main;
	unsigned workers;
};

static int commit(void *arg)
{
	const struct misuse *m = arg;
	with_workers(m->workers, m->main, (void *)1);
	return SURVIVED;
}

static void ends_on(unsigned workers, coir_fn main, const char *line)
{
	struct misuse m = {main, workers};
	struct child c = run_child(commit, &m);
	cr_assert(child_refused(&c), "on %u: status %#x: %s", workers, c.status, c.text);
	cr_assert_not_null(strstr(c.text, line), "on %u: %s", workers, c.text);
	cr_assert(c.lines == 1 || TESTS_EMULATED, "%s", c.text); /* an emulator has a word on each signal */
}

static void ends_with(coir_fn main, const char *line)
{
	ends_on(1, main, line);
	ends_on(4, main, line);
}

/* With several workers both may have been taken by the time of the join: then nothing is amiss. */
Test(task_misuse, out_of_order)
{
	ends_on(1, oldest_first, OUT_OF_ORDER);
	ends_on(1, taken_before_newer, OUT_OF_ORDER);
}

Test(task_misuse, joined_twice)
{
	ends_with(twice, TWICE);
	ends_with(twice_above_another, TWICE);
	ends_with(taken_twice, TWICE);
}

Test(task_misuse, never_forked)
{
	ends_with(never_forked, TWICE);
}

static int twice_outside(void *arg)
{
	(void)arg;
	twice(NULL);
	return SURVIVED;
}

Test(task_misuse, joined_twice_in_a_plain_thread)
{
	struct child c = run_child(twice_outside, NULL);
	cr_assert(child_refused(&c), "status %#x: %s", c.status, c.text);
	cr_assert_not_null(strstr(c.text, TWICE), "%s", c.text);
}

Test(task_misuse, unjoined)
{
	ends_with(leave_in_stack, UNJOINED);
	ends_with(leave_taken, UNJOINED);
}

Test(task_misuse, unjoined_by_a_child)
{
	ends_with(join_who_leaves_in_stack, UNJOINED);
	ends_with(join_who_leaves_taken, UNJOINED);
	ends_with(yield_to_who_leaves, UNJOINED);
}

Test(task_misuse, unjoined_by_a_task)
{
	ends_with(task_that_leaves, UNJOINED);
}

Test(task_misuse, unjoined_at_the_very_end)
{
	ends_with(leave_by_handler, UNJOINED);
	ends_with(join_who_leaves_by_handler, UNJOINED);
	ends_with(leave_by_destructor, UNJOINED);
}

Test(task_misuse, joined_by_another)
{
	ends_with(have_another_join, ANOTHERS);
	ends_with(have_another_join_first, ANOTHERS);
	ends_with(have_a_timer_join, NOT_OURS);
}

Test(task_misuse, joined_in_a_forked_child)
{
	ends_with(join_in_forked_child, NOT_OURS);
}

/* ---- recursion ---- */

intptr_t entry_of_tasks(void *arg);

COIR_TASK(long, deeper, long, n)
{
	COIR_FORK(left, deeper, n + 1);
	long right = n;
	return COIR_JOIN(left, deeper) + right;
}

intptr_t entry_of_tasks(void *arg)
{
	must_ok(coir_set_name("deep diver"));
	return (intptr_t)deeper((long)(intptr_t)arg);
}

/* Its entry is no task; it forks one, which is taken and runs out of stack: the report names the fiber. */
static intptr_t deep_task(void *arg)
{
	return (intptr_t)deeper((long)(intptr_t)arg);
}

intptr_t entry_that_forks(void *arg);

intptr_t entry_that_forks(void *arg)
{
	must_ok(coir_set_name("innocent parent"));
	return run_probe(TAKEN, deep_task, arg);
}

static intptr_t dive_in_task(void *arg)
{
	coir_fiber f = must_spawn(entry_that_forks, arg);
	must_ok(coir_yield());
	return must_join(f);
}

static intptr_t dive(void *arg)
{
	return must_join(must_spawn(entry_of_tasks, arg));
}

static void overflows(unsigned workers, coir_fn main, const char *name)
{
	struct misuse m = {main, workers};
	struct child c = run_child(commit, &m);
	cr_assert(child_killed(&c, SIGABRT), "status %#x: %s", c.status, c.text);
	cr_assert_not_null(strstr(c.text, "coir: stack overflow"), "%s", c.text);
	cr_assert_not_null(strstr(c.text, name), "%s", c.text);
}

Test(task_misuse, recursion_without_end)
{
	overflows(1, dive, "deep diver");
	overflows(1, entry_of_tasks, "deep diver");
	overflows(1, dive_in_task, "'innocent parent', entry entry_that_forks");
	overflows(4, dive, "fiber "); /* a fiber of its own in each theft, until one is deep enough */
}
