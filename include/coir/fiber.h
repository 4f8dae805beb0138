/* SPDX-License-Identifier: MIT
 *
 * coir/fiber.h - fibers: spawn, join, yield, park, fiber-local storage, bigger stacks.
 *
 * "Fiber" below means a caller that runs on a coir worker; "any thread" includes threads that coir does
 * not own. Calls are made while a runtime runs and give -EPERM otherwise, unless they say something else. A call that
 * may park may return on another kernel thread than it was made on, unless the fiber is sticky.
 */
#ifndef COIR_FIBER_H
#define COIR_FIBER_H

#include <coir/base.h>
#include <coir/time.h>

COIR_BEGIN_DECLS

/* Names one fiber for ever: a stale handle gives -ESRCH, never a stranger. A value: copy it freely.
 * {NULL, 0} names nobody. */
typedef struct coir_fiber {
	void *fiber;
	uint64_t seq; /* the fiber's id: unique in the process */
} coir_fiber;

#define COIR_NAME_MAX 32 /* bytes of a name with its ending zero; longer names are cut */

/* The least and the most stack a fiber can ask for. */
#define COIR_STACK_MIN ((size_t)16 << 10)
#define COIR_STACK_MAX ((size_t)1 << 30)

/* The stack every fiber is promised, whatever coir does for speed. */
#define COIR_STACK_PROMISE ((size_t)64 << 10)

/* How to spawn a fiber. Start from COIR_ATTR_INIT and set what differs. */
typedef struct coir_attr {
	size_t size;              /* sizeof(coir_attr), for binary compatibility */
	const char *name;         /* copied; NULL: none */
	size_t stack_size;        /* bytes, COIR_STACK_MIN to COIR_STACK_MAX, rounded up to a size class; 0: default */
	bool detached;            /* nobody will join it: its memory goes when it ends */
	bool sticky;              /* never leaves its kernel thread after its first run */
	size_t *stack_high_water; /* if not NULL: the deepest use of its stack in bytes is stored here at its end,
	                           * before a join returns */
} coir_attr;

#define COIR_ATTR_INIT                                         \
	{                                                      \
		sizeof(coir_attr), NULL, 0, false, false, NULL \
	}

/* Makes a fiber that runs fn(arg), and stores its handle in *out. It starts later, on any worker; on the
 * spawning worker the newest starts first. The handle must be joined or detached exactly once; with
 * attr->detached neither, and out may be NULL. attr may be NULL. Any thread; never parks.
 * Errors: -EINVAL (fn NULL; out NULL though not detached; a stack size out of range; a bad attr->size),
 * -ENOMEM, -EPERM (no runtime). */
COIR_API int coir_spawn(const coir_attr *attr, coir_fn fn, void *arg, coir_fiber *out);

/* Spawns a detached fiber with default attributes: the `go` statement. Errors as coir_spawn's. */
COIR_API int coir_go(coir_fn fn, void *arg);

/* Waits until f has ended, stores its result in *out (out may be NULL) and frees it. A child that has not
 * started may run inside the call, on the caller's stack; nothing a program can observe except speed,
 * addresses and threads depends on that. In a fiber it parks, in a plain thread it blocks. Not a cancellation point.
 * Errors: -ESRCH (stale handle: joined already, or detached and ended), -EINVAL (detached, or being joined), -EDEADLK
 * (itself), -EPERM (no runtime). */
COIR_API int coir_join(coir_fiber f, intptr_t *out);

/* The same, but waits until the deadline at the latest, and is a cancellation point. After -ETIMEDOUT or -ECANCELED f
 * is as before and may be joined again. Never runs f inline. Errors as coir_join's, -ETIMEDOUT, -ECANCELED. */
COIR_API int coir_join_until(coir_fiber f, intptr_t *out, coir_time deadline);

/* The same without waiting: -EAGAIN if f has not ended. Any thread; never parks. No cancellation point. */
COIR_API int coir_try_join(coir_fiber f, intptr_t *out);

/* Gives up the right to join f: its memory goes when it ends. Any thread; never parks.
 * Errors: -ESRCH (stale handle), -EINVAL (detached already, or being joined), -EPERM. */
COIR_API int coir_detach(coir_fiber f);

/* Lets the other runnable fibers of this worker go first. Fiber only: -EPERM elsewhere. */
COIR_API int coir_yield(void);

/* Waits for a permit and takes it: at once if there is one. There is at most one permit a fiber; unpark
 * gives it; only coir_park takes it; no other wait of coir gives or takes one. Returns 0 only for a permit.
 * What the unparking thread wrote before is visible after. Cancellation point: -ECANCELED, and no permit was taken.
 * Fiber only: -EPERM elsewhere. After: Java's LockSupport. */
COIR_API int coir_park(void);

/* The same until the deadline at the latest: -ETIMEDOUT. */
COIR_API int coir_park_until(coir_time deadline);

