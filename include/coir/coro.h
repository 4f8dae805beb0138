/* SPDX-License-Identifier: MIT
 *
 * coir/coro.h - coroutines: create, resume, yield, transfer, destroy. coir/gen.h has generators and pipelines.
 *
 * A coroutine is a function with a stack of its own that whoever holds it resumes, and that gives values back on the
 * way, from any call depth. It is no fiber: nobody schedules it, and it runs as a part of its resumer. While it runs,
 * the calling fiber's identity, name, fiber-local storage and cancellation are what they were, and it may call whatever
 * its resumer may: in a fiber also what parks (the fiber then waits, and the coroutine with it).
 *
 *   resume / yield   asymmetric: into a coroutine, and back to whoever resumed it
 *   transfer         symmetric: from a coroutine straight into another one, which takes over the resumer
 *
 * Threads. All calls may be made by fibers and by plain threads, with or without a runtime. A suspended coroutine
 * belongs to nobody: it may be resumed by any other fiber or thread than before, and across a coir_stop and a further
 * coir_start. What it must not is to be used by two at once: who hands it over sees to the order (a channel, a join, a
 * lock do), as for any memory. A coroutine should keep no address of a thread-local variable over a yield.
 *
 * What a coroutine does not have of its own. The floating-point control words are, as in a function call, shared with
 * the resumer. Exceptions of C++ are its own: they may be thrown and caught in it, and a yield may stand in a catch
 * block. One that leaves its first function ends the program. errno is not kept over a call that switches.
 *
 * Cost. The switch is inlined: about a nanosecond; some more in a program that has a C++ runtime, whose exceptions must
 * be kept apart. Under sanitizers it goes through the library.
 *
 * Stacks have guard pages, and one page is all that a coroutine takes until it needs more. An overflow in a fiber gives
 * the same message as that of a fiber's own stack; on a plain thread it is a SIGSEGV at the guard. When a fiber is
 * abandoned (the runtime stops while it waits) inside a coroutine, that coroutine is over: no handler runs, it counts
 * as finished, and coir_coro_destroy gives its memory back.
 *
 * After: Lua (status, resume, yield), Python (values sent in, clean-up on an early end), Boost.Context (symmetric
 * transfer), libdill and Go (defer).
 */
#ifndef COIR_CORO_H
#define COIR_CORO_H

#include <coir/coro_switch.h>

COIR_BEGIN_DECLS

/* The first function of a coroutine. Its result is the last value, and goes to whoever resumed last. */
typedef intptr_t (*coir_coro_fn)(coir_coro *self, void *arg);

/* What resume gives when the coroutine has ended in this call. */
#define COIR_CORO_DONE 1

/* The most bytes of an argument that a coroutine can keep a copy of. */
#define COIR_CORO_ARG_MAX 1024

/* How to make a coroutine. Start from COIR_CORO_ATTR_INIT and set what differs. */
typedef struct coir_coro_attr {
	size_t size;       /* sizeof(coir_coro_attr), for binary compatibility */
	size_t stack_size; /* bytes, COIR_STACK_MIN to COIR_STACK_MAX, rounded up to a size class; 0: as fibers have */
	size_t arg_size;   /* not 0: so many bytes at arg are copied onto the coroutine's stack, and fn gets the copy's
			    * address, aligned to 16; at most COIR_CORO_ARG_MAX */
} coir_coro_attr;

#define COIR_CORO_ATTR_INIT                  \
	{                                    \
		sizeof(coir_coro_attr), 0, 0 \
	}

/* As Lua has them. */
typedef enum coir_coro_state {
	COIR_CORO_SUSPENDED, /* not started, or in a yield or transfer: can be resumed */
	COIR_CORO_RUNNING,   /* the caller is in it */
	COIR_CORO_NORMAL,    /* active, but the caller is not in it: it waits for one that it resumed, or runs
			      * elsewhere */
	COIR_CORO_FINISHED,  /* has ended: can be destroyed */
} coir_coro_state;

/* Makes a coroutine that will run fn(self, arg), and stores it in *out. It starts at its first resume. It belongs to
 * the caller, who must destroy it, also after it has finished. attr may be NULL. Any thread; never parks. Errors:
 * -EINVAL (fn or out NULL; a size out of range; a bad attr->size), -ENOMEM. */
COIR_API int coir_coro_create(const coir_coro_attr *attr, coir_coro_fn fn, void *arg, coir_coro **out);

