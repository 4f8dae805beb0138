/* SPDX-License-Identifier: MIT
 *
 * support/standin.h - the part of Criterion that coir's tests use, for builds where Criterion can't run: cross builds
 * under an emulator, sanitizer builds. Own code; see support/test.h for the list.
 */
#ifndef TESTS_SUPPORT_STANDIN_H
#define TESTS_SUPPORT_STANDIN_H

#include <signal.h>
#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct standin_options {
	int signal;     /* the signal that must end the test, or 0 */
	int exit_code;  /* the code it must exit with */
	double timeout; /* seconds; 0: what COIR_TEST_TIMEOUT says */
	void (*init)(void);
	void (*fini)(void);
};

struct standin_test {
	const char *suite;
	const char *name;
	void (*body)(void);
	const struct standin_options *options;
	struct standin_test *next;
};

void standin_add(struct standin_test *test);
void standin_fail(const char *file, int line, const char *what, const char *format, ...)
	__attribute__((noreturn, cold, format(printf, 4, 5)));
void standin_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif

#define STANDIN_NAME_(suite, name, what) suite##_##name##_##what

/* The arguments after the name are designated initializers of struct standin_options. */
#define Test(Suite, Name, ...)                                                                                \
	static void STANDIN_NAME_(Suite, Name, body)(void);                                                   \
	static const struct standin_options STANDIN_NAME_(Suite, Name, options) = {__VA_ARGS__};              \
	static struct standin_test STANDIN_NAME_(Suite, Name, test) = {                                       \
		#Suite, #Name, STANDIN_NAME_(Suite, Name, body), &STANDIN_NAME_(Suite, Name, options), NULL}; \
	__attribute__((constructor)) static void STANDIN_NAME_(Suite, Name, add)(void)                        \
	{                                                                                                     \
		standin_add(&STANDIN_NAME_(Suite, Name, test));                                               \
	}                                                                                                     \
	static void STANDIN_NAME_(Suite, Name, body)(void)

#define STANDIN_CHECK_(condition, what, ...) \
	((condition) ? (void)0 : standin_fail(__FILE__, __LINE__, what, " " __VA_ARGS__))

#define cr_assert(condition, ...)   STANDIN_CHECK_(condition, #condition, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)     STANDIN_CHECK_((a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)    STANDIN_CHECK_((a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)     STANDIN_CHECK_((a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)    STANDIN_CHECK_((a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)     STANDIN_CHECK_((a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)    STANDIN_CHECK_((a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_null(p, ...)      STANDIN_CHECK_((p) == NULL, #p " is NULL", __VA_ARGS__)
#define cr_assert_not_null(p, ...)  STANDIN_CHECK_((p) != NULL, #p " is not NULL", __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) STANDIN_CHECK_(strcmp((a), (b)) == 0, #a " reads as " #b, __VA_ARGS__)
#define cr_fail(...)                standin_fail(__FILE__, __LINE__, "fail", " " __VA_ARGS__)
#define cr_skip_test(...)           standin_skip(" " __VA_ARGS__)

#endif
