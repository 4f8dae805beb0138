/* SPDX-License-Identifier: MIT
 *
 * chan/chan.h - the channel, and the one routine that matches an operation with what is there: for try, for calls that
 * wait, and for select.
 *
 * Invariants, whenever the latch is free; a waiter counts while its wait goes on:
 *   - receivers wait only while the buffer is empty and no sender waits (but one that selects both on this channel)
 *   - senders wait only while the buffer is full (an unbuffered one always is)
 *   - nobody waits at a closed channel
 * So an operation looks at the other side's queue, then at the buffer, and if neither will do it waits in its own queue.
 *
 * The order of elements is that of the sends: a sender that waits came after all that is buffered, so a receive takes
 * the oldest of the buffer and moves the first waiting sender's element to the end of it, into the slot that came free.
 *
 * Who wins a waiter copies the element, while the other side stands still: to or from the memory that the waiter's
 * `data` points to. A waiter of a select says so by its reason; it is told which case was taken: see select.c.
 */
#ifndef COIRI_CHAN_H
#define COIRI_CHAN_H

#include "sched/wait.h"
#include <coir/chan.h>
#include <string.h>

struct coir_chan {
	COIRI_LINE_ALIGNED coiri_latch latch;
	bool closed;
	bool plain; /* not closed, and coiri_chan_copy_small can copy the elements */
	size_t elem;
	size_t cap, count;
	char *head, *tail, *end; /* in the ring: the oldest element, the next free slot, behind the last slot */
	coiri_queue receivers, senders;
	void (*drop)(void *elem, void *arg);
	void *drop_arg;
	COIRI_LINE_ALIGNED char ring[];
};

typedef enum coiri_way {
	COIRI_SEND,
	COIRI_RECV,
} coiri_way;

/* Is elem a place for an element of this channel? */
COIRI_INLINE bool coiri_chan_fits(const coir_chan *ch, const void *elem)
{
	return ch && (elem || ch->elem == 0);
}

COIRI_INLINE bool coiri_chan_is_small(size_t elem)
{
	return elem == 0 || elem == 4 || elem == 8 || elem == 16;
}

COIRI_INLINE void coiri_chan_copy_small(const coir_chan *ch, void *to, const void *from)
{
	if (likely(ch->elem == 8))
		memcpy(to, from, 8);
	else if (ch->elem == 4)
		memcpy(to, from, 4);
	else if (ch->elem == 16)
		memcpy(to, from, 16);
}

COIRI_INLINE void coiri_chan_copy(const coir_chan *ch, void *to, const void *from)
{
	if (likely(coiri_chan_is_small(ch->elem)))
		coiri_chan_copy_small(ch, to, from);
	else
		memcpy(to, from, ch->elem);
}

COIRI_INLINE char *coiri_chan_after(coir_chan *ch, char *slot)
{
	slot += ch->elem;
	return slot == ch->end ? ch->ring : slot;
}

COIRI_INLINE void coiri_chan_put(coir_chan *ch, const void *elem)
{
	coiri_chan_copy(ch, ch->tail, elem);
	ch->tail = coiri_chan_after(ch, ch->tail);
}

/* The waiter is of a select, which the caller has won: says which case it was, and that the caller has done with it. */
void coiri_select_tell(coiri_waiter *waiter);

COIRI_INLINE void coiri_chan_tell(coiri_waiter *waiter)
{
	if (unlikely(waiter->reason == COIRI_WAIT_SELECT))
		coiri_select_tell(waiter);
}

/* Does the operation if that can be done now: 0 or -EPIPE; else -EAGAIN. Under the latch, after which the caller must
 * wake whom it has won. */
COIRI_INLINE int coiri_match_send(coir_chan *ch, const void *elem, coiri_won *won)
{
	if (unlikely(ch->closed))
		return -EPIPE;
	coiri_waiter *waiter = coiri_queue_win(&ch->receivers, 0, won);
	if (waiter) {
		coiri_chan_copy(ch, waiter->data, elem);
		coiri_chan_tell(waiter);
		return 0;
	}
	if (ch->count == ch->cap)
		return -EAGAIN;
	coiri_chan_put(ch, elem);
	ch->count++;
	return 0;
}

COIRI_INLINE int coiri_match_recv(coir_chan *ch, void *elem, coiri_won *won)
{
	bool buffered = ch->count > 0;
	if (buffered) {
		coiri_chan_copy(ch, elem, ch->head);
		ch->head = coiri_chan_after(ch, ch->head);
	}
	coiri_waiter *waiter = coiri_queue_win(&ch->senders, 0, won);
	if (waiter) {
		if (buffered)
			coiri_chan_put(ch, waiter->data);
		else
			coiri_chan_copy(ch, elem, waiter->data);
		coiri_chan_tell(waiter);
		return 0;
	}
	if (buffered) {
		ch->count--;
		return 0;
	}
	return ch->closed ? -EPIPE : -EAGAIN;
}

COIRI_INLINE int coiri_match(coir_chan *ch, coiri_way way, void *elem, coiri_won *won)
{
	*won = (coiri_won){false, NULL, NULL};
	return way == COIRI_SEND ? coiri_match_send(ch, elem, won) : coiri_match_recv(ch, elem, won);
}

/* Under the latch: the waiter, which is begun, stands in line for the operation. */
COIRI_INLINE void coiri_chan_line_up(coir_chan *ch, coiri_way way, void *elem, coiri_waiter *waiter)
{
	waiter->data = elem;
	coiri_queue_push(way == COIRI_SEND ? &ch->senders : &ch->receivers, waiter);
}

#endif
