/* SPDX-License-Identifier: MIT */
#include "sync/sync.h"

int coiri_block(const coiri_place *place)
{
	coiri_thread thread;
	coiri_waiter waiter;
	coiri_thread_begin(&thread, &waiter, place->reason, place->object);
	waiter.latch = place->latch;
	waiter.data = place->data;
	coiri_queue_push(place->queue, &waiter);
	coiri_latch_release(place->latch);
	return coiri_thread_wait(&thread, &waiter, 1, place->deadline);
}

uint32_t coiri_win_all(coiri_queue *queue, int result, coiri_wakes *wakes)
{
	coiri_won won;
	uint32_t count = 0;
	for (; coiri_queue_win(queue, result, &won); count++)
		coiri_wakes_add(wakes, won);
	return count;
}

int coiri_check_idle(coiri_latch *latch, const coiri_queue *queue)
{
	coiri_latch_acquire(latch);
	bool idle = coiri_queue_is_idle(queue);
	coiri_latch_release(latch);
	return idle ? 0 : -EBUSY;
}
