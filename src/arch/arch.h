/* SPDX-License-Identifier: MIT
 *
 * arch/arch.h - the context switch, one contract for every processor.
 *
 * A suspended context is one pointer: its stack pointer, with the callee-saved registers, the floating-point
 * control words and the resume address on its stack, in ONE format (ARCH/frame.h), whoever saved it and whoever
 * resumes it.
 *
 * What the shape follows from (docs/decisions/0001-switch.md has the figures): return prediction is the cost of a
 * switch, not the registers. So
 *   - the switch is a leaf in assembly that the API functions reach by a sibling call: the resumed fiber goes
 *     straight back into the code that called yield, park or join, through no further frame;
 *   - it resumes by an indirect jump, which is predicted by where it goes, not by a call stack that belongs to another
 *     fiber;
 *   - work that must wait until the old context is off its stack (the post action) is called on the new stack before
 *     the resumed side's registers come back, so that the resumed side runs nothing of it.
 * Nothing relies on the sibling call for correctness: sanitizer builds drop it.
 */
#ifndef COIRI_ARCH_H
#define COIRI_ARCH_H

#include "base/compiler.h"

/* Runs on the new stack, before anything of the resumed side does; may free or publish the context just left. It gets
 * the switch's arg, and its save (unspecified in coiri_arch_leave): in a register, because through memory the way from
 * the one side to the other would be longer. */
typedef void (*coiri_post)(void *arg, void **save);

/* Saves the caller's context in *save, goes to the context `to`, calls post(arg, save) there and resumes it. post may
 * be NULL. Returns when somebody switches back, maybe on another kernel thread: 0, or what coiri_arch_set_result put into
 * the saved context. */
int coiri_arch_switch(void **save, void *to, coiri_post post, void *arg);

/* What the switch that saved this context shall return: the way of a result to a fiber that waits, because it costs the
 * resumed side nothing. 16 bits with sign. */
void coiri_arch_set_result(void *context, int result);

/* The same without saving: the caller's context has ended. Resumes by a return instruction: what ends is most often
 * resumed into what called it, so the call stack predicts right. */
COIRI_NORETURN void coiri_arch_leave(void *to, coiri_post post, void *arg);

/* Lays a first context at the top of a fresh stack (16-byte aligned), which will call entry(), and returns it. entry
 * never returns. Unwinding ends there: the return address is marked undefined, the frame pointer is 0. */
void *coiri_arch_make(void *top, void (*entry)(void));

/* Calls fn(arg) as the base of another fiber on this stack: unwinding and frame-pointer walks end there, as in
 * coiri_arch_make's context. */
intptr_t coiri_arch_call_entry(intptr_t (*fn)(void *), void *arg);

/* Called when an exception looks for a handler and has come to the base of a fiber, where there is none; the program
 * then ends by std::terminate. */
extern void (*coiri_arch_uncaught)(void);

/* Calls fn(arg) on the stack whose top is given, and returns its result on the caller's own. */
intptr_t coiri_arch_call_on(void *top, intptr_t (*fn)(void *), void *arg);

/* Clears the bytes from low up to the caller's own stack pointer. A leaf that uses no stack itself. */
void coiri_arch_wipe_below(void *low);

/* The floating-point control words that a fiber starts with: taken once, from the thread that starts the runtime. */
void coiri_arch_fp_capture(void);

#if defined(__x86_64__)
#include "arch/x86_64/inline.h"
#elif defined(__aarch64__)
#include "arch/aarch64/inline.h"
#elif defined(__riscv)
#include "arch/riscv64/inline.h"
#endif

/* Each inline.h gives:
 *   COIRI_TLS_LOAD(type, symbol)   reads an initial-exec thread-local pointer anew, in an asm that the compiler can't
 *                                  move or reuse across a switch (it would else keep the address of the old thread's
 *                                  copy)
 *   coiri_fp                       the control words as a value
 *   coiri_fp_enter(&words)         notes the caller's words and sets those a fiber starts with
 *   coiri_fp_leave(&words)         puts them back
 *   coiri_fp_keep()                see coir_keep_fp
 *   coiri_arch_sp()                the caller's stack pointer, about
 */

#endif
