/* SPDX-License-Identifier: MIT
 *
 * arch/riscv64/inline.h - the parts of arch.h that must be inline.
 */
#ifndef COIRI_ARCH_INLINE_H
#define COIRI_ARCH_INLINE_H

#include "base/compiler.h"

#define COIRI_TLS_LOAD(type, symbol)                             \
	({                                                       \
		type value_;                                     \
		__asm__ volatile("la.tls.ie %0, " #symbol "\n\t" \
				 "add %0, %0, tp\n\t"            \
				 "ld %0, 0(%0)"                  \
				 : "=r"(value_));                \
		value_;                                          \
	})

/* The rounding mode, frm. The rest of fcsr is flags of past exceptions. */
typedef uint64_t coiri_fp;

extern coiri_fp coiri_fp_default;

COIRI_INLINE coiri_fp coiri_fp_read(void)
{
	coiri_fp words;
	__asm__ volatile("frrm %0" : "=r"(words));
	return words;
}

/* As in switch.S: a read is cheaper than a write. "memory", because fegetround counts as a function of memory. */
COIRI_INLINE void coiri_fp_set(coiri_fp from, coiri_fp to)
{
	if (unlikely(from != to))
		__asm__ volatile("fsrm %0" ::"r"(to) : "memory");
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
	__asm__("mv %0, sp" : "=r"(sp));
	return sp;
}

#endif
