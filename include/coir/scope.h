/* SPDX-License-Identifier: MIT
 *
 * coir/scope.h - structured concurrency: fibers that end before the scope they were spawned into does.
 *
 *     coir_scope s;
 *     coir_scope_begin(&s, NULL);
 *     coir_scope_spawn(&s, fetch, a);
 *     coir_scope_spawn(&s, fetch, b);
 *     int r = coir_scope_wait(&s);      // both have ended; the first error, or 0
 *
 * A scope belongs to the fiber (or plain thread) that began it, its owner, and ends in the owner's coir_scope_wait: that
 * returns only when all children have ended. A fiber must not end, nor the scope's memory go, before that: a fiber that
 * ends inside a scope of its own stops the program with one line on stderr.
 *
 * A child is a fiber that the scope joins: it has a handle for coir_cancel and coir_unpark, but can't be joined or
 * detached. It always runs, even if the scope was cancelled before it could start. Its result is an error if it is
 * negative: the first error cancels the scope.
 *
 * Cancelled is a scope once and for good: by a child's error, by its deadline, by coir_scope_cancel, because its owner
 * was cancelled (as soon as he waits for the scope), or because the scope around it was (at once). Then its children and
 * their scopes are cancelled (coir_cancel: see coir/fiber.h), the cancellation points of its owner, if that is a fiber,
 * give -ECANCELED until he leaves the scope, and nothing more can be spawned into it.
 *
 * Around a scope is the one that its owner began before it and has not ended, else the one that the owner was spawned
 * into. So scopes form a tree, in which deadlines and cancels go down and errors go up. What begins inside a shield
 * (coir_shield_begin) has nothing around it: no cancel or deadline reaches it from outside, so clean-up may use scopes.
 *
 * When the runtime ends while scopes are open they are forgotten with their fibers: no handler runs; a plain thread that
 * waits gets -EPERM.
 *
 * After: Trio's nurseries and cancel scopes, Kotlin's coroutineScope, Java's StructuredTaskScope.
 */
#ifndef COIR_SCOPE_H
#define COIR_SCOPE_H

#include <coir/base.h>
#include <coir/fiber.h>
#include <coir/time.h>

COIR_BEGIN_DECLS

/* A scope, in its owner's memory: coir_scope_begin makes one of any bytes. Not to be copied or moved. */
typedef struct coir_scope {
	uint64_t internal[36];
} coir_scope;

#define COIR_SCOPE_SUPERVISED 1u /* a child's error cancels nobody; the first is still what coir_scope_wait returns */

/* How a scope is to be. Start from COIR_SCOPE_ATTR_INIT and set what differs. */
typedef struct coir_scope_attr {
	size_t size;        /* sizeof(coir_scope_attr), for binary compatibility */
	coir_time deadline; /* when it is cancelled; COIR_NEVER: by the deadline of the scope around it only */
	unsigned flags;     /* COIR_SCOPE_SUPERVISED or 0 */
} coir_scope_attr;

#define COIR_SCOPE_ATTR_INIT                           \
	{                                              \
		sizeof(coir_scope_attr), COIR_NEVER, 0 \
	}

/* Begins a scope, whose owner is the caller. attr may be NULL. If the owner or the scope around it is cancelled, or the
 * deadline has passed, the scope is cancelled from the beginning; it must be waited for all the same. Any thread; never
 * parks; no cancellation point.
 * Errors, after which there is no scope: -EINVAL (scope NULL, bad attr), -EBUSY (the caller has begun it already),
 * -EPERM (no runtime). */
COIR_API int coir_scope_begin(coir_scope *scope, const coir_scope_attr *attr);

/* The same with a deadline and nothing else. */
COIR_API int coir_scope_begin_until(coir_scope *scope, coir_time deadline);

/* Spawns fn(arg) into the scope. The owner may call it, and anyone who knows that the scope stays meanwhile: its
 * children, their children. Any thread; never parks; no cancellation point.
 * Errors, after which there is no child: -ECANCELED (the scope is cancelled), -EINVAL (fn or scope NULL; the scope has
 * ended, or never begun), -ENOMEM, -EPERM (no runtime). */
COIR_API int coir_scope_spawn(coir_scope *scope, coir_fn fn, void *arg);

/* The same with attributes (NULL: the default ones; `detached` is without meaning), and the child's handle in *out (may
 * be NULL). Errors as above and as coir_spawn's. */
COIR_API int coir_scope_spawn_as(coir_scope *scope, const coir_attr *attr, coir_fn fn, void *arg, coir_fiber *out);

/* Waits until all children have ended, and ends the scope. The owner only, and of his scopes the one that he began last.
 * Parks a fiber, blocks a plain thread. A cancellation point in this sense: if the owner is cancelled, so is the scope;
 * in any case the call returns when no child lives.
 * Returns what cancelled the scope: the result of the first child that failed; -ETIMEDOUT, its deadline; -ECANCELED, a
 * cancel of the owner, of the scope around it or by coir_scope_cancel (in the last case a later error of a child, if it
 * is not -ECANCELED, counts instead). Else 0. A supervised scope returns its first child's error, if there was one,
 * whatever came later.
 * Errors, after which the scope is as before: -EINVAL (it is not open), -EPERM (the caller is not its owner; or, in a
 * plain thread, the runtime has ended and the scope with it), -EBUSY (an inner scope of the caller is open). */
COIR_API int coir_scope_wait(coir_scope *scope);

