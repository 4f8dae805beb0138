/* SPDX-License-Identifier: MIT
 *
 * One deep call in fibers with small stacks: coir_call_with_stack lends it a bigger one for as long as it takes.
 */
#include <coir/coir.h>
#include <stdio.h>

#define FIBERS 100
#define DEPTH  10000
#define FRAME  256 /* bytes that each level keeps; with the rest of its frame about 4 MiB in all */

/* Recursion that no compiler turns into a loop: each level looks into its frame again after the call. */
static long descend(long depth)
{
	volatile char frame[FRAME];
	frame[0] = (char)(depth % 100);
	frame[FRAME - 1] = 1;
	long below = depth ? descend(depth - 1) : 0;
	return below + (frame[0] == depth % 100) * frame[FRAME - 1];
}

static intptr_t dive(void *arg)
{
	return descend((long)(intptr_t)arg);
}

static intptr_t visit(void *arg)
{
	intptr_t result = 0;
	if (coir_call_with_stack((size_t)8 << 20, dive, arg, &result))
		return -1;
	return result;
}

static intptr_t start(void *arg)
{
	coir_fiber fiber[FIBERS];
	int right = 0;
	(void)arg;
	for (int i = 0; i < FIBERS; i++)
		if (coir_spawn(NULL, visit, (void *)(intptr_t)DEPTH, &fiber[i]))
			return -1;
	for (int i = 0; i < FIBERS; i++) {
		intptr_t levels = 0;
		right += coir_join(fiber[i], &levels) == 0 && levels == DEPTH + 1;
	}
	printf("%d of %d fibers went %d levels deep\n", right, FIBERS, DEPTH);
	return right == FIBERS;
}

int main(void)
{
	intptr_t right = 0;
	return coir_run(NULL, start, NULL, &right) == 0 && right == 1 ? 0 : 1;
}
