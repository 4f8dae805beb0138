/* SPDX-License-Identifier: MIT
 *
 * regress_test.c - faults that were found once: each case failed on the code of its day.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- wiping, and calls on another stack ---- */

enum { CALL_STACK = 256 << 10, SECRETS = 8192, LOOK = 12000 };

static intptr_t leave_a_secret(void *arg)
{
	volatile char bytes[SECRETS];
	for (int i = 0; i < SECRETS; i++)
		bytes[i] = "SECRET!!"[i % 8];
	return bytes[5] + (intptr_t)arg;
}

static intptr_t count_secrets(void *arg)
{
	char bytes[LOOK];
	__asm__ volatile("" ::"r"(bytes) : "memory"); /* as they were left */
	intptr_t found = (intptr_t)arg;
	for (int i = 0; i + 4 < LOOK; i++)
		found += memcmp(bytes + i, "SECR", 4) == 0;
	return found;
}

static intptr_t secrets_of_calls(void *arg)
{
	intptr_t found = (intptr_t)arg, left;
	must_ok(coir_call_with_stack(CALL_STACK, leave_a_secret, NULL, &left));
	must_ok(coir_call_with_stack(CALL_STACK, count_secrets, NULL, &found));
	must_eq(found, 0);
	must_ok(coir_call_with_stack(CALL_STACK, leave_a_secret, NULL, &left));
	coir_attr attr = COIR_ATTR_INIT;
	attr.stack_size = CALL_STACK;
	coir_fiber f;
	must_ok(coir_spawn(&attr, count_secrets, NULL, &f));
	return must_join(f);
}

Test(regress, calls_are_wiped_too)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 1;
	cfg.wipe_stacks = 1;
	intptr_t found = -1;
	cr_assert_eq(coir_run(&cfg, secrets_of_calls, NULL, &found), 0);
	cr_assert_eq(found, 0);
}

/* ---- forks inside a call on another stack ---- */

static intptr_t fork_in_call(void *arg)
{
	pid_t *pid = arg;
	*pid = fork();
	if (*pid == 0 && !TESTS_TSAN && !TESTS_EMULATED)
		must_eq(with_workers(2, fiber_give_back, (void *)5), 5);
	return 1;
}

/* The child comes back out of the call, and starts once more. */
static intptr_t fork_and_return(void *arg)
{
	pid_t pid = -1;
	intptr_t result = 0;
	must_ok(coir_call_with_stack(CALL_STACK, fork_in_call, &pid, &result));
	must_eq(result, 1);
	if (pid == 0) {
		if (!TESTS_TSAN && !TESTS_EMULATED)
			must_eq(with_workers(3, fiber_give_back, (void *)6), 6);
		_exit(33);
	}
	int status = 0;
	must(waitpid(pid, &status, 0) == pid);
	must(WIFEXITED(status) && WEXITSTATUS(status) == 33, "status %#x", (unsigned)status);
	return (intptr_t)arg;
}

workers_test(regress, fork_in_a_call_of_a_fiber)
{
	cr_assert_eq(with_workers(workers, fork_and_return, (void *)7), 7);
}

workers_test(regress, fork_in_a_call_of_a_plain_thread)
{
	start_workers(workers);
	cr_assert_eq(fork_and_return((void *)7), 7);
	stop_workers();
}

/* ---- the end of the runtime, and calls of plain threads ---- */

static intptr_t stop_from_inside(void *arg)
{
	must_eq(coir_stop(0), -EPERM);
	must_eq(coir_stop(COIR_STOP_FORCE), -EPERM);
	return (intptr_t)arg;
}

static atomic_bool inside;

static intptr_t join_for_ever(void *arg)
{
	atomic_store(&inside, true);
	return coir_join(*(coir_fiber *)arg, NULL);
}

static void *join_in_a_call(void *arg)
{
	intptr_t r = 0;
	must_ok(coir_call_with_stack(CALL_STACK, join_for_ever, arg, &r));
	must_eq(r, -ESRCH);
	return NULL;
}

workers_test(regress, stop_and_calls_of_plain_threads)
{
	intptr_t r = 0;
	start_workers(workers);
	must_ok(coir_call_with_stack(CALL_STACK, stop_from_inside, (void *)3, &r));
	must_eq(r, 3);
	coir_fiber f = must_spawn(fiber_park_for_ever, NULL);
	pthread_t thread = thread_start(join_in_a_call, &f);
	while (!atomic_load(&inside))
		sched_yield();
	must_ok(coir_stop(COIR_STOP_FORCE));
	thread_end(thread);
}

/* ---- the main fiber belongs to coir_run ---- */

static intptr_t detach_myself(void *arg)
{
	(void)arg;
	return coir_detach(must_self());
}

workers_test(regress, the_main_fiber_cannot_be_detached)
{
	for (int i = 0; i < scaled(200); i++)
		cr_assert_eq(with_workers(workers, detach_myself, NULL), -EINVAL);
}