/* Cancels the scope; again, or if it is cancelled already: nothing. The owner, or anyone who knows that the scope stays
 * meanwhile. Any thread; never parks; no cancellation point. Errors: -EINVAL (it is not open), -EPERM (no runtime). */
COIR_API int coir_scope_cancel(coir_scope *scope);

/* -ECANCELED if the scope is cancelled, else 0. As coir_scope_cancel. */
COIR_API int coir_scope_cancelled(coir_scope *scope);

/* The deadline that the calling fiber is under: the soonest of its innermost scope and those around it. COIR_NEVER if
 * there is none, and in plain threads. Any thread; never parks. */
COIR_API coir_time coir_scope_deadline(void);

/* Calls fn(arg) as the calling fiber, in a scope of that deadline: its cancellation points give -ECANCELED when the
 * deadline comes. *out (may be NULL) gets its result. Returns 0 if that is 0 or more, in time or not; the result if it
 * is another error; if it is -ECANCELED, why: -ETIMEDOUT, or -ECANCELED. Parks if fn does. Fiber only: -EPERM; -EINVAL
 * (fn NULL). After: Trio's fail_after. */
COIR_API int coir_with_deadline(coir_time deadline, coir_fn fn, void *arg, intptr_t *out);

/* ---- children with results ---- */

/* Where a child's result will be, in the caller's memory: it must stay until the scope has ended. All zero: there is no
 * child. */
typedef struct coir_async {
	uint64_t internal[12];
} coir_async;

/* Spawns fn(arg) into the scope; its result can be had from the slot. As coir_scope_spawn; -EINVAL also if slot is
 * NULL. */
COIR_API int coir_scope_async(coir_scope *scope, coir_async *slot, coir_fn fn, void *arg);

/* Waits until that child's function has returned, and stores the result in *out (may be NULL): also if it is negative,
 * which the scope too takes as an error. By anyone, any number of times. Parks a fiber, blocks a plain thread.
 * Cancellation point. Errors: -ECANCELED, -EINVAL (slot NULL, or without a child), -EPERM (no runtime). */
COIR_API int coir_await(coir_async *slot, intptr_t *out);

/* The same until the deadline at the latest: -ETIMEDOUT. */
COIR_API int coir_await_until(coir_async *slot, intptr_t *out, coir_time deadline);

/* The same without waiting: -EAGAIN. No cancellation point. */
COIR_API int coir_try_await(coir_async *slot, intptr_t *out);

/* ---- many at once ---- */

/* Runs fns[i](args[i]) for i below n as children of a scope, waits for all, and stores their results in order in
 * results[i] (results may be NULL). The first negative one cancels the rest and is returned; a call that has not begun by
 * then is left out, and its result is -ECANCELED. They begin in order, as workers come free. Parks a fiber, blocks a
 * plain thread; cancellation point as coir_scope_wait is.
 * Errors: what coir_scope_wait returns, -EINVAL (n above 0 and fns, args or one of fns NULL), -ENOMEM, -EPERM.
 * After: asyncio's gather. */
COIR_API int coir_gather(const coir_fn *fns, void *const *args, size_t n, intptr_t *results);

/* The same, and the deadline too cancels the rest: -ETIMEDOUT. */
COIR_API int coir_gather_until(const coir_fn *fns, void *const *args, size_t n, intptr_t *results, coir_time deadline);

/* The same with one function over an array: fn(items + i * stride), stride in bytes (0: all get the same pointer). */
COIR_API int coir_gather_map(coir_fn fn, void *items, size_t stride, size_t n, intptr_t *results);
COIR_API int coir_gather_map_until(coir_fn fn, void *items, size_t stride, size_t n, intptr_t *results,
				   coir_time deadline);

/* ---- deferred clean-up ---- */

/* fn(arg) will be called when the calling fiber has ended, however that came about: the newest first, inside a shield,
 * before the destructors of fiber-local storage and before the fiber leaves its scope. It may park, and defer more. Not
 * called for a fiber that the runtime's end abandons. Each takes a few bytes of heap until then. Fiber only: -EPERM;
 * -EINVAL (fn NULL), -ENOMEM. Never parks; no cancellation point. After: Go's defer, POSIX's pthread_cleanup_push. */
COIR_API int coir_defer(void (*fn)(void *arg), void *arg);

/* Takes the newest one back, and calls it at once if `run` is true (inside a shield). Fiber only: -EPERM; -EINVAL:
 * there is none. No cancellation point. */
COIR_API int coir_defer_pop(bool run);

/* COIR_DEFER(fn, arg); calls fn(arg) at the end of the enclosing block, however it is left (but not by longjmp), the
 * newest first, inside a shield. Costs no memory and can't fail. For C; C++ has destructors. Any thread. */
#if defined(__GNUC__) && !defined(__cplusplus)
typedef struct coir_deferred {
	void (*fn)(void *arg);
	void *arg;
} coir_deferred;

static inline void coir_deferred_run(coir_deferred *deferred)
{
	coir_shield_begin();
	deferred->fn(deferred->arg);
	coir_shield_end();
}

#define COIR_DEFER(fn, arg)        COIR_DEFER_AT_(fn, arg, __COUNTER__)
#define COIR_DEFER_AT_(fn, arg, n) COIR_DEFER_AS_(fn, arg, n)
#define COIR_DEFER_AS_(fn, arg, n) \
	coir_deferred coir_deferred_##n __attribute__((cleanup(coir_deferred_run), unused)) = {fn, arg}
#endif

COIR_END_DECLS

#endif
