/* SPDX-License-Identifier: MIT
 *
 * sync/cond.c - the condition: a queue.
 *
 * The waiter queues itself and gives its mutex back under the condition's latch, which is released when it is off its
 * stack; so a signal, which takes that latch, comes before or finds it gone. Latches are taken in the order condition,
 * mutex. However a wait ends the fiber then takes its mutex as any other does.
 *
 * Rejected: moving waiters from the condition to the mutex's queue at a broadcast (wait morphing). Those that are woken
 * come one after the other out of a worker's ring, and find the mutex free unless two workers meet; and a waiter that
 * changes its queue would need both latches wherever a timeout or a cancel takes it out.
 */
#include "sync/sync.h"

typedef struct condition {
	coiri_queue queue;
	coiri_latch latch;
} condition;

COIRI_SAME_LAYOUT(condition, coir_cond);

/* The time is up already: others get at the mutex all the same, so that one who asks again and again lets what it waits
 * for come. */
static int give_way(coiri_worker *w, coir_mutex *m, int result)
{
	uint32_t depth = coiri_mutex_drop(w, m);
	coir_yield();
	coiri_mutex_retake(m, depth);
	return result;
}

int coir_cond_wait_until(coir_cond *public, coir_mutex *m, coir_time deadline)
{
	coiri_worker *w = coiri_here();
	condition *c = (condition *)public;
	if (!w)
		return -EPERM;
	if (!c || !m)
		return -EINVAL;
	if (!coiri_mutex_is_mine(w, m))
		return -EPERM;
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	int error;
	if (coiri_too_late(COIRI_UNTIL, deadline, &error))
		return give_way(w, m, error);
	coiri_latch_acquire(&c->latch);
	coiri_waiter *waiter = coiri_own_waiter(w);
	coiri_wait_begin(w, waiter, COIRI_WAIT_CONDITION, c, COIRI_CANCELLABLE);
	coiri_queue_push(&c->queue, waiter);
	uint32_t depth = coiri_mutex_drop(w, m);
	int r = coiri_wait_until(w, &c->latch, deadline);
	coiri_mutex_retake(m, depth);
	return r;
}

int coir_cond_wait(coir_cond *c, coir_mutex *m)
{
	return coir_cond_wait_until(c, m, COIR_NEVER);
}

int coir_cond_signal(coir_cond *public)
{
	coiri_worker *w = coiri_here();
	condition *c = (condition *)public;
	if (!w)
		return -EPERM;
	if (!c)
		return -EINVAL;
	coiri_won won;
	coiri_latch_acquire(&c->latch);
	bool any = coiri_queue_win(&c->queue, 0, &won) != NULL;
	coiri_latch_release(&c->latch);
	if (any)
		coiri_wake(w, won);
	return 0;
}

int coir_cond_broadcast(coir_cond *public)
{
	coiri_worker *w = coiri_here();
	condition *c = (condition *)public;
	if (!w)
		return -EPERM;
	if (!c)
		return -EINVAL;
	coiri_wakes wakes = {0};
	coiri_latch_acquire(&c->latch);
	coiri_win_all(&c->queue, 0, &wakes);
	coiri_latch_release(&c->latch);
	coiri_wake_won(w, &wakes);
	return 0;
}

int coir_cond_init(coir_cond *c)
{
	if (!c)
		return -EINVAL;
	*(condition *)c = (condition){0};
	return 0;
}

int coir_cond_destroy(coir_cond *public)
{
	condition *c = (condition *)public;
	return c ? coiri_check_idle(&c->latch, &c->queue) : -EINVAL;
}
