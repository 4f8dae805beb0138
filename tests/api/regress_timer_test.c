/* SPDX-License-Identifier: MIT
 *
 * regress_timer_test.c - faults of timers and of objects to wait at that were found once: each case failed on the code
 * of its day.
 */
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_bool go, begun;
static coir_timer timer;

static void say_go(void *arg)
{
	(void)arg;
	atomic_store(&go, true);
}

/* Frees memory so that who looks at it still will notice. */
static void spoil(void *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((volatile char *)memory)[i] = 0x55;
	free(memory);
}

static void hog_until_go(void)
{
	while (!atomic_load(&go))
		;
}

/* ---- a timer of a worker that is busy with the fiber that started it ---- */

/* It fired when the fiber was through. */
crowd_test(regress_timer, of_a_busy_worker)
{
	must_ok(coir_timer_init(&timer, say_go, NULL));
	for (int round = 0; round < 10; round++) {
		atomic_store(&go, false);
		must_ok(coir_sleep(3 * COIR_MILLISECOND)); /* all sleep, and nobody watches */
		must_ok(coir_timer_start(&timer, coir_after(COIR_MILLISECOND)));
		hog_until_go();
	}
	must_ok(coir_timer_drain(&timer));
}

/* The same with the deadline of a scope. */
crowd_test(regress_timer, of_a_scope_with_a_busy_owner)
{
	for (int round = 0; round < 10; round++) {
		coir_scope scope, inner;
		atomic_store(&go, false);
		must_ok(coir_scope_begin_until(&scope, COIR_NEVER));
		must_ok(coir_sleep(3 * COIR_MILLISECOND));
		must_ok(coir_scope_begin_until(&inner, coir_after(COIR_MILLISECOND)));
		while (coir_scope_cancelled(&inner) == 0)
			;
		must_eq(coir_scope_wait(&inner), -ETIMEDOUT);
		must_ok(coir_scope_wait(&scope));
	}
}

static atomic_bool hogs;

/* On the first worker, in whose wheel timers of plain threads are. */
static intptr_t hog_the_first(void *arg)
{
	char name[16];
	pthread_getname_np(pthread_self(), name, sizeof name);
	if (strcmp(name, "coir-0") == 0 && !atomic_exchange(&begun, true)) {
		must_ok(coir_park());
		atomic_store(&hogs, true);
		hog_until_go();
	}
	coir_time end = coir_after(2 * COIR_MILLISECOND); /* busy, so that others are woken */
	while (coir_now() < end && !atomic_load(&begun))
		;
	return (intptr_t)arg;
}

/* The same with one that a plain thread started. */
workers_test(regress_timer, of_a_plain_thread)
{
	for (int round = 0; round < 5 && workers > 1; round++) {
		coir_fiber f[64];
		int n = 0;
		start_workers(workers);
		must_ok(coir_timer_init(&timer, say_go, NULL));
		atomic_store(&go, false);
		atomic_store(&begun, false);
		atomic_store(&hogs, false);
		while (!atomic_load(&begun)) {
			for (unsigned i = 0; i < workers && n < 64; i++)
				f[n++] = must_spawn_sticky(hog_the_first, NULL);
			usleep(4000);
		}
		usleep(5000); /* all sleep, and nobody watches */
		for (int i = 0; i < n; i++)
			coir_unpark(f[i]);
		while (!atomic_load(&hogs))
			sched_yield();
		must_ok(coir_timer_start(&timer, coir_after(COIR_MILLISECOND)));
		hog_until_go();
		must_join_all(f, n);
		stop_workers();
	}
}

/* ---- a function that starts its own timer, and one that is started while its function runs ---- */

static void start_again(void *arg)
{
	for (volatile int i = 0; i < 20000; i++)
		;
	coir_timer_start(arg, coir_now());
}

/* After a drain it was in a wheel still, if its function was running as the drain began. */
crowd_test(regress_timer, a_drain_of_one_that_starts_itself)
{
	for (long round = 0; round < scaled(2000); round++) {
		coir_timer *t = zeros(1, sizeof *t);
		must_ok(coir_timer_init(t, start_again, t));
		must_ok(coir_timer_start(t, coir_now()));
		must_ok(coir_sleep(round % 50 * 1000));
		must_ok(coir_timer_drain(t));
		must_eq(coir_timer_stop(t), 0);
		spoil(t, sizeof *t);
	}
}

static void *start_often(void *arg)
{
	while (!atomic_load(&go))
		must(coir_timer_start(arg, coir_now()) >= 0, "no runtime");
	return NULL;
}

static atomic_long calls;

static void count_call(void *arg)
{
	(void)arg;
	atomic_fetch_add(&calls, 1);
}

static intptr_t start_some(void *arg)
{
	for (long i = 0; i < scaled(20000); i++) {
		must(coir_timer_start(arg, coir_now()) >= 0, "no runtime");
		must_ok(coir_yield());
	}
	return 0;
}

/* Its function's side read what the start wrote: for ThreadSanitizer. */
workers_test(regress_timer, started_while_it_fires)
{
	coir_timer t;
	start_workers(workers);
	atomic_store(&go, false);
	atomic_store(&calls, 0);
	must_ok(coir_timer_init(&t, count_call, NULL));
	coir_fiber f[3];
	for (int i = 0; i < 3; i++)
		f[i] = must_spawn(start_some, &t);
	pthread_t thread = thread_start(start_often, &t);
	must_eq(must_join_all(f, 3), 0);
	atomic_store(&go, true);
	thread_end(thread);
	must_ok(coir_timer_drain(&t));
	must(atomic_load(&calls) > 0, "never fired");
	stop_workers();
}

