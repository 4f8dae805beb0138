/* SPDX-License-Identifier: MIT
 *
 * chan/transfer.c - sending and receiving: in a fiber, which parks in its own waiter, and in a plain thread.
 *
 * In a fiber the call that has to wait ends in the switch (a sibling call), and who serves it leaves nothing to do after
 * it. An operation that is done at once is a scheduling step.
 */
#include "chan/chan.h"

#define TRY INT64_MIN /* as a deadline: do not wait, and say -EAGAIN */

/* ---- plain threads ---- */

static int wait_outside(coir_chan *ch, coiri_way way, void *elem, coir_time deadline)
{
	coiri_thread thread;
	coiri_waiter waiter;
	coiri_thread_begin(&thread, &waiter, way == COIRI_SEND ? COIRI_WAIT_SEND : COIRI_WAIT_RECV, ch);
	waiter.latch = &ch->latch;
	coiri_chan_line_up(ch, way, elem, &waiter);
	coiri_latch_release(&ch->latch);
	return coiri_thread_wait(&thread, &waiter, 1, deadline);
}

static COIRI_NOINLINE int transfer_outside(coir_chan *ch, coiri_way way, void *elem, coir_time deadline)
{
	if (!coiri_chan_fits(ch, elem))
		return -EINVAL;
	if (!coiri_enter())
		return -EPERM;
	coiri_won won;
	coiri_latch_acquire(&ch->latch);
	int r = coiri_match(ch, way, elem, &won);
	if (r == -EAGAIN && deadline != TRY && deadline > coiri_time())
		return wait_outside(ch, way, elem, deadline);
	coiri_latch_release(&ch->latch);
	coiri_wake(NULL, won);
	coiri_exit();
	return r == -EAGAIN && deadline != TRY ? -ETIMEDOUT : r;
}

/* ---- fibers ---- */

/* The operation was done, and the latch released. */
COIRI_INLINE int go_on(coiri_worker *w, coiri_won won)
{
	if (won.won)
		coiri_wake(w, won);
	return coiri_step_in_place(w);
}

COIRI_INLINE void line_up(coiri_worker *w, coir_chan *ch, coiri_way way, void *elem)
{
	coiri_waiter *waiter = coiri_own_waiter(w);
	coiri_wait_begin(w, waiter, way == COIRI_SEND ? COIRI_WAIT_SEND : COIRI_WAIT_RECV, ch, COIRI_CANCELLABLE);
	coiri_chan_line_up(ch, way, elem, waiter);
}

COIRI_INLINE int transfer(coir_chan *ch, coiri_way way, void *elem)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return transfer_outside(ch, way, elem, COIR_NEVER);
	if (unlikely(!coiri_chan_fits(ch, elem)))
		return -EINVAL;
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	coiri_won won;
	coiri_latch_acquire_as(&ch->latch, coiri_who(w));
	int r = coiri_match(ch, way, elem, &won);
	if (likely(r == -EAGAIN)) {
		line_up(w, ch, way, elem);
		return coiri_wait(w, &ch->latch);
	}
	coiri_latch_release(&ch->latch);
	return likely(r == 0) ? go_on(w, won) : r;
}

COIRI_INLINE int transfer_until(coir_chan *ch, coiri_way way, void *elem, coir_time deadline)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return transfer_outside(ch, way, elem, deadline == TRY ? TRY + 1 : deadline);
	if (!coiri_chan_fits(ch, elem))
		return -EINVAL;
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	coiri_won won;
	coiri_latch_acquire_as(&ch->latch, coiri_who(w));
	int r = coiri_match(ch, way, elem, &won);
	if (r == -EAGAIN && deadline > coiri_time()) {
		line_up(w, ch, way, elem);
		return coiri_wait_until(w, &ch->latch, deadline);
	}
	coiri_latch_release(&ch->latch);
	if (r)
		return r == -EAGAIN ? -ETIMEDOUT : r;
	return go_on(w, won);
}

COIRI_INLINE int try_transfer(coir_chan *ch, coiri_way way, void *elem)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return transfer_outside(ch, way, elem, TRY);
	if (!coiri_chan_fits(ch, elem))
		return -EINVAL;
	coiri_won won;
	coiri_latch_acquire_as(&ch->latch, coiri_who(w));
	int r = coiri_match(ch, way, elem, &won);
	coiri_latch_release(&ch->latch);
	return r ? r : go_on(w, won);
}

int coir_chan_send(coir_chan *ch, const void *elem)
{
	return transfer(ch, COIRI_SEND, (void *)elem);
}

int coir_chan_recv(coir_chan *ch, void *elem)
{
	return transfer(ch, COIRI_RECV, elem);
}

int coir_chan_send_until(coir_chan *ch, const void *elem, coir_time deadline)
{
	return transfer_until(ch, COIRI_SEND, (void *)elem, deadline);
}

int coir_chan_recv_until(coir_chan *ch, void *elem, coir_time deadline)
{
	return transfer_until(ch, COIRI_RECV, elem, deadline);
}

int coir_chan_try_send(coir_chan *ch, const void *elem)
{
	return try_transfer(ch, COIRI_SEND, (void *)elem);
}

int coir_chan_try_recv(coir_chan *ch, void *elem)
{
	return try_transfer(ch, COIRI_RECV, elem);
}
