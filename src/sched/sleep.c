/* SPDX-License-Identifier: MIT
 *
 * sched/sleep.c - sleeping, and reading the clock.
 */
#include "sched/wait.h"

coir_time coir_now(void)
{
	return coiri_time();
}

static int sleep_outside(coir_time deadline)
{
	if (!coiri_enter())
		return -EPERM;
	if (deadline <= coiri_time()) {
		coiri_exit();
		return 0;
	}
	coiri_thread thread;
	coiri_waiter waiter;
	coiri_thread_begin(&thread, &waiter, COIRI_WAIT_SLEEP, NULL);
	int r = coiri_thread_wait(&thread, &waiter, 1, deadline);
	return r == -ETIMEDOUT ? 0 : r;
}

int coir_sleep_until(coir_time deadline)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return sleep_outside(deadline);
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	if (deadline <= coiri_time())
		return coiri_step_in_place(w);
	coiri_wait_begin(w, coiri_own_waiter(w), COIRI_WAIT_SLEEP, NULL, COIRI_CANCELLABLE);
	int r = coiri_wait_until(w, NULL, deadline);
	return r == -ETIMEDOUT ? 0 : r;
}

int coir_sleep(int64_t ns)
{
	return coir_sleep_until(coir_after(ns));
}
