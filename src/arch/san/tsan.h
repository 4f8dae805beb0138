/* SPDX-License-Identifier: MIT
 *
 * arch/san/tsan.h - ThreadSanitizer: one of its fibers for each context.
 *
 * A switch between two contexts is told with its default flag, which orders them as the worker that runs both does. An
 * inlined child gets a fiber of its own, which begins ordered after its joiner. Ordering it after its spawn alone, so
 * that a race with what the joiner did in between is found, was tried: then every errno (and every other thread-local
 * variable) that both use is reported too, since they share a kernel thread.
 */
#ifndef COIRI_SAN_TSAN_H
#define COIRI_SAN_TSAN_H

#include "base/compiler.h"
#include <sanitizer/tsan_interface.h>

#define COIRI_SAN_NAME "thread"

typedef struct coiri_san {
	void *fiber;
} coiri_san;

COIRI_INLINE void coiri_san_begin(coiri_san *san, void *low, size_t size)
{
	(void)low;
	(void)size;
	san->fiber = __tsan_create_fiber(0);
}

COIRI_INLINE void coiri_san_adopt(coiri_san *san)
{
	san->fiber = __tsan_get_current_fiber();
}

COIRI_INLINE void coiri_san_leave(coiri_san *from, coiri_san *to)
{
	if (from)
		__tsan_acquire(from);
	__tsan_switch_to_fiber(to->fiber, 0);
}

#define coiri_san_arrive(to) ((void)(to))

COIRI_INLINE void coiri_san_hand_over(coiri_san *from, coiri_san *to)
{
	void *old = from->fiber;
	to->fiber = __tsan_create_fiber(0);
	__tsan_switch_to_fiber(to->fiber, 0);
	__tsan_destroy_fiber(old);
}

COIRI_INLINE void coiri_san_nest(coiri_san *from, coiri_san *to)
{
	void *begins = __tsan_create_fiber(0);
	to->fiber = begins;
	__tsan_release(from); /* of the notes themselves: for unnest, */
	__tsan_release(to);   /* and for the child's own switches */
	__tsan_switch_to_fiber(begins, __tsan_switch_to_fiber_no_sync);
}

COIRI_INLINE void coiri_san_unnest(coiri_san *from, coiri_san *to)
{
	__tsan_acquire(from);
	__tsan_acquire(to);
	void *ended = to->fiber;
	__tsan_switch_to_fiber(from->fiber, 0);
	__tsan_destroy_fiber(ended);
}

COIRI_INLINE void coiri_san_end(coiri_san *san)
{
	__tsan_destroy_fiber(san->fiber);
}

#define coiri_san_move(san, low, size) ((void)(san))
/* The same context goes on. */
#define coiri_san_call_begin(back, san) ((void)(san))
#define coiri_san_call_end(back)        ((void)(back))
#define coiri_san_clean(low, size)      ((void)(low))
#define coiri_san_stack(low, size)      ((void)(low))
#define coiri_san_publish(p)            __tsan_release(p)
#define coiri_san_receive(p)            __tsan_acquire(p)

#endif
