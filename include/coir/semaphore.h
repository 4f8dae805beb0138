/* SPDX-License-Identifier: MIT
 *
 * coir/semaphore.h - a number of permits, taken and given back several at a time.
 *
 * Fibers and plain threads, which block. Whoever waits gets its permits in the order of arrival: nobody goes past one
 * that waits for many. May be freed by who got a permit as soon as nobody else uses it.
 */
#ifndef COIR_SEMAPHORE_H
#define COIR_SEMAPHORE_H

#include <coir/mutex.h>

COIR_BEGIN_DECLS

typedef struct coir_sem {
	coir_waiting waiting;
	coir_latch latch;
	uint32_t count, spare;
} coir_sem;

/* n permits at the beginning. */
#define COIR_SEM_INIT(n)                                   \
	{                                                  \
		COIR_WAITING_INIT, COIR_LATCH_INIT, (n), 0 \
	}

/* Makes s a semaphore with n permits, whatever it was. Any thread, also without a runtime; never parks. -EINVAL. */
COIR_API int coir_sem_init(coir_sem *s, uint32_t n);

/* Ends s's use; it owns nothing, so this only checks. Any thread; never parks. -EBUSY: somebody waits; -EINVAL. */
COIR_API int coir_sem_destroy(coir_sem *s);

/* Waits until there are n permits for the caller, and takes them. Parks in a fiber, blocks in a plain thread.
 * Cancellation point: -ECANCELED. Errors: -EINVAL (s NULL, n 0), -EPERM (no runtime, or it has ended meanwhile). */
COIR_API int coir_sem_acquire(coir_sem *s, uint32_t n);

/* The same until the deadline at the latest: -ETIMEDOUT. */
COIR_API int coir_sem_acquire_until(coir_sem *s, uint32_t n, coir_time deadline);

/* The same at once or not at all: -EAGAIN, also if others wait. Never parks; no cancellation point. */
COIR_API int coir_sem_try_acquire(coir_sem *s, uint32_t n);

/* Gives n permits. Fibers and plain threads; never parks. Errors: -EINVAL (s NULL, n 0), -EOVERFLOW (there would be more
 * than 2^32 - 1: none was given), -EPERM (no runtime). */
COIR_API int coir_sem_release(coir_sem *s, uint32_t n);

COIR_END_DECLS

#endif
