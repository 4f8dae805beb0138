/* SPDX-License-Identifier: MIT
 *
 * stack/overflow.h - a stack overflow ends in one clear message, a backtrace if one can be had, and abort.
 *
 * A fault in a guard page of one of our stacks is ours; every other SIGSEGV or SIGBUS goes to whoever handled it before
 * us. The handler runs on an alternate stack, which each worker thread sets up for itself.
 */
#ifndef COIRI_OVERFLOW_H
#define COIRI_OVERFLOW_H

#include "base/compiler.h"

/* Describes what ran on the calling thread, for the message: "fiber 7 'name', entry f". In a signal handler. */
typedef void (*coiri_describe)(char *text, size_t size);

int coiri_overflow_start(coiri_describe describe);
void coiri_overflow_stop(void);

/* Per kernel thread: its alternate stack, unless it has one of its own, or no report is wanted. -ENOMEM. end gives it
 * back. */
int coiri_overflow_thread_begin(void **memory);
void coiri_overflow_thread_end(void *memory);

/* The message itself, for an overflow that was found in another way (canary). Aborts. */
COIRI_NORETURN void coiri_overflow_die(size_t size, const char *how);

#endif
