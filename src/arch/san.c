/* SPDX-License-Identifier: MIT
 *
 * arch/san.c - what the tools' notes need out of line: a plain thread's own, and a line for a program that is built with
 * a sanitizer, on a libcoir that does not speak to it.
 */
#include "arch/san.h"
#include "base/fault.h"

#include <string.h>

void __asan_init(void) __attribute__((weak));
void __tsan_init(void) __attribute__((weak));

void coiri_san_check(void)
{
	const char *program = __tsan_init ? "thread" : __asan_init ? "address" : NULL;
	if (program && strcmp(COIRI_SAN_NAME, program) != 0)
		coiri_complain("this program is built with -fsanitize=%s, but libcoir is not: expect false reports; "
			       "build it with "
			       "meson setup -Db_sanitize=%s",
			       program, program);
}

coiri_san *coiri_san_thread(void)
{
	static __thread coiri_san own;
	static __thread bool adopted;
	if (!adopted) { /* it stands on its native stack: it has not switched yet */
		coiri_san_adopt(&own);
		adopted = true;
	}
	return &own;
}
