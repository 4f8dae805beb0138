/* SPDX-License-Identifier: MIT
 *
 * The Fibonacci generator that every text on C++20's coroutines shows:
 *
 *	generator<uint64_t> fibonacci()
 *	{
 *		for (uint64_t a = 0, b = 1;; a = std::exchange(b, a + b))
 *			co_yield a;
 *	}
 */
#include <coir/coir.h>
#include <stdio.h>

struct none {
	char nothing;
};

COIR_GENERATOR(fibonacci, self, struct none, none)
{
	uint64_t a = 0, b = 1;
	(void)none;
	while (coir_coro_yield(self, (intptr_t)a, NULL) == 0) {
		uint64_t next = a + b;
		a = b;
		b = next;
	}
}

int main(void)
{
	struct none none = {0};
	uint64_t last = 0;
	coir_foreach (uint64_t, f, coir_gen_take(fibonacci(none), 94))
		last = f;
	printf("the 93rd Fibonacci number is %llu\n", (unsigned long long)last);
	return last == UINT64_C(12200160415121876738) && coir_coro_count() == 0 ? 0 : 1;
}
