/* SPDX-License-Identifier: MIT */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One write(2), so that lines of several threads do not mix and no stdio lock is needed. */
static void COIRI_PRINTF(2, 0) say(const char *function, const char *format, va_list args)
{
	char line[1024];
	int head = snprintf(line, sizeof line, function ? "coir: %s: " : "coir: ", function);
	size_t used = (size_t)head;
	int body = vsnprintf(line + used, sizeof line - used - 1, format, args);
	used += (size_t)(body < 0 ? 0 : body);
	if (used > sizeof line - 2)
		used = sizeof line - 2;
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nobody listens */
}

void coiri_complain(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(NULL, format, args);
	va_end(args);
}

void coiri_panic(const char *function, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(function, format, args);
	va_end(args);
	abort();
}
