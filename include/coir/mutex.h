/* SPDX-License-Identifier: MIT
 *
 * coir/mutex.h - mutual exclusion between fibers, and conditions to wait for under it.
 *
 * Fibers only: in a plain thread every call gives -EPERM. A lock is held by the fiber that took it, wherever that runs,
 * and must be given back by that fiber; one that ends without doing so leaves it locked for ever. The fields of the
 * structs are coir's own. A lock may be destroyed, or its memory freed, as soon as nobody holds it or waits for it:
 * also at once by the fiber that takes it after another's unlock.
 *
 * In the child of a fork, an object that another thread was just at work with may stay held for ever, as any lock of the
 * parent's other threads: make new ones there. (So it is with channels, and all that fibers wait at.)
 */
#ifndef COIR_MUTEX_H
#define COIR_MUTEX_H

#include <coir/base.h>
#include <coir/time.h>

COIR_BEGIN_DECLS

/* Who waits at an object, oldest first. Coir's own. */
typedef struct coir_waiting {
	void *head, *tail;
	uint64_t epoch;
} coir_waiting;

#define COIR_WAITING_INIT \
	{                 \
		0, 0, 0   \
	}

/* Guards an object for a moment. Coir's own. */
typedef struct coir_latch {
	uint32_t inside[4];
} coir_latch;

#define COIR_LATCH_INIT            \
	{                          \
		{                  \
			0, 0, 0, 0 \
		}                  \
	}

/* A mutex. It knows its owner. An uncontended lock and unlock make no system call and never park, except that every
 * few dozen locks of one fiber let the other runnable fibers of its worker go first. A contended lock looks again for
 * about a microsecond while the owner runs on another worker, then parks. Who finds it free takes it, also before one
 * that waits; but after a millisecond of waiting it is handed over in the order of arrival (after Go's sync.Mutex). */
typedef struct coir_mutex {
	uint64_t word;
	coir_waiting waiting;
	coir_latch latch;
	uint32_t flags, depth, holder, calm;
} coir_mutex;

/* Attributes for coir_mutex_init. */
#define COIR_MUTEX_PLAIN     0u
#define COIR_MUTEX_RECURSIVE 1u /* its owner may lock it again, and unlocks it as often */

#define COIR_MUTEX_INIT                                           \
	{                                                         \
		0, COIR_WAITING_INIT, COIR_LATCH_INIT, 0, 0, 0, 0 \
	}

#define COIR_RECURSIVE_MUTEX_INIT                                                    \
	{                                                                            \
		0, COIR_WAITING_INIT, COIR_LATCH_INIT, COIR_MUTEX_RECURSIVE, 0, 0, 0 \
	}

/* Makes m an unlocked mutex, whatever it was. Any thread, also without a runtime; never parks. -EINVAL: m NULL, or
 * unknown flags. */
COIR_API int coir_mutex_init(coir_mutex *m, unsigned flags);

/* Ends m's use; it owns nothing, so this only checks. Any thread, also without a runtime; never parks. -EBUSY: somebody
 * holds it or waits for it; -EINVAL: m NULL. */
COIR_API int coir_mutex_destroy(coir_mutex *m);

/* Waits until nobody holds m, and takes it. Parks; not a cancellation point. Errors: -EDEADLK (the caller holds it
 * already, and it is not recursive), -EINVAL (m NULL), -EOVERFLOW (locked again 2^32 - 1 times), -EPERM (not a fiber).
 */
COIR_API int coir_mutex_lock(coir_mutex *m);

/* The same until the deadline at the latest: -ETIMEDOUT. Cancellation point: -ECANCELED. */
COIR_API int coir_mutex_lock_until(coir_mutex *m, coir_time deadline);

/* Takes m if nobody holds it, else gives -EAGAIN. Never parks; no cancellation point. Errors as coir_mutex_lock's. */
COIR_API int coir_mutex_try_lock(coir_mutex *m);

/* Gives m back. Never parks. -EPERM: the caller does not hold it. */
COIR_API int coir_mutex_unlock(coir_mutex *m);

/* The id (coir_id) of the fiber that holds m, which may be one that has ended, or 0. Already old when it is returned.
 * Any thread; never parks. */
COIR_API uint64_t coir_mutex_owner(const coir_mutex *m);

/* ---- conditions ---- */

/* A condition: fibers wait at it, each with a mutex that it holds, until another says that what they wait for may have
 * come. A wait may end without that, as with pthreads: look again. */
typedef struct coir_cond {
	coir_waiting waiting;
	coir_latch latch;
} coir_cond;

#define COIR_COND_INIT                             \
	{                                          \
		COIR_WAITING_INIT, COIR_LATCH_INIT \
	}

/* As coir_mutex_init and coir_mutex_destroy. */
COIR_API int coir_cond_init(coir_cond *c);
COIR_API int coir_cond_destroy(coir_cond *c);

/* Gives m back (wholly, if it is recursive) and waits, in one step: a signal after that is not missed. Then takes m
 * again, however it ended. Parks. Cancellation point, except in taking m again: -ECANCELED, and no signal was taken.
 * Errors: -EPERM (not a fiber, or it does not hold m: then nothing was done), -EINVAL (c or m NULL). */
COIR_API int coir_cond_wait(coir_cond *c, coir_mutex *m);

/* The same until the deadline at the latest: -ETIMEDOUT, with m taken again. One that has passed still gives others a
 * turn at m. */
COIR_API int coir_cond_wait_until(coir_cond *c, coir_mutex *m, coir_time deadline);

/* Wakes the one that has waited longest, or all, if any. The caller may hold the mutex or not. Never park.
 * Errors: -EINVAL (c NULL), -EPERM (not a fiber). */
COIR_API int coir_cond_signal(coir_cond *c);
COIR_API int coir_cond_broadcast(coir_cond *c);

COIR_END_DECLS

#endif
