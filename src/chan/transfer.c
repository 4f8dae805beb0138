/* SPDX-License-Identifier: MIT
 *
 * chan/transfer.c - sending and receiving: in a fiber, which parks in its own waiter, and in a plain thread.
 *
 * In a fiber the call that has to wait ends in the switch (a sibling call), and who serves it leaves nothing to do after
 * it. An operation that is done at once is a scheduling step.
 */
#include "chan/chan.h"

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

static COIRI_NOINLINE int transfer_outside(coir_chan *ch, coiri_way way, void *elem, coiri_mode mode,
					   coir_time deadline)
{
	if (!coiri_chan_fits(ch, elem))
		return -EINVAL;
	if (!coiri_enter())
		return -EPERM;
	coiri_won won;
	coiri_latch_acquire(&ch->latch);
	int r = coiri_match(ch, way, elem, &won);
	if (r == -EAGAIN && !coiri_too_late(mode, deadline, &r))
		return wait_outside(ch, way, elem, deadline);
	coiri_latch_release(&ch->latch);
	coiri_wake(NULL, won);
	coiri_exit();
	return r;
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

/* Under the latch: nothing can be done now. */
COIRI_INLINE int stand_in_line(coiri_worker *w, coir_chan *ch, coiri_way way, void *elem)
{
	line_up(w, ch, way, elem);
	return coiri_wait(w, &ch->latch);
}

static COIRI_NOINLINE int wait_to_send(coiri_worker *w, coir_chan *ch, const void *elem)
{
	return stand_in_line(w, ch, COIRI_SEND, (void *)elem);
}

static COIRI_NOINLINE int wait_to_recv(coiri_worker *w, coir_chan *ch, void *elem)
{
	return stand_in_line(w, ch, COIRI_RECV, elem);
}

/* Under the latch, which is released. */
static COIRI_NOINLINE int match_or_wait_to_send(coiri_worker *w, coir_chan *ch, const void *elem)
{
	coiri_won won;
	int r = coiri_match(ch, COIRI_SEND, (void *)elem, &won);
	if (unlikely(r == -EAGAIN))
		return wait_to_send(w, ch, elem);
	coiri_latch_release(&ch->latch);
	return likely(r == 0) ? go_on(w, won) : r;
}

static COIRI_NOINLINE int match_or_wait_to_recv(coiri_worker *w, coir_chan *ch, void *elem)
{
	coiri_won won;
	int r = coiri_match(ch, COIRI_RECV, elem, &won);
	if (unlikely(r == -EAGAIN))
		return wait_to_recv(w, ch, elem);
	coiri_latch_release(&ch->latch);
	return likely(r == 0) ? go_on(w, won) : r;
}

/* What is odd: a plain thread, a bad argument, a cancelled fiber, a latch that is held. */
static COIRI_NOINLINE int send_slow(coir_chan *ch, const void *elem)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return transfer_outside(ch, COIRI_SEND, (void *)elem, COIRI_UNTIL, COIR_NEVER);
	if (!coiri_chan_fits(ch, elem))
		return -EINVAL;
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	coiri_latch_acquire_as(&ch->latch, coiri_who(w));
	return match_or_wait_to_send(w, ch, elem);
}

static COIRI_NOINLINE int recv_slow(coir_chan *ch, void *elem)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return transfer_outside(ch, COIRI_RECV, elem, COIRI_UNTIL, COIR_NEVER);
	if (!coiri_chan_fits(ch, elem))
		return -EINVAL;
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	coiri_latch_acquire_as(&ch->latch, coiri_who(w));
	return match_or_wait_to_recv(w, ch, elem);
}

/* Nothing is odd, and the latch is taken. */
COIRI_INLINE bool begin(coiri_worker *w, coir_chan *ch, const void *elem)
{
	return likely(w != NULL) && likely(coiri_chan_fits(ch, elem)) &&
	       likely(!(at_load_relaxed(&w->current->state) & COIRI_CANCELS)) &&
	       likely(coiri_latch_try_as(&ch->latch, coiri_who(w)));
}

/* Operations on the buffer alone are a scheduling step for every so many bytes of the ring, and at least once round it.
 * They are short; and a step for each would make the fibers at a channel yield so often that thieves part them, who
 * then fight for its cache lines: 9 to 85 ns an item (chan_mpmc, two workers). The channel, released, is only compared. */
#define STEP_BYTES 256

COIRI_INLINE int step_at_times(coiri_worker *w, const coir_chan *ch, const char *slot)
{
	return (size_t)(slot - ch->ring) % STEP_BYTES == 0 ? coiri_step_in_place(w) : 0;
}

/* ---- the calls. Their short ways call nothing and need no frame ---- */

int coir_chan_send(coir_chan *ch, const void *elem)
{
	coiri_worker *w = coiri_here();
	if (!begin(w, ch, elem))
		return send_slow(ch, elem);
	if (ch->receivers.head || !ch->plain)
		return match_or_wait_to_send(w, ch, elem);
	if (ch->count == ch->cap)
		return wait_to_send(w, ch, elem);
	char *slot = ch->tail;
	coiri_chan_copy_small(ch, slot, elem);
	ch->tail = coiri_chan_after(ch, slot);
	ch->count++;
	coiri_latch_release(&ch->latch);
	return step_at_times(w, ch, slot);
}

int coir_chan_recv(coir_chan *ch, void *elem)
{
	coiri_worker *w = coiri_here();
	if (!begin(w, ch, elem))
		return recv_slow(ch, elem);
	if (ch->senders.head || !ch->plain)
		return match_or_wait_to_recv(w, ch, elem);
	if (ch->count == 0)
		return wait_to_recv(w, ch, elem);
	char *slot = ch->head;
	coiri_chan_copy_small(ch, elem, slot);
	ch->head = coiri_chan_after(ch, slot);
	ch->count--;
	coiri_latch_release(&ch->latch);
	return step_at_times(w, ch, slot);
}

/* ---- with a deadline, and without waiting ---- */

COIRI_INLINE int transfer_until(coir_chan *ch, coiri_way way, void *elem, coir_time deadline)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return transfer_outside(ch, way, elem, COIRI_UNTIL, deadline);
	if (!coiri_chan_fits(ch, elem))
		return -EINVAL;
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	coiri_won won;
	coiri_latch_acquire_as(&ch->latch, coiri_who(w));
	int r = coiri_match(ch, way, elem, &won);
	if (r == -EAGAIN && !coiri_too_late(COIRI_UNTIL, deadline, &r)) {
		line_up(w, ch, way, elem);
		return coiri_wait_until(w, &ch->latch, deadline);
	}
	coiri_latch_release(&ch->latch);
	return r ? r : go_on(w, won);
}

COIRI_INLINE int try_transfer(coir_chan *ch, coiri_way way, void *elem)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return transfer_outside(ch, way, elem, COIRI_TRY, COIR_NEVER);
	if (!coiri_chan_fits(ch, elem))
		return -EINVAL;
	coiri_won won;
	coiri_latch_acquire_as(&ch->latch, coiri_who(w));
	int r = coiri_match(ch, way, elem, &won);
	coiri_latch_release(&ch->latch);
	return r ? r : go_on(w, won);
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
