/* SPDX-License-Identifier: MIT
 *
 * arch/san/valgrind.h - Valgrind: where stacks are, so that it takes a switch for one.
 */
#ifndef COIRI_SAN_VALGRIND_H
#define COIRI_SAN_VALGRIND_H

#include "base/compiler.h"
#include <valgrind/valgrind.h>

#define COIRI_SAN_NAME "valgrind"

typedef struct coiri_san {
	char nothing[0];
} coiri_san;

#define coiri_san_begin(san, low, size) ((void)(san))
#define coiri_san_adopt(san)            ((void)(san))
#define coiri_san_leave(from, to)       ((void)(to))
#define coiri_san_arrive(to)            ((void)(to))
#define coiri_san_hand_over(from, to)   ((void)(to))
#define coiri_san_nest(from, to)        ((void)(to))
#define coiri_san_unnest(from, to)      ((void)(to))
#define coiri_san_end(san)              ((void)(san))
#define coiri_san_move(san, low, size)  ((void)(san))
#define coiri_san_call_begin(back, san) ((void)(san))
#define coiri_san_call_end(back)        ((void)(back))
#define coiri_san_clean(low, size)      ((void)(low))
#define coiri_san_stack(low, size)      ((void)VALGRIND_STACK_REGISTER(low, (char *)(low) + (size)))
#define coiri_san_publish(p)            ((void)(p))
#define coiri_san_receive(p)            ((void)(p))

#endif
