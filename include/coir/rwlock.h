/* SPDX-License-Identifier: MIT
 *
 * coir/rwlock.h - a lock that many readers or one writer hold.
 *
 * Fibers only: -EPERM in a plain thread. Whoever waits gets it in the order of arrival, neighbouring readers together;
 * a reader that comes while a writer waits queues behind it. So nobody starves; and a fiber that holds it for reading
 * must not ask for it again, for it may then wait for itself. Uncontended calls make no system call. Lifetime and
 * fields as coir/mutex.h has them.
 */
#ifndef COIR_RWLOCK_H
#define COIR_RWLOCK_H

#include <coir/mutex.h>

COIR_BEGIN_DECLS

typedef struct coir_rwlock {
	coir_waiting waiting;
	uint64_t writer;
	coir_latch latch;
	uint32_t readers, spare;
} coir_rwlock;

#define COIR_RWLOCK_INIT                                    \
	{                                                   \
		COIR_WAITING_INIT, 0, COIR_LATCH_INIT, 0, 0 \
	}

/* As coir_mutex_init and coir_mutex_destroy. */
COIR_API int coir_rwlock_init(coir_rwlock *l);
COIR_API int coir_rwlock_destroy(coir_rwlock *l);

/* Waits until it may be read, or written, and takes it so. Parks; not a cancellation point. Errors: -EDEADLK (the caller
 * holds it for writing), -EINVAL (l NULL), -EOVERFLOW (2^32 - 1 readers), -EPERM (not a fiber). */
COIR_API int coir_rwlock_read_lock(coir_rwlock *l);
COIR_API int coir_rwlock_write_lock(coir_rwlock *l);

/* The same until the deadline at the latest: -ETIMEDOUT. Cancellation points: -ECANCELED. */
COIR_API int coir_rwlock_read_lock_until(coir_rwlock *l, coir_time deadline);
COIR_API int coir_rwlock_write_lock_until(coir_rwlock *l, coir_time deadline);

/* The same at once or not at all: -EAGAIN. Never park; no cancellation points. */
COIR_API int coir_rwlock_try_read_lock(coir_rwlock *l);
COIR_API int coir_rwlock_try_write_lock(coir_rwlock *l);

/* Gives it back. Never park. -EPERM: the caller does not hold it for writing; or nobody holds it for reading (who does
 * is not known one by one). */
COIR_API int coir_rwlock_read_unlock(coir_rwlock *l);
COIR_API int coir_rwlock_write_unlock(coir_rwlock *l);

COIR_END_DECLS

#endif
