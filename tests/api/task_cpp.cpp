/* SPDX-License-Identifier: MIT
 *
 * api/task_cpp.cpp - coir/task.h in C++: the same tasks; exceptions that stay inside one.
 */
#include "support/run.h"
#include "support/test.h"

#include <coir/task.h>
#include <stdexcept>
#include <string>

COIR_TASK(long, fib, int, n)
{
	if (n < 2)
		return n;
	COIR_FORK(left, fib, n - 1);
	long right = fib(n - 2);
	return COIR_JOIN(left, fib) + right;
}

COIR_TASK(int, zero)
{
	return 7;
}

COIR_TASK_VOID(append, std::string *, to, const char *, what, int, times)
{
	for (int i = 0; i < times; i++)
		*to += what;
}

/* With an exception in flight on either side. */
COIR_TASK(std::size_t, throws, const std::string *, what, bool, yields)
{
	try {
		throw std::runtime_error(*what);
	} catch (const std::exception &e) {
		if (yields)
			must_ok(coir_yield());
		return std::string(e.what()).size();
	}
}

static int plain(int a, int b, int c, int d, int e, int f);
COIR_TASK_OF(int, plain, int, a, int, b, int, c, int, d, int, e, int, f);

static int plain(int a, int b, int c, int d, int e, int f)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f;
}

fiber_test(task_cpp, typed)
{
	std::string text;
	COIR_FORK(a, zero);
	COIR_FORK(b, append, &text, "coco", 2);
	COIR_FORK(c, plain, 1, 1, 1, 1, 1, 1);
	must_ok(coir_yield());
	must_eq(COIR_JOIN(c, plain), 21);
	COIR_JOIN(b, append);
	must(text == "cocococo");
	must_eq(COIR_JOIN(a, zero), 7);
	must_eq(fib(20), 6765);
}

fiber_test(task_cpp, exceptions_inside)
{
	std::string what = "nut";
	for (int i = 0; i < 100; i++) {
		COIR_FORK(a, throws, &what, true);
		COIR_FORK(b, throws, &what, i % 2 == 0);
		try {
			throw i;
		} catch (int caught) {
			if (i % 3 == 0)
				must_ok(coir_yield());
			must_eq(COIR_JOIN(b, throws), 3);
			must_eq(COIR_JOIN(a, throws), 3);
			must_eq(caught, i);
		}
	}
}

static void add(coir_task *task)
{
	static_cast<void>(task);
}

static intptr_t twice(void *arg)
{
	return 2 * reinterpret_cast<intptr_t>(arg);
}

fiber_test(task_cpp, by_hand)
{
	struct fib_task t[10];
	for (int i = 0; i < 10; i++)
		fib_fork(&t[i], i);
	long sum = 0;
	for (int i = 10; i-- > 0;)
		sum += fib_join(&t[i]);
	must_eq(sum, 88);
	coir_task raw;
	coir_task_fork(&raw, add);
	if (coir_task_join(&raw))
		add(&raw);
	coir_job job;
	coir_job_fork(&job, twice, reinterpret_cast<void *>(21));
	must_eq(coir_job_join(&job), 42);
}
