/* SPDX-License-Identifier: MIT
 *
 * arch/aarch64/inline.h - the parts of arch.h that must be inline.
 */
#ifndef COIRI_ARCH_INLINE_H
#define COIRI_ARCH_INLINE_H

#include "base/compiler.h"

/* In an executable the linker turns adrp and ldr into two moves. */
#define COIRI_TLS_LOAD(type, symbol)                                            \
	({                                                                      \
		type value_;                                                    \
		uintptr_t offset_;                                              \
		__asm__ volatile("mrs %0, tpidr_el0\n\t"                        \
				 "adrp %1, :gottprel:" #symbol "\n\t"           \
				 "ldr %1, [%1, :gottprel_lo12:" #symbol "]\n\t" \
				 "ldr %0, [%0, %1]"                             \
				 : "=&r"(value_), "=&r"(offset_));              \
		value_;                                                         \
	})

/* FPCR. The flags of past exceptions are in FPSR. */
typedef uint64_t coiri_fp;

extern coiri_fp coiri_fp_default;

COIRI_INLINE coiri_fp coiri_fp_read(void)
{
	coiri_fp words;
	__asm__ volatile("mrs %0, fpcr" : "=r"(words));
	return words;
}

/* As in switch.S: a read is cheap, a write is not. "memory", because fegetround counts as a function of memory. */
COIRI_INLINE void coiri_fp_set(coiri_fp from, coiri_fp to)
{
	if (unlikely(from != to))
		__asm__ volatile("msr fpcr, %0" ::"r"(to) : "memory");
}

COIRI_INLINE void coiri_fp_enter(coiri_fp *words)
{
	*words = coiri_fp_read();
	coiri_fp_set(*words, coiri_fp_default);
}

COIRI_INLINE void coiri_fp_leave(const coiri_fp *words)
{
	coiri_fp_set(coiri_fp_read(), *words);
}

/* Each switch reads the only control word there is. */
COIRI_INLINE void coiri_fp_keep(void)
{
}

COIRI_INLINE char *coiri_arch_sp(void)
{
	char *sp;
	__asm__("mov %0, sp" : "=r"(sp));
	return sp;
}

#endif