/* ---- forks ---- */

static atomic_bool in_child;
static pid_t child;

enum { ENDED = 3 };

/* Instead of what others do at an exit, such as to look for leaks. */
static void leave_at_once(void)
{
	_exit(ENDED);
}

static void fork_here(void *arg)
{
	(void)arg;
	child = fork();
	if (child == 0)
		atexit(leave_at_once);
	atomic_store(&in_child, child == 0);
	atomic_store(&go, true);
}

static intptr_t never_in_a_child(void *arg)
{
	while (!atomic_load(&go))
		must_ok(coir_sleep(COIR_MILLISECOND));
	if (atomic_load(&in_child))
		_exit(7);
	return (intptr_t)arg;
}

/* The child's only thread went on as a worker, with the parent's fibers. */
fiber_test(regress_timer, a_fork_in_a_function)
{
	int status = 0;
	atomic_store(&go, false);
	coir_fiber f = must_spawn(never_in_a_child, NULL);
	must_ok(coir_timer_init(&timer, fork_here, NULL));
	must_ok(coir_timer_start(&timer, coir_after(2 * COIR_MILLISECOND)));
	must_join(f);
	must_ok(coir_timer_drain(&timer));
	must_eq(waitpid(child, &status, 0), child);
	must(WIFEXITED(status) && WEXITSTATUS(status) == ENDED, "status %x", (unsigned)status);
}

static coir_chan *channel;

static intptr_t receive(void *arg)
{
	must_ok(coir_chan_recv(channel, NULL));
	must_eq(coir_chan_recv(channel, NULL), -EPIPE);
	return (intptr_t)arg;
}

/* The child believed that the parent's fibers waited there, and would have woken them. */
Test(regress_timer, nobody_waits_in_a_forked_child)
{
	int status = 0;
	start_workers(2);
	must_ok(coir_chan_create(0, 0, &channel));
	coir_fiber f = must_spawn(receive, NULL);
	while (coir_chan_try_send(channel, NULL)) /* it waits */
		sched_yield();
	usleep(1000); /* it waits again */
	pid_t pid = fork();
	if (pid == 0)
		_exit(coir_chan_destroy(channel) != 0);
	must_eq(waitpid(pid, &status, 0), pid);
	must_eq(status, 0);
	must_ok(coir_chan_close(channel));
	must_join(f);
	must_ok(coir_chan_destroy(channel));
	stop_workers();
}

/* ---- a second run ---- */

static coir_mutex mutex = COIR_MUTEX_INIT;

static intptr_t lock_once(void *arg)
{
	must_ok(coir_mutex_lock(&mutex));
	must_ok(coir_mutex_unlock(&mutex));
	return (intptr_t)arg;
}

/* Keeps the worker from the fiber that was woken until the runtime has noticed its end. */
static intptr_t take_time(void *arg)
{
	coir_time end = coir_after(COIR_MILLISECOND);
	while (coir_now() < end)
		;
	return (intptr_t)arg;
}

static intptr_t leave_one_woken(void *arg)
{
	must_ok(coir_mutex_lock(&mutex));
	must_ok(coir_go(lock_once, NULL));
	must_ok(coir_yield());
	must_ok(coir_mutex_unlock(&mutex));
	for (int i = 0; i < 200; i++)
		must_ok(coir_go(take_time, NULL));
	return (intptr_t)arg;
}

static intptr_t have_one_wait(void *arg)
{
	must_ok(coir_mutex_lock(&mutex));
	coir_fiber f = must_spawn(lock_once, NULL);
	must_ok(coir_yield());
	must_ok(coir_mutex_unlock(&mutex));
	must_join(f);
	return (intptr_t)arg;
}

/* The mutex knew of one that had been woken to try for it, who never did, and woke nobody else. */
Test(regress_timer, a_mutex_in_a_second_run)
{
	with_workers(1, leave_one_woken, NULL);
	with_workers(1, have_one_wait, NULL);
	must_ok(coir_mutex_destroy(&mutex));
}

/* ---- a barrier that is destroyed as soon as its last party has come ---- */

static intptr_t arrive(void *arg)
{
	int r = coir_barrier_wait_until(arg, coir_after(COIR_MILLISECOND));
	must(r == 0 || r == -ETIMEDOUT, "%d", r);
	return r;
}

static intptr_t arrive_last(void *arg)
{
	for (int round = 0; round < 100; round++) {
		coir_barrier *b = zeros(1, sizeof *b);
		must_ok(coir_barrier_init(b, 2));
		coir_fiber f = must_spawn(arrive, b);
		must_ok(coir_yield());
		/* The time of both is up, and who is woken first finds the other counted still. */
		must_ok(coir_sleep(COIR_MILLISECOND));
		int r = coir_barrier_wait_until(b, coir_now());
		if (r == COIR_BARRIER_LAST) {
			while (coir_barrier_destroy(b) == -EBUSY)
				must_ok(coir_yield());
			spoil(b, sizeof *b);
			must_eq(must_join(f), 0);
		} else {
			must_eq(r, -ETIMEDOUT);
			must_eq(must_join(f), -ETIMEDOUT);
			must_ok(coir_barrier_destroy(b));
			free(b);
		}
	}
	return (intptr_t)arg;
}

/* A party whose time was up came to look at it again, and it was gone. */
Test(regress_timer, a_barrier_that_has_done_its_work)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.clock = COIR_CLOCK_VIRTUAL;
	must_ok(coir_run(&cfg, arrive_last, NULL, NULL));
}
