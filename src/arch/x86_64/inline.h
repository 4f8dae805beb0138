/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/inline.h - the parts of arch.h that must be inline.
 */
#ifndef COIRI_ARCH_INLINE_H
#define COIRI_ARCH_INLINE_H

#include "base/compiler.h"

/* In an executable the linker turns the pair into one load. */
#define COIRI_TLS_LOAD(type, symbol)                                                                           \
	({                                                                                                     \
		type value_;                                                                                   \
		__asm__ volatile("movq " #symbol "@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(value_)); \
		value_;                                                                                        \
	})

typedef struct coiri_fp {
	uint32_t mxcsr;
	uint16_t x87;
	int16_t result; /* no control word, but what a switch returns: it lies in the same word of a frame */
} coiri_fp;

extern coiri_fp coiri_fp_default;

#define COIRI_FP_KEEP 0x1000 /* x87 bit 12: ignored by the processor, see switch.S */

COIRI_INLINE uint16_t coiri_fp_x87(void)
{
	uint16_t word;
	__asm__ volatile("fnstcw %0" : "=m"(word));
	return word;
}

/* "memory" wherever a word is set: the compiler may think that fegetround() reads memory, and must not move it across.
 * */
COIRI_INLINE void coiri_fp_load(const coiri_fp *words)
{
	__asm__ volatile("ldmxcsr %0\n\tfldcw %1" ::"m"(words->mxcsr), "m"(words->x87) : "memory");
}

COIRI_INLINE bool coiri_fp_is_default(void)
{
	return coiri_fp_x87() == coiri_fp_default.x87;
}

/* As in switch.S: MXCSR alone is loaded always and read never, while the x87 word is the default. */
COIRI_INLINE void coiri_fp_enter(coiri_fp *words)
{
	words->x87 = coiri_fp_default.x87;
	if (unlikely(!coiri_fp_is_default()))
		__asm__ volatile("fnstcw %0\n\tstmxcsr %1\n\tfldcw %2"
				 : "=m"(words->x87), "=m"(words->mxcsr)
				 : "m"(coiri_fp_default.x87)
				 : "memory");
	__asm__ volatile("ldmxcsr %0" ::"m"(coiri_fp_default.mxcsr) : "memory");
}

COIRI_INLINE void coiri_fp_leave(const coiri_fp *words)
{
	if (likely(words->x87 == coiri_fp_default.x87 && coiri_fp_is_default()))
		__asm__ volatile("ldmxcsr %0" ::"m"(coiri_fp_default.mxcsr) : "memory");
	else
		coiri_fp_load(words->x87 == coiri_fp_default.x87 ? &coiri_fp_default : words);
}

COIRI_INLINE void coiri_fp_keep(void)
{
	uint16_t word = coiri_fp_x87() | COIRI_FP_KEEP;
	__asm__ volatile("fldcw %0" ::"m"(word) : "memory");
}

COIRI_INLINE char *coiri_arch_sp(void)
{
	return __builtin_frame_address(0);
}

#endif
