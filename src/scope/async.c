/* SPDX-License-Identifier: MIT
 *
 * scope/async.c - a child whose result others wait for: it lies in a slot that is the caller's.
 */
#include "scope/scope.h"

typedef struct async {
	coiri_latch latch;
	bool settled;
	intptr_t result;
	coir_fn fn;
	void *arg;
	coiri_queue queue;
} async;

_Static_assert(sizeof(async) <= sizeof(coir_async), "coir_async holds an async");
_Static_assert(_Alignof(async) <= _Alignof(coir_async), "coir_async is aligned as an async");

static void settle(async *a, intptr_t result)
{
	coiri_wakes wakes = {NULL, NULL, NULL};
	coiri_won won;
	coiri_latch_acquire(&a->latch);
	a->result = result;
	a->settled = true;
	while (coiri_queue_win(&a->queue, 0, &won))
		coiri_wakes_add(&wakes, won);
	coiri_latch_release(&a->latch);
	coiri_wakes_run(coiri_here(), &wakes);
}

static intptr_t async_main(void *arg)
{
	async *a = arg;
	intptr_t result = a->fn(a->arg);
	settle(a, result);
	return result;
}

int coir_scope_async(coir_scope *scope, coir_async *slot, coir_fn fn, void *arg)
{
	async *a = (async *)slot;
	if (!a || !fn)
		return -EINVAL;
	*a = (async){.fn = fn, .arg = arg};
	int r = coir_scope_spawn(scope, async_main, a);
	if (r)
		a->fn = NULL;
	return r;
}

/* Waits; the latch is held. */
static COIRI_NOINLINE int wait_settled(coiri_worker *w, async *a, coir_time deadline)
{
	coiri_waiter *waiter = coiri_own_waiter(w);
	coiri_wait_begin(w, waiter, COIRI_WAIT_FUTURE, a, COIRI_CANCELLABLE);
	coiri_queue_push(&a->queue, waiter);
	if (deadline == COIR_NEVER)
		return coiri_wait(w, &a->latch);
	return coiri_wait_until(w, &a->latch, deadline);
}

static int wait_settled_outside(async *a, coir_time deadline)
{
	coiri_thread thread;
	coiri_waiter waiter;
	coiri_thread_begin(&thread, &waiter, COIRI_WAIT_FUTURE, a);
	waiter.latch = &a->latch;
	coiri_queue_push(&a->queue, &waiter);
	coiri_latch_release(&a->latch);
	return coiri_thread_wait(&thread, &waiter, 1, deadline);
}

/* `late`: what it gives if there is no result and no time. */
static int await(coir_async *slot, intptr_t *out, coir_time deadline, int late)
{
	async *a = (async *)slot;
	coiri_worker *w = coiri_here();
	if (!a || !a->fn)
		return -EINVAL;
	if (!w && !coiri_enter())
		return -EPERM;
	if (w && late != -EAGAIN && coiri_cancelled(w->current))
		return -ECANCELED;
	bool left = false;
	int r = 0;
	coiri_latch_acquire(&a->latch);
	if (a->settled || (deadline != COIR_NEVER && deadline <= coiri_time())) {
		r = a->settled ? 0 : late;
		coiri_latch_release(&a->latch);
	} else {
		r = w ? wait_settled(w, a, deadline) : wait_settled_outside(a, deadline);
		left = true;
	}
	if (!w && !left)
		coiri_exit();
	if (!r && out)
		*out = a->result;
	return r;
}

int coir_await(coir_async *slot, intptr_t *out)
{
	return await(slot, out, COIR_NEVER, -ETIMEDOUT);
}

int coir_await_until(coir_async *slot, intptr_t *out, coir_time deadline)
{
	return await(slot, out, deadline, -ETIMEDOUT);
}

int coir_try_await(coir_async *slot, intptr_t *out)
{
	return await(slot, out, INT64_MIN, -EAGAIN);
}
