/* SPDX-License-Identifier: MIT
 *
 * Many at once, results in order: asyncio's gather, with its factorials.
 *
 *     async def factorial(n): ...                                               # Python
 *     results = await asyncio.gather(factorial(2), factorial(3), factorial(4))
 *
 * Then one function over an array, and one that fails: the rest are cancelled, and none goes on behind our back.
 */
#include <coir/coir.h>
#include <errno.h>
#include <stdio.h>

#define MANY 1000

/* n!, with a pause at every step; the others compute meanwhile. */
static intptr_t factorial(void *arg)
{
	long n = *(long *)arg, f = 1;
	for (long i = 2; i <= n; i++) {
		int r = coir_sleep(10 * COIR_MICROSECOND);
		if (r)
			return r;
		f *= i;
	}
	return f;
}

static intptr_t square(void *arg)
{
	long n = *(long *)arg;
	return n * n;
}

static intptr_t refuse(void *arg)
{
	(void)arg;
	return -EDOM;
}

static intptr_t wait_for_ever(void *arg)
{
	(void)arg;
	return coir_park(); /* nobody will unpark it */
}

static bool three_factorials(void)
{
	long n[] = {2, 3, 4};
	coir_fn fns[] = {factorial, factorial, factorial};
	void *args[] = {&n[0], &n[1], &n[2]};
	intptr_t result[3];
	int r = coir_gather(fns, args, 3, result);
	printf("2! = %ld, 3! = %ld, 4! = %ld\n", (long)result[0], (long)result[1], (long)result[2]);
	return r == 0 && result[0] == 2 && result[1] == 6 && result[2] == 24;
}

static bool many_squares(void)
{
	static long n[MANY];
	static intptr_t result[MANY];
	for (long i = 0; i < MANY; i++)
		n[i] = i;
	if (coir_gather_map(square, n, sizeof n[0], MANY, result))
		return false;
	long sum = 0;
	for (long i = 0; i < MANY; i++)
		sum += result[i];
	printf("the first %d squares add up to %ld\n", MANY, sum);
	return sum == 332833500;
}

static bool one_that_fails(void)
{
	coir_fn fns[] = {wait_for_ever, refuse, wait_for_ever};
	void *args[] = {NULL, NULL, NULL};
	intptr_t result[3];
	int r = coir_gather(fns, args, 3, result);
	printf("one refuses: %s, and the others were cancelled\n", r == -EDOM ? "EDOM" : "?");
	return r == -EDOM && result[0] == -ECANCELED && result[1] == -EDOM && result[2] == -ECANCELED;
}

static intptr_t start(void *arg)
{
	(void)arg;
	return three_factorials() && many_squares() && one_that_fails();
}

int main(void)
{
	intptr_t right = 0;
	return coir_run(NULL, start, NULL, &right) == 0 && right == 1 ? 0 : 1;
}
