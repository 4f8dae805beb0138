/* SPDX-License-Identifier: MIT
 *
 * api/fork_test.c - SEMANTICS, "Lifecycle": in a forked child every call gives -EPERM until a new start, which works;
 * the parent goes on as before.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static coir_key key;
static coir_fiber parents[3]; /* parked, unstarted or running when the fork came */

static void every_call_is_refused(void)
{
	coir_fiber f = parents[0];
	char name[8];
	void *value;
	must_eq(coir_spawn(NULL, fiber_give_back, NULL, &f), -EPERM);
	must_eq(coir_go(fiber_give_back, NULL), -EPERM);
	must_eq(coir_join(f, NULL), -EPERM);
	must_eq(coir_detach(f), -EPERM);
	must_eq(coir_unpark(f), -EPERM);
	must_eq(coir_yield(), -EPERM);
	must_eq(coir_park(), -EPERM);
	must_eq(coir_self(&f), -EPERM);
	must_eq(coir_id(), 0);
	must_eq(coir_name(name, sizeof name), -EPERM);
	must_eq(coir_set_name("x"), -EPERM);
	must_eq(coir_worker(), -EPERM);
	must_eq(coir_set(key, &f), -EPERM);
	must_eq(coir_get(key, &value), -EPERM);
	must_eq(coir_call_with_stack(1 << 20, fiber_give_back, NULL, NULL), -EPERM);
	must_eq(coir_stack_left(), -EPERM);
	must_eq(coir_keep_fp(), -EPERM);
	must_eq(coir_workers(), -EPERM);
	must_eq(coir_stop(0), -EPERM);
	must_eq(coir_stop(COIR_STOP_FORCE), -EPERM);
}

static intptr_t use_the_new_runtime(void *arg)
{
	coir_fiber f[8];
	for (int i = 0; i < 8; i++)
		f[i] = must_spawn(fiber_park_once, (void *)1);
	for (int i = 0; i < 3; i++)
		must_eq(coir_unpark(parents[i]), -ESRCH); /* those stayed behind in the parent */
	for (int i = 0; i < 8; i++)
		must_ok(coir_unpark(f[i]));
	return must_join_all(f, 8) + (intptr_t)arg;
}

static void child_lives(void)
{
	alarm(60);
	every_call_is_refused();
	if (TESTS_TSAN || TESTS_EMULATED)
		_exit(33); /* they can't make threads in a forked child */
	must_eq(with_workers(2, use_the_new_runtime, (void *)10), 18);
	every_call_is_refused();
	start_workers(3);
	must_eq(must_join(must_spawn(fiber_give_back, (void *)4)), 4);
	stop_workers();
	_exit(33);
}

static void fork_and_wait(void)
{
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0)
		child_lives();
	int status = 0;
	must(waitpid(pid, &status, 0) == pid);
	must(WIFEXITED(status) && WEXITSTATUS(status) == 33, "status %#x", (unsigned)status);
}

static void parents_go_on(void)
{
	for (int i = 0; i < 3; i++)
		must_ok(coir_unpark(parents[i]));
	must_eq(must_join_all(parents, 3), 6);
}

workers_test(fork, beside_a_runtime)
{
	must_ok(coir_key_create(&key, NULL));
	start_workers(workers);
	for (int i = 0; i < 3; i++)
		parents[i] = must_spawn(fiber_park_once, (void *)2);
	fork_and_wait();
	cr_assert_eq(coir_workers(), (int)workers);
	parents_go_on();
	stop_workers();
}

fiber_test(fork, from_a_fiber)
{
	must_ok(coir_key_create(&key, NULL));
	for (int i = 0; i < 3; i++)
		parents[i] = must_spawn(fiber_park_once, (void *)2);
	must_ok(coir_yield());
	fork_and_wait();
	parents_go_on();
}

static intptr_t fork_on_big_stack(void *arg)
{
	fork_and_wait();
	return (intptr_t)arg;
}

/* Fibers and plain threads on a borrowed stack. */
workers_test(fork, from_a_call_with_stack)
{
	must_ok(coir_key_create(&key, NULL));
	start_workers(workers);
	for (int i = 0; i < 3; i++)
		parents[i] = must_spawn(fiber_park_once, (void *)2);
	must_ok(coir_call_with_stack(1 << 20, fork_on_big_stack, NULL, NULL));
	parents_go_on();
	stop_workers();
}

static intptr_t fork_here(void *arg)
{
	fork_and_wait();
	return (intptr_t)arg;
}

fiber_test(fork, from_an_inlined_child)
{
	must_ok(coir_key_create(&key, NULL));
	for (int i = 0; i < 3; i++)
		parents[i] = must_spawn(fiber_park_once, (void *)2);
	must_eq(must_join(must_spawn(fork_here, (void *)1)), 1);
	parents_go_on();
}

Test(fork, after_a_runtime_has_ended)
{
	must_ok(coir_key_create(&key, NULL));
	with_workers(2, fiber_give_back, NULL);
	fork_and_wait();
	with_workers(2, fiber_give_back, NULL);
}
