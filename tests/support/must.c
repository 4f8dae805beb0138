/* SPDX-License-Identifier: MIT */
#include "support/must.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Written straight to the descriptor: a forked child and a fiber have no business with stdio's locks. */
void must_failed(const char *file, int line, const char *what, const char *format, ...)
{
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	dprintf(STDERR_FILENO, MUST_MARK "%s:%d: %s%s\n", file, line, what, text);
	abort();
}

void must_eq_failed(const char *file, int line, const char *what, intmax_t actual, intmax_t expected)
{
	dprintf(STDERR_FILENO, MUST_MARK "%s:%d: %s: %jd, wanted %jd\n", file, line, what, actual, expected);
	abort();
}