/* Destroys a coroutine. If it is suspended in the middle, it is told to unwind: the yield or transfer that it stands in
 * gives -ECANCELED, and it should return. Should it yield or transfer once more instead, it is cut off there, so a body
 * that does not care about the code need not look at it. Its handlers (coir_coro_defer) have run when this returns, the
 * last one registered first, and its stack is free. A NULL co is ignored. Any thread; parks only if the body or a
 * handler does. Errors: -EBUSY (it is active; nothing happens). */
COIR_API int coir_coro_destroy(coir_coro *co);

/* What co does. Any thread; never parks. -EINVAL: co NULL. */
COIR_API int coir_coro_status(const coir_coro *co);

/* The innermost coroutine that the caller is in, or NULL. It is found by the stack, so it costs some ten nanoseconds
 * and a switch nothing; use the `self` that the first function gets where speed counts. Any thread; never parks. In the
 * child of a fork, coroutines from before the fork are not found. */
COIR_API coir_coro *coir_coro_self(void);

/* The number of coroutines that exist in the process. Exact while none is made or destroyed elsewhere. Any thread. */
COIR_API uint64_t coir_coro_count(void);

/* Has fn(arg) called at self's end: after its first function has returned, or been cut off by coir_coro_destroy.
 * Handlers run on the thread of whoever resumes or destroys, the last one registered first; they may do what the body
 * may, except yield. Called by the coroutine itself, or for a suspended one by its holder. Never parks. Errors: -EINVAL
 * (self or fn NULL), -ESRCH (finished), -ENOMEM (and fn will not be called). */
COIR_API int coir_coro_defer(coir_coro *self, void (*fn)(void *arg), void *arg);

/* Forgets, uncalled, the newest handler that was registered with this fn and arg. Who may call: as above.
 * Errors: -EINVAL (self or fn NULL), -ENOENT (there is none). */
COIR_API int coir_coro_undefer(coir_coro *self, void (*fn)(void *arg), void *arg);

/* Runs co until it yields or ends. The yield that it stands in receives `send` (at the first resume nobody does: it is
 * dropped). What it yields, or its result, is stored in *out, which may be NULL. Returns 0 if it yielded,
 * COIR_CORO_DONE if it ended. After a transfer inside, that is said of the coroutine that came back, which may be
 * another one than co: see coir_coro_status. Any thread; parks only if the coroutine does. Errors: -EINVAL (co NULL),
 * -ESRCH (it has finished), -EBUSY (it is active). */
COIRI_CORO_INLINE int coir_coro_resume(coir_coro *co, intptr_t send, intptr_t *out)
{
	coiri_coro_mail mail = coiri_coro_go_in(co, send);
	int code = (int)mail.code;
	if (out && code >= 0)
		*out = mail.value;
	return code;
}

/* Gives a value to whoever resumed self, the innermost coroutine that the caller is in, and waits for the next resume,
 * from any call depth. What that sends is stored in *received, which may be NULL. Only inside a coroutine. Errors:
 * -ECANCELED (it is being destroyed: return soon, see coir_coro_destroy), -EPERM (self is not active), -EINVAL (self
 * NULL). */
COIRI_CORO_INLINE int coir_coro_yield(coir_coro *self, intptr_t value, intptr_t *received)
{
	coiri_coro_mail mail = coiri_coro_go_out(self, value);
	int code = (int)mail.code;
	if (received && code >= 0)
		*received = mail.value;
	return code;
}

/* From coroutine `from`, the innermost one that the caller is in, straight to `to`, which is suspended. `from` is
 * suspended; `to` runs, with from's resumer as its own: its yield and its end go there. Returns when somebody resumes
 * `from` or transfers to it; what that one sends is stored in *received, which may be NULL. NULL stands for the code
 * that is in no coroutine: from NULL is a resume of `to` (with its results), to NULL a yield of `from`. Errors:
 * -ECANCELED, -EPERM (`from` is not active), -ESRCH (`to` has finished), -EBUSY (`to` is active), -EINVAL (both NULL).
 */
COIRI_CORO_INLINE int coir_coro_transfer(coir_coro *from, coir_coro *to, intptr_t value, intptr_t *received)
{
	coiri_coro_mail mail = coiri_coro_go_over(from, to, value);
	int code = (int)mail.code;
	if (received && code >= 0)
		*received = mail.value;
	return code;
}

COIR_END_DECLS

#endif
