/* SPDX-License-Identifier: MIT
 *
 * api/exceptions.cpp - C++ in fibers: the headers are C++, exceptions are a fiber's own, whatever waits lie between throw
 * and catch, and none leaves a fiber (SEMANTICS, "Inlining is invisible").
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/run.h"
#include "support/test.h"

#include <atomic>
#include <csignal>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

namespace
{

void wait_a_little(int i)
{
	if (i % 3 == 0)
		must_eq(must_join(must_spawn(fiber_yield_often, reinterpret_cast<void *>(5))), 5);
	must_ok(coir_yield());
}

std::string current_what()
{
	try {
		std::rethrow_exception(std::current_exception());
	} catch (const std::exception &e) {
		return e.what();
	}
}

/* Its destructor runs while an exception flies, and waits then. */
struct waits_while_unwinding {
	int i;
	int expected;
	~waits_while_unwinding()
	{
		must_eq(std::uncaught_exceptions(), expected);
		wait_a_little(i);
		must_eq(std::uncaught_exceptions(), expected);
	}
};

void throw_and_catch(int fiber, int i)
{
	std::string mine = std::to_string(fiber) + "." + std::to_string(i);
	must(std::current_exception() == nullptr);
	must_eq(std::uncaught_exceptions(), 0);
	try {
		waits_while_unwinding guard = {i, 1};
		throw std::runtime_error(mine);
	} catch (const std::runtime_error &e) {
		must_eq(std::uncaught_exceptions(), 0);
		wait_a_little(i);
		must(mine == e.what());
		must(mine == current_what(), "another fiber's exception is current");
		try { /* one inside the other */
			waits_while_unwinding guard = {i + 1, 1};
			throw std::logic_error("inner " + mine);
		} catch (const std::logic_error &inner) {
			wait_a_little(i + 1);
			must("inner " + mine == inner.what() && "inner " + mine == current_what());
		}
		must(mine == current_what());
		try {
			wait_a_little(i + 2);
			throw;
		} catch (const std::exception &again) {
			must(mine == again.what());
		}
	}
	must(std::current_exception() == nullptr);
	must_eq(std::uncaught_exceptions(), 0);
}

intptr_t throw_often(void *arg)
{
	int fiber = static_cast<int>(reinterpret_cast<intptr_t>(arg));
	for (int i = 0; i < 30; i++)
		throw_and_catch(fiber, i);
	return 1;
}

/* In a catch block, and while an exception flies: the child of a join has neither. */
intptr_t has_no_exception(void *arg)
{
	must(std::current_exception() == nullptr);
	must_eq(std::uncaught_exceptions(), 0);
	if (arg)
		must_ok(coir_yield());
	throw_and_catch(1000, 1);
	return 1;
}

struct joins_while_unwinding {
	void *arg;
	~joins_while_unwinding()
	{
		must_eq(std::uncaught_exceptions(), 1);
		must_eq(must_join(must_spawn(has_no_exception, arg)), 1);
		must_eq(std::uncaught_exceptions(), 1);
	}
};

intptr_t join_in_catch(void *arg)
{
	for (int i = 0; i < 100; i++) {
		void *yields = reinterpret_cast<void *>(static_cast<intptr_t>(i % 2));
		try {
			joins_while_unwinding guard = {yields};
			throw i;
		} catch (int caught) {
			must_eq(must_join(must_spawn(has_no_exception, yields)), 1);
			must_eq(caught, i);
			try {
				throw;
			} catch (int again) {
				must_eq(again, i);
			}
		}
	}
	return reinterpret_cast<intptr_t>(arg);
}

intptr_t sees_the_callers(void *arg)
{
	must(*static_cast<std::string *>(arg) == current_what());
	must_ok(coir_yield());
	must(*static_cast<std::string *>(arg) == current_what());
	try {
		throw std::runtime_error("deep");
	} catch (const std::exception &e) {
		must(std::string("deep") == e.what());
	}
	return 1;
}

intptr_t make_exception_ptr(void *arg)
{
	try {
		wait_a_little(0);
		throw std::out_of_range("handed over");
	} catch (...) {
		*static_cast<std::exception_ptr *>(arg) = std::current_exception();
	}
	return 0;
}

} // namespace

fiber_test(exceptions, each_fiber_has_its_own)
{
	enum { N = 40 };
	coir_fiber f[N];
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(throw_often, reinterpret_cast<void *>(static_cast<intptr_t>(i)));
	must_eq(must_join_all(f, N), N);
	throw_and_catch(N, 0);
}

fiber_test(exceptions, joiner_and_child)
{
	must_eq(must_join(must_spawn(join_in_catch, reinterpret_cast<void *>(3))), 3);
}

fiber_test(exceptions, call_with_stack)
{
	std::string what = "outside";
	try {
		throw std::runtime_error(what);
	} catch (const std::exception &) {
		intptr_t out = 0;
		must_ok(coir_call_with_stack(256 << 10, sees_the_callers, &what, &out));
		must_eq(out, 1);
		must(what == current_what());
	}
}

fiber_test(exceptions, exception_ptr_through_a_join)
{
	for (int i = 0; i < 100; i++) {
		std::exception_ptr caught;
		must_join(must_spawn(make_exception_ptr, &caught));
		must(std::current_exception() == nullptr);
		bool right = false;
		try {
			std::rethrow_exception(caught);
		} catch (const std::out_of_range &e) {
			right = std::string("handed over") == e.what();
		}
		must(right);
	}
}

/* ---- no exception leaves a fiber ---- */

namespace
{

intptr_t let_it_fly(void *arg)
{
	if (arg)
		must_ok(coir_yield());
	throw std::runtime_error("nobody catches this");
}

intptr_t try_to_catch(void *arg)
{
	coir_attr attr = COIR_ATTR_INIT;
	attr.name = "thrower";
	coir_fiber f;
	must_ok(coir_set_name("innocent"));
	must_ok(coir_spawn(&attr, let_it_fly, arg, &f));
	try {
		must_join(f);
	} catch (...) {
		return 77; /* it must not get here */
	}
	return 78;
}

int die_of_exception(void *arg)
{
	return static_cast<int>(with_workers(1, try_to_catch, arg));
}

int die_of_exception_on_4(void *arg)
{
	return static_cast<int>(with_workers(4, try_to_catch, arg));
}

intptr_t main_throws(void *arg)
{
	must_ok(coir_set_name("thrower"));
	return let_it_fly(arg);
}

int die_of_exception_in_main(void *arg)
{
	try {
		with_workers(2, main_throws, arg);
	} catch (...) {
		return 77;
	}
	return 78;
}

void terminates(int (*how)(void *), void *arg)
{
	struct child c = run_child(how, arg);
	cr_assert(child_killed(&c, SIGABRT), "status %#x: %s", static_cast<unsigned>(c.status), c.text);
	cr_assert(strstr(c.text, "coir: ") != nullptr, "%s", c.text);
	cr_assert(strstr(c.text, "thrower") != nullptr, "the message names the fiber: %s", c.text);
	cr_assert(strstr(c.text, "innocent") == nullptr, "and only that one: %s", c.text);
}

} // namespace

Test(exceptions, uncaught_in_an_inlined_child)
{
	terminates(die_of_exception, nullptr);
}

Test(exceptions, uncaught_after_a_wait)
{
	terminates(die_of_exception, reinterpret_cast<void *>(1));
	terminates(die_of_exception_on_4, reinterpret_cast<void *>(1));
}

Test(exceptions, uncaught_in_main)
{
	terminates(die_of_exception_in_main, nullptr);
}
