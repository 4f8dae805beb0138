/* SPDX-License-Identifier: MIT
 *
 * arch/san/asan.h - AddressSanitizer: which stack is in use, and each context's fake stack.
 */
#ifndef COIRI_SAN_ASAN_H
#define COIRI_SAN_ASAN_H

#include "base/compiler.h"
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

#define COIRI_SAN_NAME "address"

typedef struct coiri_san {
	void *fake;
	const void *low;
	size_t size;
} coiri_san;

COIRI_INLINE void coiri_san_begin(coiri_san *san, void *low, size_t size)
{
	*san = (coiri_san){NULL, low, size};
}

COIRI_INLINE void coiri_san_adopt(coiri_san *san)
{
	pthread_attr_t attr;
	void *low = NULL;
	size_t size = 0;
	if (pthread_getattr_np(pthread_self(), &attr) == 0) {
		pthread_attr_getstack(&attr, &low, &size);
		pthread_attr_destroy(&attr);
	}
	*san = (coiri_san){NULL, low, size};
}

COIRI_INLINE void coiri_san_leave(coiri_san *from, coiri_san *to)
{
	__sanitizer_start_switch_fiber(from ? &from->fake : NULL, to->low, to->size);
}

COIRI_INLINE void coiri_san_arrive(coiri_san *to)
{
	__sanitizer_finish_switch_fiber(to->fake, NULL, NULL);
}

COIRI_INLINE void coiri_san_hand_over(coiri_san *from, coiri_san *to)
{
	*to = *from;
}

/* An inlined child shares its joiner's stack; only if it parks does it need a context of its own. */
COIRI_INLINE void coiri_san_nest(coiri_san *from, coiri_san *to)
{
	*to = (coiri_san){NULL, from->low, from->size};
}

COIRI_INLINE void coiri_san_unnest(coiri_san *from, coiri_san *to)
{
	(void)from;
	(void)to;
}

COIRI_INLINE void coiri_san_move(coiri_san *san, void *low, size_t size)
{
	*san = (coiri_san){NULL, low, size};
}

#define coiri_san_call_begin(back, san) coiri_san_leave((back), (san))
#define coiri_san_call_end(back)        coiri_san_leave(NULL, (back))
#define coiri_san_end(san)              ((void)(san))

COIRI_INLINE void coiri_san_clean(void *low, size_t size)
{
	__asan_unpoison_memory_region(low, size);
}

#define coiri_san_stack(low, size) ((void)(low))
#define coiri_san_publish(p)       ((void)(p))
#define coiri_san_receive(p)       ((void)(p))

#endif