/* Takes the permit if there is one, else gives -EAGAIN. Never parks; no cancellation point. Fiber only: -EPERM. */
COIR_API int coir_try_park(void);

/* Gives f its permit, and makes it runnable if it parks. A permit given before the park is not lost; a second
 * one is. Any thread; never parks. Errors: -ESRCH (f has ended, or stale), -EPERM (no runtime). */
COIR_API int coir_unpark(coir_fiber f);

/* ---- cancellation ----
 *
 * Asking a fiber to end. From the request to its end every cancellation point that it comes to, or waits in, gives
 * -ECANCELED, so that the fiber finds its way out by ordinary error handling; an operation that completed wins. A call
 * is a cancellation point if its description says so. */

/* Asks f to end. Any thread; never parks. Doing it again changes nothing.
 * Errors: -ESRCH (f has ended, or stale), -EPERM (no runtime). */
COIR_API int coir_cancel(coir_fiber f);

/* -ECANCELED if a cancellation point would give that now, else 0: for computations that wait for nothing. Any thread
 * (0 outside a fiber); never parks. */
COIR_API int coir_cancelled(void);

/* Between the two, the calling fiber's cancellation points take no notice of a request: for clean-up that must wait.
 * They nest. What a request missed meanwhile, the next cancellation point after the end gives. Fiber only: -EPERM;
 * end: -EINVAL without a begin. Never park. */
COIR_API int coir_shield_begin(void);
COIR_API int coir_shield_end(void);

/* Stores the calling fiber's handle. Fiber only: -EPERM elsewhere; -EINVAL for a NULL out. */
COIR_API int coir_self(coir_fiber *out);

/* The calling fiber's id, a number above 0 that no other fiber of the process has, or 0 outside a fiber. */
COIR_API uint64_t coir_id(void);

/* Copies the calling fiber's name, cut to size bytes with its zero, into buf; an empty string if it has
 * none. Fiber only: -EPERM. -EINVAL: buf NULL or size 0. */
COIR_API int coir_name(char *buf, size_t size);

/* Names the calling fiber; the name is copied (NULL: no name). Fiber only: -EPERM; -ENOMEM. */
COIR_API int coir_set_name(const char *name);

/* The number of the worker that runs the caller, 0 and up, or -EPERM outside a fiber. It may be another
 * one after any call that may park. */
COIR_API int coir_worker(void);

/* ---- fiber-local storage: pthread_setspecific for fibers ---- */

#define COIR_KEYS_MAX              128 /* keys that can exist at a time */
#define COIR_DESTRUCTOR_ITERATIONS 4   /* rounds of destructors at a fiber's end, as POSIX has it */

typedef unsigned coir_key;

/* Makes a key; every fiber, present or future, has NULL under it. At a fiber's end destructor (may be NULL) is
 * called in that fiber with each value that is not NULL; it may use coir and park. Any thread, also without a
 * runtime; keys outlive runtimes. Errors: -EINVAL (out NULL), -EAGAIN (COIR_KEYS_MAX keys exist). */
COIR_API int coir_key_create(coir_key *out, void (*destructor)(void *value));

/* Gives the key back. Its values are forgotten, no destructor runs. -EINVAL: no such key. Any thread. */
COIR_API int coir_key_delete(coir_key key);

/* Sets the calling fiber's value. Fiber only: -EPERM; -EINVAL: no such key; -ENOMEM. */
COIR_API int coir_set(coir_key key, void *value);

/* Stores the calling fiber's value in *out. Fiber only: -EPERM; -EINVAL: no such key, or out NULL. */
COIR_API int coir_get(coir_key key, void **out);

/* ---- stacks ---- */

/* Calls fn(arg) on a stack of at least `size` bytes (COIR_STACK_MIN to COIR_STACK_MAX) and stores its result in
 * *out (may be NULL): for one deep call in a fiber with a small stack. fn runs as the calling fiber, may park
 * and nest further such calls. In a plain thread it works too. C++ exceptions must not leave fn.
 * Errors: -EINVAL (fn NULL, size out of range), -ENOMEM, -EPERM (no runtime). */
COIR_API int coir_call_with_stack(size_t size, coir_fn fn, void *arg, intptr_t *out);

/* Bytes of stack left to the caller, at least; -EPERM outside a fiber. */
COIR_API intptr_t coir_stack_left(void);

/* ---- floating point ---- */

/* A fiber starts with the floating-point control words that the thread which started the runtime had then.
 * What it changes through <fenv.h> (fesetround, feenableexcept, fesetenv) is its own, across every wait, and
 * never leaks into another fiber. On x86-64 a change made behind <fenv.h>'s back in MXCSR alone (the _MM_SET_
 * intrinsics) does not leak either, but lasts only until the fiber next waits, unless it calls this first:
 * reading MXCSR costs more than the rest of the switch. Fiber only: -EPERM. */
COIR_API int coir_keep_fp(void);

COIR_END_DECLS

#endif
