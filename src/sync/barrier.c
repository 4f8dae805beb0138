/* SPDX-License-Identifier: MIT
 *
 * sync/barrier.c - the barrier: how many have come, under the latch; the last to come begins a new round and wakes all.
 *
 * Who times out has been counted; it takes itself back under the latch, if its round still lasts. If not, it was counted
 * by the last, and its wait was a success. Arrivals of a run of the runtime that has ended are void, like its waiters.
 */
#include "sync/sync.h"
#include <coir/meet.h>

typedef struct barrier {
	coiri_queue queue;
	uint64_t round;
	coiri_latch latch;
	uint32_t parties, arrived;
} barrier;

COIRI_SAME_LAYOUT(barrier, coir_barrier);

/* Under the latch, which it releases. */
static int last_comes(coiri_worker *w, barrier *b)
{
	coiri_wakes wakes = {0};
	/* Those whose time was up a moment ago will come to see that it was not: until then they count as leaving. */
	uint32_t won = coiri_win_all(&b->queue, 0, &wakes);
	b->queue.leaving += b->arrived - won;
	b->arrived = 0;
	b->round++;
	coiri_latch_release(&b->latch);
	coiri_wake_won(w, &wakes);
	if (w)
		coiri_step_in_place(w);
	return w ? COIR_BARRIER_LAST : coiri_go_out(w, COIR_BARRIER_LAST);
}

/* The time is up. */
static int take_back(barrier *b, uint64_t round, uint64_t epoch)
{
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	if (coiri_epoch != epoch) /* the barrier may have gone with the runtime */
		return coiri_go_out(w, -ETIMEDOUT);
	coiri_latch_acquire(&b->latch);
	bool late = b->round == round;
	if (late)
		b->arrived--;
	else
		b->queue.leaving--;
	coiri_latch_release(&b->latch);
	return coiri_go_out(w, late ? -ETIMEDOUT : 0);
}

int coir_barrier_wait_until(coir_barrier *public, coir_time deadline)
{
	coiri_worker *w;
	barrier *b = (barrier *)public;
	if (!b || b->parties == 0)
		return -EINVAL;
	if (!coiri_come_in(&w))
		return -EPERM;
	coiri_latch_acquire(&b->latch);
	uint64_t round = b->round, epoch = coiri_epoch;
	if (b->arrived > 0 && b->queue.epoch != epoch)
		b->arrived = 0;
	if (b->arrived + 1 == b->parties)
		return last_comes(w, b);
	int error;
	if (coiri_too_late(COIRI_FIRM, deadline, &error)) {
		coiri_latch_release(&b->latch);
		return coiri_go_out(w, error);
	}
	b->arrived++;
	coiri_place place = {&b->queue, &b->latch, b, COIRI_WAIT_BARRIER, COIRI_FIRM, NULL, deadline};
	int r = coiri_wait_at(w, &place);
	return r == -ETIMEDOUT ? take_back(b, round, epoch) : r;
}

int coir_barrier_wait(coir_barrier *b)
{
	return coir_barrier_wait_until(b, COIR_NEVER);
}

int coir_barrier_init(coir_barrier *b, uint32_t parties)
{
	if (!b || parties == 0)
		return -EINVAL;
	*(barrier *)b = (barrier){.parties = parties};
	return 0;
}

int coir_barrier_destroy(coir_barrier *public)
{
	barrier *b = (barrier *)public;
	return b ? coiri_check_idle(&b->latch, &b->queue) : -EINVAL;
}
