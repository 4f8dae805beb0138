/* SPDX-License-Identifier: MIT
 *
 * coir/future.h - a value or an error that comes once, and that any number may wait for.
 *
 * A promise is the writing side, and has one owner; a future is the reading side, and is counted: every handle that a
 * call stored, and each coir_future_retain, must be given back by one coir_future_release. Fibers and plain threads,
 * which block. A future is settled by a value (error 0) or an error (below 0), and stays so.
 */
#ifndef COIR_FUTURE_H
#define COIR_FUTURE_H

#include <coir/base.h>
#include <coir/time.h>

COIR_BEGIN_DECLS

typedef struct coir_promise coir_promise;
typedef struct coir_future coir_future;

/* Makes a promise and its future. Any thread, also without a runtime; never parks. -EINVAL (a NULL), -ENOMEM. */
COIR_API int coir_promise_create(coir_promise **promise, coir_future **future);

/* Settles the future, by a value or by an error (below 0). What was written before is visible to who waited. Never park.
 * Errors: -EALREADY (it is settled: nothing was changed), -EINVAL (p NULL, error not below 0), -EPERM (no runtime). */
COIR_API int coir_promise_set(coir_promise *p, intptr_t value);
COIR_API int coir_promise_fail(coir_promise *p, int error);

/* Frees the promise. If its future is not settled, that fails with -EPIPE. NULL is allowed. Any thread, also without a
 * runtime; never parks. */
COIR_API void coir_promise_destroy(coir_promise *p);

/* Waits until f is settled. Returns 0 and stores the value in *out (which may be NULL), or returns its error. Parks in a
 * fiber, blocks in a plain thread. Cancellation point: -ECANCELED. Errors: -EINVAL (f NULL), -EPERM (no runtime, or it
 * has ended meanwhile). */
COIR_API int coir_future_wait(coir_future *f, intptr_t *out);

/* The same until the deadline at the latest: -ETIMEDOUT. */
COIR_API int coir_future_wait_until(coir_future *f, intptr_t *out, coir_time deadline);

/* The same without waiting: -EAGAIN. Any thread, also without a runtime; never parks; no cancellation point. */
COIR_API int coir_future_try_wait(coir_future *f, intptr_t *out);

/* One more handle, or one fewer; the last frees it. f may be NULL. Any thread, also without a runtime; never park. */
COIR_API coir_future *coir_future_retain(coir_future *f);
COIR_API void coir_future_release(coir_future *f);

/* What is to be done when a future is settled: gets that error and value; what it returns (0 and *result, or an error
 * below 0) settles the future of the continuation. */
typedef int (*coir_then_fn)(int error, intptr_t value, void *arg, intptr_t *result);

/* When f is settled (maybe already), calls fn in a new fiber, so that it may wait; *out (unless out is NULL) is the
 * future of what it returns. If that fiber can't be made, *out fails with the reason and fn is not called. Continuations
 * of one future start in no order. Any thread, never parks. Errors: -EINVAL (f or fn NULL), -ENOMEM, -EPERM (no runtime).
 */
COIR_API int coir_future_then(coir_future *f, coir_then_fn fn, void *arg, coir_future **out);

/* *out is settled when all n futures are: by the value n, or by the error of the first in the array that failed. n may
 * be 0. Never parks. -EINVAL (a NULL), -ENOMEM, -EPERM (no runtime). */
COIR_API int coir_future_when_all(coir_future *const *futures, size_t n, coir_future **out);

/* *out is settled when the first of n futures is: by its index in the array as the value, whether it failed or not.
 * Never parks. -EINVAL (a NULL, n 0), -ENOMEM, -EPERM (no runtime). */
COIR_API int coir_future_when_any(coir_future *const *futures, size_t n, coir_future **out);

COIR_END_DECLS

#endif
