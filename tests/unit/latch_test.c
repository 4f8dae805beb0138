/* SPDX-License-Identifier: MIT
 *
 * unit/latch_test.c - the latch, and the queue of waiters that it guards.
 */
#include "support/run.h"
#include "support/stress.h"
#include "support/test.h"

#include "sched/waiter.h"

#include <sched.h>

enum { THREADS = 4, WAITERS = 16 };

static coiri_latch latch;
static long counter; /* by plain operations: only the latch guards it */

static void *count_up(void *arg)
{
	long rounds = *(long *)arg;
	for (long i = 0; i < rounds; i++) {
		if (i % 3 != 0 || !coiri_latch_try_as(&latch, 0))
			coiri_latch_acquire(&latch);
		long seen = counter;
		if (i % 1000 == 0)
			sched_yield(); /* a holder that is away: the others spin, yield, nap */
		counter = seen + 1;
		coiri_latch_release(&latch);
	}
	return NULL;
}

Test(latch, one_at_a_time)
{
	long rounds = scaled(200000);
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		threads[i] = thread_start(count_up, &rounds);
	for (int i = 0; i < THREADS; i++)
		thread_end(threads[i]);
	cr_assert_eq(counter, THREADS * rounds);
}

Test(latch, try)
{
	coiri_latch mine = {0};
	cr_assert(coiri_latch_try_as(&mine, 0));
	cr_assert(!coiri_latch_try_as(&mine, 0));
	coiri_latch_release(&mine);
	cr_assert(coiri_latch_try_as(&mine, 0));
}

/* ---- queues ---- */

static void check_queue(const coiri_queue *q, coiri_waiter *const *model, int n)
{
	const coiri_waiter *at = coiri_queue_first(q);
	for (int i = 0; i < n; i++, at = at->next)
		must(at == model[i]);
	must(at == NULL);
}

Test(queue, agrees_with_an_array)
{
	coiri_waiter waiters[WAITERS] = {{0}}, *model[WAITERS];
	coiri_queue q = {0};
	uint64_t dice = 1;
	int n = 0;
	coiri_epoch = 1;
	for (long step = 0; step < scaled(200000); step++) {
		coiri_waiter *w = &waiters[chance_below(&dice, WAITERS)];
		int at = 0;
		while (at < n && model[at] != w)
			at++;
		if (at < n) {
			coiri_queue_remove(w);
			coiri_queue_remove(w); /* nothing, the second time */
			memmove(&model[at], &model[at + 1], (size_t)(--n - at) * sizeof *model);
		} else if (chance_below(&dice, 4) == 0) {
			coiri_queue_push_front(&q, w);
			memmove(&model[1], &model[0], (size_t)n++ * sizeof *model);
			model[0] = w;
		} else {
			coiri_queue_push(&q, w);
			model[n++] = w;
		}
		check_queue(&q, model, n);
	}
}

Test(queue, of_an_earlier_runtime_is_empty)
{
	coiri_waiter old = {0}, new = {0}, front = {0};
	coiri_queue q = {0};
	coiri_epoch = 1;
	coiri_queue_push(&q, &old);
	cr_assert(coiri_queue_first(&q) == &old);
	coiri_epoch = 2;
	cr_assert_null(coiri_queue_first(&q));
	coiri_queue_push_front(&q, &new);
	coiri_queue_push_front(&q, &front);
	check_queue(&q, (coiri_waiter *[]){&front, &new}, 2);
}
