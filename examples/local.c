/* SPDX-License-Identifier: MIT
 *
 * Fiber-local storage: each fiber has a buffer of its own under one key, whichever worker runs it, and the key's
 * destructor frees the buffer at the fiber's end.
 */
#include <coir/coir.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define FIBERS 1000

static coir_key key;
static _Atomic int freed;

static void free_buffer(void *buffer)
{
	free(buffer);
	atomic_fetch_add(&freed, 1);
}

/* The calling fiber's buffer, made at the first call. */
static long *buffer(void)
{
	void *found = NULL;
	if (coir_get(key, &found) == 0 && !found) {
		found = calloc(1, sizeof(long));
		if (found && coir_set(key, found)) {
			free(found);
			found = NULL;
		}
	}
	return found;
}

static intptr_t count(void *arg)
{
	long steps = (long)(intptr_t)arg;
	for (long i = 0; i < steps; i++) {
		long *own = buffer();
		if (!own)
			return -1;
		++*own;
		coir_yield(); /* the next step may run on another worker */
	}
	return *buffer();
}

static intptr_t start(void *arg)
{
	static coir_fiber fiber[FIBERS];
	int right = 0;
	(void)arg;
	if (coir_key_create(&key, free_buffer))
		return -1;
	for (int i = 0; i < FIBERS; i++)
		if (coir_spawn(NULL, count, (void *)(intptr_t)(1 + i % 7), &fiber[i]))
			return -1;
	for (int i = 0; i < FIBERS; i++) {
		intptr_t steps = 0;
		right += coir_join(fiber[i], &steps) == 0 && steps == 1 + i % 7;
	}
	coir_key_delete(key);
	printf("%d of %d fibers counted right, %d buffers freed\n", right, FIBERS, atomic_load(&freed));
	return right == FIBERS && atomic_load(&freed) == FIBERS;
}

int main(void)
{
	intptr_t right = 0;
	return coir_run(NULL, start, NULL, &right) == 0 && right == 1 ? 0 : 1;
}
