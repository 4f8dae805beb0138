/* SPDX-License-Identifier: MIT
 *
 * chan/chan.c - making, closing and destroying channels.
 */
#include "chan/chan.h"

#include <stdlib.h>

int coir_chan_create_with(const coir_chan_attr *attr, coir_chan **out)
{
	if (!attr || attr->size != sizeof *attr || !out)
		return -EINVAL;
	size_t bytes;
	if (__builtin_mul_overflow(attr->elem, attr->cap, &bytes) ||
	    bytes > PTRDIFF_MAX - sizeof(coir_chan) - COIRI_CACHE_LINE)
		return -ENOMEM;
	int saved = errno;
	coir_chan *ch = aligned_alloc(COIRI_CACHE_LINE, coiri_round_up(sizeof(coir_chan) + bytes, COIRI_CACHE_LINE));
	errno = saved;
	if (!ch)
		return -ENOMEM;
	*ch = (coir_chan){.elem = attr->elem, .cap = attr->cap, .drop = attr->drop, .drop_arg = attr->drop_arg};
	ch->plain = coiri_chan_is_small(attr->elem);
	ch->head = ch->tail = ch->ring;
	ch->end = ch->ring + bytes;
	*out = ch;
	return 0;
}

int coir_chan_create(size_t elem, size_t cap, coir_chan **out)
{
	coir_chan_attr attr = COIR_CHAN_ATTR_INIT;
	attr.elem = elem;
	attr.cap = cap;
	return coir_chan_create_with(&attr, out);
}

int coir_chan_destroy(coir_chan *ch)
{
	if (!ch)
		return -EINVAL;
	coiri_latch_acquire(&ch->latch);
	bool idle = coiri_queue_is_idle(&ch->receivers) && coiri_queue_is_idle(&ch->senders);
	coiri_latch_release(&ch->latch);
	if (!idle)
		return -EBUSY;
	for (; ch->drop && ch->count > 0; ch->count--) {
		ch->drop(ch->head, ch->drop_arg);
		ch->head = coiri_chan_after(ch, ch->head);
	}
	free(ch);
	return 0;
}

/* ---- closing ---- */

#define CLOSE_BATCH 64 /* so many are sent away under the latch at a time */

/* Sends some of the queue away. False: it is empty. */
static bool send_away(coiri_queue *q, coiri_wakes *wakes)
{
	coiri_won won;
	for (int i = 0; i < CLOSE_BATCH; i++) {
		coiri_waiter *waiter = coiri_queue_win(q, -EPIPE, &won);
		if (!waiter)
			return false;
		waiter->latch = NULL; /* it shall not come back: the channel may be gone then */
		coiri_chan_tell(waiter);
		coiri_wakes_add(wakes, won);
	}
	return true;
}

static int shut(coiri_worker *w, coir_chan *ch)
{
	coiri_latch_acquire(&ch->latch);
	if (ch->closed) {
		coiri_latch_release(&ch->latch);
		return -EPIPE;
	}
	ch->closed = true;
	ch->plain = false;
	/* As long as there are waiters nobody destroys the channel. */
	for (bool more = true; more;) {
		coiri_wakes wakes = {NULL, NULL, NULL};
		more = send_away(&ch->receivers, &wakes) || send_away(&ch->senders, &wakes);
		coiri_latch_release(&ch->latch);
		coiri_wakes_run(w, &wakes);
		if (more)
			coiri_latch_acquire(&ch->latch);
	}
	return 0;
}

int coir_chan_close(coir_chan *ch)
{
	if (!ch)
		return -EINVAL;
	coiri_worker *w = coiri_here();
	if (w)
		return shut(w, ch);
	bool entered = coiri_enter() != NULL;
	int r = shut(NULL, ch);
	if (entered)
		coiri_exit();
	return r;
}

size_t coir_chan_len(coir_chan *ch)
{
	if (!ch)
		return 0;
	coiri_latch_acquire(&ch->latch);
	size_t count = ch->count;
	coiri_latch_release(&ch->latch);
	return count;
}

size_t coir_chan_cap(coir_chan *ch)
{
	return ch ? ch->cap : 0;
}
