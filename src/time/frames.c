/* SPDX-License-Identifier: MIT
 *
 * time/frames.c - the beat that a program gives itself.
 *
 * The waiters stand in a queue, in the order of arrival; a frame takes the queue as it is. Those that it wakes go to
 * the end of the caller's ring in that order, and the caller behind them.
 */
#include "sched/wait.h"
#include <coir/timer.h>

/* coir_frames as it is. */
typedef struct frames {
	uint64_t number;
	coiri_queue queue;
	coiri_latch latch;
} frames;

_Static_assert(sizeof(frames) <= sizeof(coir_frames) && _Alignof(frames) <= _Alignof(coir_frames), "coir_frames");

int64_t coir_frames_wait_until(coir_frames *public, coir_time deadline)
{
	frames *fr = (frames *)public;
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	if (!fr)
		return -EINVAL;
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	if (deadline <= coiri_time())
		return -ETIMEDOUT;
	coiri_latch_acquire(&fr->latch);
	int64_t number = (int64_t)fr->number + 1;
	coiri_waiter *waiter = coiri_own_waiter(w);
	coiri_wait_begin(w, waiter, COIRI_WAIT_FRAME, fr, COIRI_CANCELLABLE);
	coiri_queue_push(&fr->queue, waiter);
	int r = coiri_wait_until(w, &fr->latch, deadline);
	return r ? r : number;
}

int64_t coir_frames_wait(coir_frames *public)
{
	return coir_frames_wait_until(public, COIR_NEVER);
}

static int advance(coiri_worker *w, frames *fr)
{
	coiri_wakes wakes = {NULL, NULL, NULL};
	coiri_won won;
	int woken = 0;
	coiri_latch_acquire(&fr->latch);
	fr->number++;
	for (; coiri_queue_win(&fr->queue, 0, &won); woken++)
		coiri_wakes_add(&wakes, won);
	coiri_latch_release(&fr->latch);
	coiri_wakes_run(w, &wakes);
	return woken;
}

int coir_frames_advance(coir_frames *public)
{
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	int woken = public ? advance(w, (frames *)public) : -EINVAL;
	if (w && woken > 0)
		coir_yield();
	return coiri_go_out(w, woken);
}
