/* SPDX-License-Identifier: MIT
 *
 * Windows fibers on coir's coroutines: ConvertThreadToFiber, CreateFiber, SwitchToFiber, DeleteFiber in a few lines,
 * and two fibers that hit a ball to and fro, with no scheduler in between, until one of them goes back to the thread.
 *
 * SwitchToFiber is a transfer. The thread itself is no coroutine: NULL stands for it.
 */
#include <coir/coir.h>
#include <stdint.h>
#include <stdio.h>

#define HITS 1000000

typedef coir_coro *fiber; /* NULL: the thread */

static fiber current;

static void switch_to_fiber(fiber to)
{
	fiber from = current;
	current = to;
	coir_coro_transfer(from, to, 0, NULL);
}

struct start {
	void (*fn)(void *);
	void *arg;
};

static intptr_t run_fiber(coir_coro *self, void *arg)
{
	const struct start *start = arg;
	(void)self;
	start->fn(start->arg);
	return 0; /* on Windows this would end the thread; here it goes back to it */
}

static fiber create_fiber(void (*start)(void *), void *arg)
{
	struct start both = {start, arg};
	coir_coro_attr attr = COIR_CORO_ATTR_INIT;
	fiber made = NULL;
	attr.arg_size = sizeof both;
	return coir_coro_create(&attr, run_fiber, &both, &made) ? NULL : made;
}

static void delete_fiber(fiber gone)
{
	coir_coro_destroy(gone);
}

struct player {
	struct player *other;
	fiber fiber;
	long hits;
};

static void play(void *arg)
{
	struct player *me = arg;
	while (me->hits + me->other->hits < HITS) {
		me->hits++;
		switch_to_fiber(me->other->fiber);
	}
	switch_to_fiber(NULL);
}

int main(void)
{
	struct player ping = {.hits = 0}, pong = {.other = &ping};
	ping.other = &pong;
	ping.fiber = create_fiber(play, &ping);
	pong.fiber = create_fiber(play, &pong);
	if (!ping.fiber || !pong.fiber)
		return 1;
	switch_to_fiber(ping.fiber);
	delete_fiber(ping.fiber);
	delete_fiber(pong.fiber);
	printf("ping %ld, pong %ld\n", ping.hits, pong.hits);
	return ping.hits == HITS / 2 && pong.hits == HITS / 2 && coir_coro_count() == 0 ? 0 : 1;
}
