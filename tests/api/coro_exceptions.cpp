/* SPDX-License-Identifier: MIT
 *
 * api/coro_exceptions.cpp - coroutines in C++: the headers are C++; exceptions are a coroutine's own, whatever switches lie
 * between throw and catch; none leaves it.
 */
#include "support/child.h"
#include "support/coro.h"

#include <csignal>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

namespace
{

std::string current_what()
{
	try {
		std::rethrow_exception(std::current_exception());
	} catch (const std::exception &e) {
		return e.what();
	}
}

/* Its destructor runs while an exception flies, and yields then. */
struct yields_while_unwinding {
	coir_coro *self;
	~yields_while_unwinding()
	{
		must_eq(std::uncaught_exceptions(), 1);
		must_ok(coir_coro_yield(self, 0, nullptr));
		must_eq(std::uncaught_exceptions(), 1);
	}
};

/* Yields in a catch block, in one inside it, and while an exception flies. */
intptr_t throw_and_catch(coir_coro *self, void *arg)
{
	std::string mine = "coroutine " + std::to_string(reinterpret_cast<intptr_t>(arg));
	for (int i = 0; i < 10; i++) {
		must(std::current_exception() == nullptr);
		try {
			yields_while_unwinding guard = {self};
			throw std::runtime_error(mine);
		} catch (const std::runtime_error &e) {
			must_ok(coir_coro_yield(self, 1, nullptr));
			must(mine == e.what());
			try {
				throw std::logic_error(mine + " again");
			} catch (const std::logic_error &) {
				must_ok(coir_coro_yield(self, 2, nullptr));
				must(current_what() == mine + " again");
			}
			must(current_what() == mine);
			must_eq(std::uncaught_exceptions(), 0);
		}
	}
	return 3;
}

/* Resumes them in turn, out of catch blocks of its own. */
void resume_all(coir_coro **co, int n)
{
	bool running = true;
	for (int round = 0; running; round++) {
		std::string mine = "resumer " + std::to_string(round);
		running = false;
		try {
			throw std::runtime_error(mine);
		} catch (const std::runtime_error &) {
			for (int i = 0; i < n; i++)
				if (coir_coro_status(co[i]) != COIR_CORO_FINISHED) {
					intptr_t out = 0;
					must(coir_coro_resume(co[i], 0, &out) >= 0);
					must(current_what() == mine);
					running = true;
				}
			must(current_what() == mine);
			must_eq(std::uncaught_exceptions(), 0);
		}
	}
}

intptr_t transfer_in_catch(coir_coro *self, void *arg)
{
	coir_coro **other = static_cast<coir_coro **>(arg);
	for (int i = 0; i < 10; i++) {
		try {
			throw i;
		} catch (int caught) {
			must_ok(coir_coro_transfer(self, *other, 0, nullptr));
			must_eq(caught, i);
			try {
				throw;
			} catch (int again) {
				must_eq(again, i);
			}
		}
		must(std::current_exception() == nullptr);
	}
	return 4;
}

struct destroyed {
	int *count;
	~destroyed()
	{
		++*count;
	}
};

intptr_t unwinds(coir_coro *self, void *arg)
{
	destroyed d = {static_cast<int *>(arg)};
	while (coir_coro_yield(self, 0, nullptr) == 0)
		continue;
	return 0;
}

COIR_GENERATOR(squares, self, int, n)
{
	for (int i = 0; i < n; i++)
		if (coir_coro_yield(self, i * i, nullptr))
			return;
}

intptr_t leaves(coir_coro *, void *)
{
	throw std::runtime_error("nobody catches this");
}

int die(void *)
{
	coir_coro *co = must_make(leaves, nullptr);
	try {
		coir_coro_resume(co, 0, nullptr);
	} catch (...) {
		return 3; /* it went through */
	}
	return 4;
}

} // namespace

coro_test(coro_exceptions, are_its_own)
{
	coir_coro *co[8];
	for (intptr_t i = 0; i < 8; i++)
		co[i] = must_make(throw_and_catch, reinterpret_cast<void *>(i));
	resume_all(co, 8);
	for (coir_coro *each : co)
		must_ok(coir_coro_destroy(each));
}

coro_test(coro_exceptions, transfer)
{
	coir_coro *a = nullptr, *b = nullptr;
	intptr_t out = 0;
	a = must_make(transfer_in_catch, &b);
	b = must_make(transfer_in_catch, &a);
	try {
		throw 100;
	} catch (int) {
		must_eq(coir_coro_resume(a, 0, &out), COIR_CORO_DONE);
		must_eq(out, 4);
		try {
			throw;
		} catch (int again) {
			must_eq(again, 100);
		}
	}
	must_ok(coir_coro_destroy(a));
	must_eq(coir_coro_resume(b, 0, &out), COIR_CORO_DONE); /* inside its last catch */
	must_ok(coir_coro_destroy(b));
}

coro_test(coro_exceptions, destroy_runs_destructors)
{
	int count = 0;
	coir_coro *co = must_make(unwinds, &count);
	must_ok(coir_coro_resume(co, 0, nullptr));
	must_ok(coir_coro_destroy(co));
	must_eq(count, 1);
}

coro_test(coro_exceptions, loop_left_by_an_exception)
{
	int sum = 0;
	try {
		coir_foreach (int, i, coir_gen_take(squares(1000), 500)) {
			if (i > 50)
				throw i;
			sum += i;
		}
	} catch (int i) {
		must_eq(i, 64);
	}
	must_eq(sum, 0 + 1 + 4 + 9 + 16 + 25 + 36 + 49);
}

Test(coro_exceptions, none_leaves)
{
	struct child child = run_child(die, nullptr);
	must(child_killed(&child, SIGABRT));
	must(strstr(child.text, "nobody catches this") != nullptr, "%s", child.text);
}
