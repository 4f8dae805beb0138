/* SPDX-License-Identifier: MIT
 *
 * api/signal_test.c - signals of the program's own, and errno: coir disturbs neither, and is not disturbed.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_long caught;
static atomic_bool over;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&caught, 1);
}

/* To the process, so that any thread may get it, also one that sleeps in the kernel. */
static void *send_signals(void *arg)
{
	sigset_t mine;
	sigfillset(&mine);
	pthread_sigmask(SIG_BLOCK, &mine, NULL);
	while (!atomic_load(&over)) {
		kill(getpid(), SIGUSR1);
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
		usleep(50);
	}
	return NULL;
}

/* Interrupted system calls end no wait early. */
workers_test(signal, do_not_end_waits)
{
	struct sigaction action = {.sa_handler = count_signal}; /* no SA_RESTART */
	must_ok(sigaction(SIGUSR1, &action, NULL));
	pthread_t me = pthread_self(), sender = thread_start(send_signals, &me);
	start_workers(workers);
	for (int i = 0; i < 200 || atomic_load(&caught) < 50; i++) {
		coir_fiber waits = must_spawn(fiber_park_once, (void *)6),
			   busy = must_spawn(fiber_yield_often, (void *)7);
		must_eq(must_join(busy), 7);
		must_ok(coir_unpark(waits));
		must_eq(must_join(waits), 6);
	}
	stop_workers();
	atomic_store(&over, true);
	thread_end(sender);
}

/* A worker takes no signal away from a thread that waits for it. */
workers_test(signal, blocked_ones_stay_pending)
{
	sigset_t set, pending;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	must_ok(pthread_sigmask(SIG_BLOCK, &set, NULL)); /* before the start: workers inherit it, as threads do */
	start_workers(workers);
	must_ok(kill(getpid(), SIGUSR2));
	must_eq(must_join(must_spawn(fiber_yield_often, (void *)1)), 1);
	must_ok(sigpending(&pending));
	must(sigismember(&pending, SIGUSR2));
	int number = 0;
	must_eq(sigwait(&set, &number), 0);
	must_eq(number, SIGUSR2);
	stop_workers();
}

/* ---- errno ---- */

enum { MINE = 4711 };

static intptr_t leave_errno(void *arg)
{
	must_eq(errno, MINE);
	coir_fiber f = must_spawn(fiber_give_back, (void *)1);
	must_eq(must_join(f), 1);
	must_eq(coir_join(f, NULL), -ESRCH);
	must_eq(coir_unpark(f), -ESRCH);
	must_eq(coir_spawn(NULL, NULL, NULL, &f), -EINVAL);
	must_ok(coir_yield());
	must_ok(coir_unpark(must_self()));
	must_ok(coir_park());
	must_ok(coir_call_with_stack(256 << 10, fiber_give_back, NULL, NULL));
	must_eq(coir_call_with_stack(1, fiber_give_back, NULL, NULL), -EINVAL);
	f = must_spawn(fiber_park_once, (void *)1);
	must_ok(coir_yield());
	must_ok(coir_unpark(f));
	must_eq(must_join(f), 1);
	must_eq(errno, MINE);
	return (intptr_t)arg;
}

/* On one worker there is one errno. Nothing here fails in the kernel, so nothing has a reason to touch it. */
solo_test(signal, errno_stays)
{
	errno = MINE;
	for (int i = 0; i < 100; i++)
		must_eq(leave_errno((void *)3), 3);
	must_eq(errno, MINE);
}

Test(signal, errno_stays_outside)
{
	errno = MINE;
	start_workers(2);
	cr_assert_eq(errno, MINE);
	must_eq(must_join(must_spawn(fiber_yield_often, (void *)3)), 3);
	coir_fiber f = must_spawn(fiber_park_once, (void *)3);
	must_ok(coir_unpark(f));
	must_eq(must_join(f), 3);
	must_eq(coir_join(f, NULL), -ESRCH);
	cr_assert_eq(errno, MINE);
	stop_workers();
	cr_assert_eq(errno, MINE);
}
