/* SPDX-License-Identifier: MIT
 *
 * sched/thread.c - plain threads that wait: on a futex, with the same waiters as fibers.
 *
 * All threads that wait are in one list, so that the end of the runtime can send them away. A thread counts as a
 * visitor while it works at an object, and leaves while it sleeps; it takes its waiters out as a visitor again, or, if
 * the runtime that they belong to has gone, leaves them: their queues are void then (waiter.h).
 */
#include "base/fault.h"
#include "sched/wait.h"

static struct {
	coiri_latch latch;
	coiri_thread *newest;
} waiting;

#define TICKET ((uint64_t)COIRI_ARMED)

void coiri_thread_begin(coiri_thread *thread, coiri_waiter *waiter, coiri_reason reason, const void *object)
{
	coiri_check(!coiri_callback(), "the function of a timer must not wait; let it spawn a fiber that does");
	at_store_relaxed(&thread->wait, TICKET);
	at_store_relaxed(&thread->done, 0);
	thread->result = 0;
	thread->dismissed = -EPERM;
	*waiter = (coiri_waiter){.thread = thread, .ticket = TICKET, .object = object, .reason = reason};
	coiri_latch_acquire(&waiting.latch);
	thread->newer = NULL;
	thread->older = waiting.newest;
	if (thread->older)
		thread->older->newer = thread;
	waiting.newest = thread;
	coiri_latch_release(&waiting.latch);
}

void coiri_thread_end(coiri_thread *thread)
{
	coiri_latch_acquire(&waiting.latch);
	if (thread->newer)
		thread->newer->older = thread->older;
	else
		waiting.newest = thread->older;
	if (thread->older)
		thread->older->newer = thread->newer;
	coiri_latch_release(&waiting.latch);
}

bool coiri_win_thread(coiri_thread *thread, int result)
{
	uint64_t ticket = TICKET;
	if (!at_cas_acq_rel(&thread->wait, &ticket, 0))
		return false;
	thread->result = result;
	return true;
}

/* A deadline by the virtual clock. */
typedef struct thread_timeout {
	coiri_timed timed;
	coiri_thread *thread;
} thread_timeout;

void coiri_wake_thread(coiri_thread *thread)
{
	at_store_release(&thread->done, 1); /* pairs with the acquire in sleep_until */
	coiri_futex_wake(&thread->done, 1); /* its memory may be gone by now: a stray wake harms nobody */
}

static bool time_is_up(coiri_timed *timed, coiri_worker *w)
{
	(void)w;
	thread_timeout *t = coiri_container_of(timed, thread_timeout, timed);
	if (coiri_win_thread(t->thread, -ETIMEDOUT))
		coiri_wake_thread(t->thread);
	return true;
}

/* Until woken, or until the deadline by the real clock. */
static void sleep_until(coiri_thread *thread, coir_time deadline)
{
	while (!at_load_acquire(&thread->done)) { /* pairs with the release in coiri_wake_thread */
		int64_t left = -1;
		if (deadline != COIR_NEVER) {
			left = deadline - coiri_now();
			if (left <= 0 && coiri_win_thread(thread, -ETIMEDOUT))
				return;
			if (left <= 0) /* somebody won, and is about to say so */
				left = -1;
		}
		coiri_futex_wait(&thread->done, 0, left);
	}
}

int coiri_thread_sleep(coiri_thread *thread)
{
	sleep_until(thread, COIR_NEVER);
	return thread->result;
}

/* In the runtime in which it began: all of it must leave the wheel and the queues before the frame goes. */
static void leave_wait(coiri_waiter *waiters, unsigned count, thread_timeout *timeout, bool stays)
{
	if (stays)
		coiri_clock_go_on();
	if (timeout)
		coiri_timed_stop(&timeout->timed);
	for (unsigned i = 0; i < count; i++) {
		if (!waiters[i].latch)
			continue;
		coiri_latch_acquire(waiters[i].latch);
		coiri_queue_remove(&waiters[i]);
		coiri_latch_release(waiters[i].latch);
	}
}

int coiri_thread_wait(coiri_thread *thread, coiri_waiter *waiters, unsigned count, coir_time deadline)
{
	uint32_t epoch = coiri_epoch;
	bool real = at_load_acquire(&coiri_the_clock.mode) == COIRI_CLOCK_REAL;
	bool stays = !real && deadline == COIR_NEVER, timed = !real && !stays;
	thread_timeout timeout = {.thread = thread};
	if (stays)
		coiri_clock_stay();
	if (timed)
		coiri_timed_start(NULL, &timeout.timed, deadline, time_is_up);
	coiri_exit();
	sleep_until(thread, real ? deadline : COIR_NEVER);
	coiri_thread_end(thread);
	bool queued = count > 1 || (count > 0 && thread->result < 0);
	if ((queued || stays || timed) && coiri_enter()) {
		/* While we are in, it does not change. If it has, wheel and clock are new, and the queues void. */
		if (coiri_epoch == epoch)
			leave_wait(waiters, queued ? count : 0, timed ? &timeout : NULL, stays);
		coiri_exit();
	}
	return thread->result;
}

void coiri_threads_dismiss(void)
{
	coiri_latch_acquire(&waiting.latch);
	for (coiri_thread *thread = waiting.newest, *older; thread; thread = older) {
		older = thread->older; /* it stays while the latch is held: it must leave the list */
		if (coiri_win_thread(thread, thread->dismissed))
			coiri_wake_thread(thread);
	}
	coiri_latch_release(&waiting.latch);
}

void coiri_threads_forked(void)
{
	waiting.latch = (coiri_latch){0};
	waiting.newest = NULL;
}
