/* SPDX-License-Identifier: MIT
 *
 * stress/coros.c - coroutines go from hand to hand: fibers on all workers, and a plain thread, take them from a common
 * table, resume them, wait inside them, destroy and replace them. Each coroutine knows what it must be sent and its
 * holder what must come back; in the end none is left, and every handler has run once.
 */
#include "support/bodies.h"
#include "support/stress.h"

#include <stdatomic.h>

enum { CELLS = 64, SLOTS = 2 * CELLS, FIBERS = 24 };

/* A coroutine and the last value that it gave, which it must be sent next. */
struct cell {
	coir_coro *co;
	intptr_t last;
};

static struct cell cells[CELLS];
static _Atomic(struct cell *) slots[SLOTS];
static atomic_long started, handled;
static long rounds;

static void count_handler(void *arg)
{
	atomic_fetch_add((atomic_long *)arg, 1);
}

static void wait_a_little(uint64_t *seed)
{
	if (coir_id() == 0)
		return; /* resumed by the plain thread */
	unsigned what = chance_below(seed, 12);
	if (what == 0)
		must_ok(coir_yield());
	else if (what == 1)
		must_eq(must_join(must_spawn(fiber_give_back, (void *)7)), 7);
}

/* Counts its resumes, for up to some 50 of them. */
static intptr_t tally(coir_coro *self, void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	intptr_t sent = 0, n = 1, end = 1 + (intptr_t)chance_below(&seed, 50);
	atomic_fetch_add(&started, 1);
	must_ok(coir_coro_defer(self, count_handler, &handled));
	for (; n < end; n++) {
		wait_a_little(&seed);
		if (coir_coro_yield(self, n, &sent)) {
			wait_a_little(&seed);
			return 0;
		}
		must_eq(sent, n);
	}
	return n;
}

static void renew(struct cell *cell, uint64_t *seed)
{
	must_ok(coir_coro_destroy(cell->co));
	must_ok(coir_coro_create(NULL, tally, (void *)(uintptr_t)chance(seed), &cell->co));
	cell->last = 0;
}

static void use(struct cell *cell, uint64_t *seed)
{
	for (unsigned i = chance_below(seed, 8); i > 0; i--) {
		intptr_t out = -1;
		int r = coir_coro_resume(cell->co, cell->last, &out);
		must(r >= 0, "resume: %d", r);
		must_eq(out, cell->last + 1);
		cell->last = out;
		if (r == COIR_CORO_DONE) {
			must_eq(coir_coro_status(cell->co), COIR_CORO_FINISHED);
			renew(cell, seed);
		}
	}
	if (chance_below(seed, 16) == 0)
		renew(cell, seed);
}

static void put(struct cell *cell, uint64_t *seed)
{
	struct cell *empty = NULL;
	while (!atomic_compare_exchange_strong(&slots[chance_below(seed, SLOTS)], &empty, cell))
		empty = NULL;
}

static intptr_t juggle(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	for (long i = 0; i < rounds; i++) {
		struct cell *cell = atomic_exchange(&slots[chance_below(&seed, SLOTS)], NULL);
		if (!cell)
			continue;
		use(cell, &seed);
		put(cell, &seed);
	}
	return 1;
}

static void *juggle_outside(void *arg)
{
	return (void *)juggle(arg);
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 100000);
	coir_fiber f[FIBERS];
	uint64_t seed = 1;
	rounds = s.rounds;
	for (int i = 0; i < CELLS; i++) {
		renew(&cells[i], &seed);
		put(&cells[i], &seed);
	}
	for (int round = 0; round < 2; round++) { /* the second runtime goes on with what the first one left */
		start_workers(s.workers);
		pthread_t outside = thread_start(juggle_outside, (void *)(uintptr_t)chance(&seed));
		for (int i = 0; i < FIBERS; i++)
			f[i] = must_spawn(juggle, (void *)(uintptr_t)chance(&seed));
		must_eq(must_join_all(f, FIBERS), FIBERS);
		thread_end(outside);
		must_eq(coir_coro_count(), CELLS);
		stop_workers();
		must_eq(coir_coro_count(), CELLS);
	}
	for (int i = 0; i < CELLS; i++)
		must_ok(coir_coro_destroy(cells[i].co));
	must_eq(coir_coro_count(), 0);
	must_eq(atomic_load(&handled), atomic_load(&started));
	return 0;
}
