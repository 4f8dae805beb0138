/* SPDX-License-Identifier: MIT
 *
 * The first program: a hundred fibers are spawned and joined, and their results added up.
 */
#include <coir/coir.h>
#include <stdio.h>

static intptr_t square(void *arg)
{
	return (intptr_t)arg * (intptr_t)arg;
}

static intptr_t add_squares(void *sum)
{
	coir_fiber fiber[100] = {{0}};
	for (intptr_t i = 0; i < 100; i++)
		coir_spawn(NULL, square, (void *)i, &fiber[i]);
	for (intptr_t i = 0, result; i < 100; i++)
		*(intptr_t *)sum += coir_join(fiber[i], &result) ? 0 : result;
	return 0;
}

int main(void)
{
	intptr_t sum = 0;
	if (coir_run(NULL, add_squares, &sum, NULL) == 0)
		printf("the squares of 0 to 99 add up to %ld\n", (long)sum);
	return sum != 328350;
}
