/* SPDX-License-Identifier: MIT
 *
 * support/must.h - checks that work anywhere: in fibers, foreign threads, forked children and plain programs. A failed
 * one writes a line to stderr and aborts the process.
 */
#ifndef TESTS_SUPPORT_MUST_H
#define TESTS_SUPPORT_MUST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How every line of a failed check starts: support/child.c tells a failed check from a wanted death by it. */
#define MUST_MARK "check failed: "

void must_failed(const char *file, int line, const char *what, const char *format, ...)
	__attribute__((noreturn, cold, format(printf, 4, 5)));
void must_eq_failed(const char *file, int line, const char *what, intmax_t actual, intmax_t expected)
	__attribute__((noreturn, cold));

static inline void must_eq_at(const char *file, int line, const char *what, intmax_t actual, intmax_t expected)
{
	if (__builtin_expect(actual != expected, 0))
		must_eq_failed(file, line, what, actual, expected);
}

#ifdef __cplusplus
}
#endif

/* must(condition) or must(condition, "format", ...) */
#define must(condition, ...) \
	(__builtin_expect(!!(condition), 1) ? (void)0 : must_failed(__FILE__, __LINE__, #condition, " " __VA_ARGS__))

/* Integers only; the first is the one in question. */
#define must_eq(actual, expected) \
	must_eq_at(__FILE__, __LINE__, #actual " == " #expected, (intmax_t)(actual), (intmax_t)(expected))

/* For calls that give 0 or a negative errno value. */
#define must_ok(call) must_eq(call, 0)

#endif
