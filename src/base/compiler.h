/* SPDX-License-Identifier: MIT
 *
 * base/compiler.h - what we ask of the compiler, by name.
 */
#ifndef COIRI_BASE_COMPILER_H
#define COIRI_BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COIRI_CACHE_LINE 64

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define COIRI_NOINLINE     __attribute__((noinline))
#define COIRI_INLINE       static inline __attribute__((always_inline))
#define COIRI_COLD         __attribute__((cold, noinline))
#define COIRI_NORETURN     __attribute__((noreturn))
#define COIRI_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define COIRI_ALIGNED(n)   __attribute__((aligned(n)))
#define COIRI_LINE_ALIGNED COIRI_ALIGNED(COIRI_CACHE_LINE)

#define coiri_container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

COIRI_INLINE size_t coiri_round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

#endif
