/* SPDX-License-Identifier: MIT
 *
 * demos/mailbox.h - one slot between two neighbouring fibers, upon park and unpark: one sends, one receives.
 *
 * `full` says whose the value is: false, the sender's; true, the receiver's. Each side hands it over with a release
 * store and then unparks the other, whose acquire load sees the value. A permit is kept until it is taken, so an
 * unpark between the other's look at `full` and its park is not lost; a permit that was left from an earlier time
 * only costs another look. A fiber that receives here and sends there may take the permit meant for one while it
 * waits for the other: it looks again before it parks again, so that is no loss either.
 */
#ifndef DEMOS_MAILBOX_H
#define DEMOS_MAILBOX_H

#include <coir/coir.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mailbox {
	uint64_t value;
	_Atomic bool full;
	coir_fiber sender; /* set before the receiver is spawned */
};

/* Waits until the slot is free and puts the value in. Called by the sender alone. */
static inline void mailbox_send(struct mailbox *box, coir_fiber receiver, uint64_t value)
{
	/* acquire: pairs with the release in mailbox_receive; the old value was read */
	while (atomic_load_explicit(&box->full, memory_order_acquire))
		coir_park();
	box->value = value;
	/* release: pairs with the acquire in mailbox_receive */
	atomic_store_explicit(&box->full, true, memory_order_release);
	coir_unpark(receiver);
}

/* Waits for a value and takes it. Called by the receiver alone. */
static inline uint64_t mailbox_receive(struct mailbox *box)
{
	/* acquire: pairs with the release in mailbox_send */
	while (!atomic_load_explicit(&box->full, memory_order_acquire))
		coir_park();
	uint64_t value = box->value;
	/* release: pairs with the acquire in mailbox_send */
	atomic_store_explicit(&box->full, false, memory_order_release);
	coir_unpark(box->sender); /* -ESRCH if it has sent its last value and ended */
	return value;
}

#endif
