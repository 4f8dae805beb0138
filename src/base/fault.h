/* SPDX-License-Identifier: MIT
 *
 * base/fault.h - how coir speaks when something is wrong: one line on stderr, "coir: ...".
 */
#ifndef COIRI_BASE_FAULT_H
#define COIRI_BASE_FAULT_H

#include "base/compiler.h"

/* One clear line for the user: what was wrong and what to do. The caller returns an error code. */
void coiri_complain(const char *format, ...) COIRI_PRINTF(1, 2);

/* A broken invariant of coir itself, or misuse that can't be answered with a code: one line, then abort. */
COIRI_NORETURN COIRI_COLD void coiri_panic(const char *function, const char *format, ...) COIRI_PRINTF(2, 3);

#define coiri_check(condition, reason)                       \
	do {                                                 \
		if (unlikely(!(condition)))                  \
			coiri_panic(__func__, "%s", reason); \
	} while (0)

/* Checked only without NDEBUG. */
#ifdef NDEBUG
#define coiri_assert(condition) ((void)sizeof(!(condition)))
#else
#define coiri_assert(condition) coiri_check(condition, "broken invariant: " #condition)
#endif

#endif
