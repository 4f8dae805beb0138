/* SPDX-License-Identifier: MIT
 *
 * coir/chan.h - channels: elements of one size, handed from fiber to fiber in order.
 *
 * After Go's channels (and C. A. R. Hoare's CSP). An unbuffered channel (capacity 0) is a rendezvous: a send waits for
 * its receive, and the element is copied straight from the one to the other. A buffered one keeps up to `cap` elements.
 * Any number may send and receive; who waits is served first come, first served, and elements come out in the order in
 * which their sends were done. Select (coir/select.h) waits at several channels.
 *
 * An element is copied; it belongs to the receiver exactly when the send returns 0: after any other result the sender
 * has it still. A size of 0 is allowed, for signals: `elem` may then be NULL.
 *
 * Fibers park in these calls, plain threads block. Calls with `try` never wait, those with `until` wait until the
 * deadline at the latest (one that has passed: they try once; an operation that can be done, is done). As soon as an
 * operation on it has returned, or has been answered by the other side, a channel is no longer touched by it: who
 * receives the last element may destroy the channel.
 *
 * Errors of all that send and receive: -EINVAL (the channel is NULL, or `elem` is though elements have a size), -EPIPE
 * (send: the channel is closed; receive: it is closed and empty), -ECANCELED, -EPERM (no runtime, or it has ended
 * meanwhile).
 */
#ifndef COIR_CHAN_H
#define COIR_CHAN_H

#include <coir/base.h>
#include <coir/time.h>

COIR_BEGIN_DECLS

typedef struct coir_chan coir_chan;

/* How to make a channel. Start from COIR_CHAN_ATTR_INIT and set what differs. */
typedef struct coir_chan_attr {
	size_t size; /* sizeof(coir_chan_attr), for binary compatibility */
	size_t elem; /* bytes of an element; 0: signals */
	size_t cap;  /* elements that it buffers; 0: unbuffered */
	/* Called by coir_chan_destroy with each element that nobody received, the oldest first; NULL: they are forgotten.
	 * The element lies in the channel's memory, suitably aligned if its size is a multiple of its alignment. */
	void (*drop)(void *elem, void *arg);
	void *drop_arg;
} coir_chan_attr;

#define COIR_CHAN_ATTR_INIT                               \
	{                                                 \
		sizeof(coir_chan_attr), 0, 0, NULL, NULL, \
	}

/* Makes a channel of `cap` elements of `elem` bytes each, and stores it in *out. It is the caller's to destroy. Any
 * thread, with or without a runtime, and it outlives runtimes; never parks. Errors: -EINVAL (out NULL; a bad
 * attr->size), -ENOMEM. */
COIR_API int coir_chan_create(size_t elem, size_t cap, coir_chan **out);
COIR_API int coir_chan_create_with(const coir_chan_attr *attr, coir_chan **out);

/* Frees a channel, closed or not, and hands what lies in it to its drop function. Nobody may use it any more. Any
 * thread, with or without a runtime; parks only if the drop function does.
 * Errors: -EINVAL (NULL), -EBUSY (someone waits at it, or is about to leave it after a timeout, a cancel or a select
 * that went another way: nothing was done). */
COIR_API int coir_chan_destroy(coir_chan *ch);

/* Sends the element at `elem`. Unbuffered: waits until it is received; buffered: until there is room. Cancellation
 * point. */
COIR_API int coir_chan_send(coir_chan *ch, const void *elem);

/* The same until the deadline at the latest: -ETIMEDOUT. Cancellation point. */
COIR_API int coir_chan_send_until(coir_chan *ch, const void *elem, coir_time deadline);

/* The same without waiting: -EAGAIN if nobody waits to receive and there is no room. No cancellation point. */
COIR_API int coir_chan_try_send(coir_chan *ch, const void *elem);

/* Receives the oldest element into `elem`; waits until there is one. Cancellation point. */
COIR_API int coir_chan_recv(coir_chan *ch, void *elem);

/* The same until the deadline at the latest: -ETIMEDOUT. Cancellation point. */
COIR_API int coir_chan_recv_until(coir_chan *ch, void *elem, coir_time deadline);

/* The same without waiting: -EAGAIN if there is none. No cancellation point. */
COIR_API int coir_chan_try_recv(coir_chan *ch, void *elem);

/* Closes the channel: who waits to send or receive gets -EPIPE, as do all sends from now on; what is buffered can still
 * be received, then receives give -EPIPE too. Any thread, with or without a runtime; never parks.
 * Errors: -EINVAL (NULL), -EPIPE (closed already). */
COIR_API int coir_chan_close(coir_chan *ch);

/* How many elements are buffered now, and can be at most: 0 and 0 for NULL. Any thread, with or without a runtime;
 * never park. */
COIR_API size_t coir_chan_len(coir_chan *ch);
COIR_API size_t coir_chan_cap(coir_chan *ch);

COIR_END_DECLS

/* ---- typed channels ----
 *
 * The same calls for a channel of one type, checked by the compiler, in C (gnu11) and C++:
 *
 *     typedef COIR_CHAN(int) int_chan;
 *     int_chan c;
 *     int n;
 *     coir_make(&c, 16);
 *     coir_send(c, 42);
 *     coir_recv(c, &n);
 *
 * Such a channel is a value as large as a pointer: copy it freely, all copies are the same channel. c.chan is the
 * channel, for all other calls. The value sent is converted as by initialization; a pointer to receive into must be of
 * the channel's type (or void). Each argument is evaluated once. */
#define COIR_CHAN(type)          \
	union {                  \
		coir_chan *chan; \
		type *type_;     \
	}

#define coir_make(c, cap) coir_chan_create(sizeof *(c)->type_, (cap), &(c)->chan)

#define COIR_TYPED_(c, pointer) (1 ? (pointer) : (c).type_)

#define COIR_SENDING_(c, value, ...)                            \
	__extension__({                                         \
		__typeof__(*(c).type_) coir_element_ = (value); \
		__VA_ARGS__;                                    \
	})

#define coir_send(c, value)     COIR_SENDING_(c, value, coir_chan_send((c).chan, &coir_element_))
#define coir_try_send(c, value) COIR_SENDING_(c, value, coir_chan_try_send((c).chan, &coir_element_))
#define coir_send_until(c, value, deadline) \
	COIR_SENDING_(c, value, coir_chan_send_until((c).chan, &coir_element_, (deadline)))

#define coir_recv(c, out)                 coir_chan_recv((c).chan, COIR_TYPED_(c, out))
#define coir_try_recv(c, out)             coir_chan_try_recv((c).chan, COIR_TYPED_(c, out))
#define coir_recv_until(c, out, deadline) coir_chan_recv_until((c).chan, COIR_TYPED_(c, out), (deadline))

#define coir_close(c) coir_chan_close((c).chan)

#endif
