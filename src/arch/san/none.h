/* SPDX-License-Identifier: MIT
 *
 * arch/san/none.h - no tool: nothing is left of the notes.
 */
#ifndef COIRI_SAN_NONE_H
#define COIRI_SAN_NONE_H

typedef struct coiri_san {
	char nothing[0];
} coiri_san;

#define COIRI_SAN_NAME "none"

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
#define coiri_san_stack(low, size)      ((void)(low))
#define coiri_san_publish(p)            ((void)(p))
#define coiri_san_receive(p)            ((void)(p))

#endif
