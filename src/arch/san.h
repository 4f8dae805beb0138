/* SPDX-License-Identifier: MIT
 *
 * arch/san.h - telling AddressSanitizer, ThreadSanitizer and Valgrind about every switch.
 *
 * One contract, one header for each tool, chosen here by how the library is compiled; san/none.h is all empty. A
 * coiri_san belongs to each context (a fiber's, or a worker's own).
 *
 *   coiri_san_begin(san, low, size)     a context begins on that stack (a fiber's first run)
 *   coiri_san_adopt(san)                the calling kernel thread's own context
 *   coiri_san_thread()                  the note of the context in which the calling plain thread runs
 *   coiri_san_leave(from, to)           just before a switch; from is NULL if its context has ended
 *   coiri_san_arrive(to)                first thing on the new stack (in the post action)
 *   coiri_san_hand_over(from, to)       `from` has ended and `to` begins on the same stack, with no switch
 *   coiri_san_nest(from, to), coiri_san_unnest(from, to)
 *                                       `to` runs as a call on top of `from`, and has ended
 *   coiri_san_move(san, low, size)      the context goes on on another stack, in a call
 *   coiri_san_call_begin(back, san), coiri_san_call_end(back)    before the call there, and before its return
 *   coiri_san_end(san)                  its context is gone (any context may call)
 *   coiri_san_clean(low, size)          a stack is about to be used anew
 *   coiri_san_stack(low, size)          a stack exists
 *   coiri_san_publish(p), coiri_san_receive(p)
 *                                       an order that the tool can't see: all before the first is before all after
 *                                       the second
 */
#ifndef COIRI_SAN_H
#define COIRI_SAN_H

#include "base/compiler.h"

/* Says so in one line if the program has a sanitizer that these notes are not for. */
void coiri_san_check(void);

#if defined(__SANITIZE_ADDRESS__)
#include "arch/san/asan.h"
#elif defined(__SANITIZE_THREAD__)
#include "arch/san/tsan.h"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include "arch/san/asan.h"
#elif __has_feature(thread_sanitizer)
#include "arch/san/tsan.h"
#elif defined(COIRI_VALGRIND)
#include "arch/san/valgrind.h"
#else
#include "arch/san/none.h"
#endif
#elif defined(COIRI_VALGRIND)
#include "arch/san/valgrind.h"
#else
#include "arch/san/none.h"
#endif

coiri_san *coiri_san_thread(void);

#endif
