/* SPDX-License-Identifier: MIT
 *
 * stress/deque.c - the work-stealing deque and the ring alone: one owner, the other threads steal. Every item is seen
 * exactly once, and what a thief sees comes oldest first.
 */
#include "sched/deque.h"
#include "sched/ring.h"
#include "support/stress.h"

#include <sched.h>

enum { BATCH = 700, THIEVES_MAX = 16 };

static struct {
	coiri_deque deque;
	coiri_ring ring;
	coiri_fiber *item; /* never looked into: only addresses go through the queues */
	atomic_uchar *seen;
	long count;
	atomic_bool pushed_all;
	atomic_long taken;
} play;

/* Mostly few are pushed and all are popped, so that owner and thieves meet at the last ones; now and then many stay, so
 * that the array grows. */
static unsigned some_to_push(uint64_t *dice)
{
	return chance_below(dice, chance_below(dice, 64) ? 4 : BATCH);
}

/* A thief may be at work on what is empty by now. */
static void pause_sometimes(uint64_t *dice)
{
	if (chance_below(dice, 32) == 0)
		chance_delay(dice, 5000);
}

static unsigned some_to_pop(uint64_t *dice)
{
	return chance_below(dice, 256) ? 2 * BATCH : chance_below(dice, BATCH);
}

/* `last` is the largest number this thread has taken from the old end so far. */
static void take(coiri_fiber *f, long *last)
{
	long number = f - play.item;
	must(number >= 0 && number < play.count);
	must_eq(atomic_fetch_add(&play.seen[number], 1), 0);
	if (last) {
		must(number > *last, "%ld after %ld", number, *last);
		*last = number;
	}
	atomic_fetch_add(&play.taken, 1);
}

static bool all_taken(void)
{
	return atomic_load(&play.pushed_all) && atomic_load(&play.taken) == play.count;
}

/* At once, but not so long that the owner gets no processor. */
static void look_again(unsigned *misses)
{
	if (++*misses % 4096 == 0)
		sched_yield();
}

static void *steal_from_deque(void *arg)
{
	long last = -1;
	uint64_t dice = (uintptr_t)arg;
	unsigned misses = 0;
	while (!all_taken()) {
		coiri_fiber *loot[32];
		unsigned max = chance_below(&dice, 32) + 1;
		unsigned n = coiri_deque_steal(&play.deque, loot, max);
		must(n <= max);
		for (unsigned i = 0; i < n; i++)
			take(loot[i], &last);
		if (n == 0)
			look_again(&misses);
	}
	return NULL;
}

static void own_deque(void)
{
	uint64_t dice = 1;
	for (long next = 0; next < play.count; pause_sometimes(&dice)) {
		for (unsigned n = some_to_push(&dice); n > 0 && next < play.count; n--)
			must(coiri_deque_push(&play.deque, &play.item[next++]));
		for (unsigned n = some_to_pop(&dice); n > 0; n--) {
			coiri_fiber *newest = next > 0 ? &play.item[next - 1] : NULL;
			if (n % 7 == 0 && newest && coiri_deque_pop_if(&play.deque, newest)) {
				take(newest, NULL);
				continue;
			}
			coiri_fiber *f = n % 61 ? coiri_deque_pop(&play.deque) : coiri_deque_pop_oldest(&play.deque);
			if (!f)
				break;
			take(f, NULL);
		}
	}
	atomic_store(&play.pushed_all, true);
	for (coiri_fiber *f; (f = coiri_deque_pop(&play.deque)) != NULL;)
		take(f, NULL);
	must(coiri_deque_is_empty(&play.deque));
}

static void *steal_from_ring(void *arg)
{
	long last = -1;
	uint64_t dice = (uintptr_t)arg;
	unsigned misses = 0;
	while (!all_taken()) {
		coiri_fiber *loot[32];
		unsigned max = chance_below(&dice, 32) + 1;
		unsigned n = coiri_ring_steal(&play.ring, loot, max);
		must(n <= max);
		for (unsigned i = 0; i < n; i++)
			take(loot[i], &last);
		if (n == 0)
			look_again(&misses);
	}
	return NULL;
}

static void own_ring(void)
{
	uint64_t dice = 2;
	long last = -1;
	for (long next = 0; next < play.count; pause_sometimes(&dice)) {
		for (unsigned n = some_to_push(&dice); n > 0 && next < play.count; n--)
			must(coiri_ring_push(&play.ring, &play.item[next++]));
		for (unsigned n = some_to_pop(&dice); n > 0; n--) {
			coiri_fiber *f = coiri_ring_pop(&play.ring);
			if (!f)
				break;
			take(f, &last);
		}
	}
	atomic_store(&play.pushed_all, true);
	for (coiri_fiber *f; (f = coiri_ring_pop(&play.ring)) != NULL;)
		take(f, &last);
	must(coiri_ring_is_empty(&play.ring));
}

static void run(const struct stress *s, void *(*thief)(void *arg), void (*owner)(void))
{
	pthread_t thread[THIEVES_MAX];
	unsigned thieves = s->workers - 1 < THIEVES_MAX ? s->workers - 1 : THIEVES_MAX;
	atomic_store(&play.pushed_all, false);
	atomic_store(&play.taken, 0);
	for (long i = 0; i < play.count; i++)
		atomic_store(&play.seen[i], 0);
	for (unsigned i = 0; i < thieves; i++)
		thread[i] = thread_start(thief, (void *)(uintptr_t)(i + 1));
	owner();
	for (unsigned i = 0; i < thieves; i++)
		thread_end(thread[i]);
	must_eq(atomic_load(&play.taken), play.count);
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 10000000);
	bool solo = s.workers == 1;
	play.count = s.rounds;
	play.item = aligned_alloc(COIRI_CACHE_LINE, (size_t)play.count * sizeof *play.item);
	play.seen = zeros((size_t)play.count, sizeof *play.seen);
	must(play.item != NULL);
	coiri_fence_setup();
	must_ok(coiri_deque_init(&play.deque));
	run(&s, steal_from_deque, own_deque);
	coiri_deque_fini(&play.deque);
	must_ok(coiri_ring_init(&play.ring, solo));
	run(&s, steal_from_ring, own_ring);
	coiri_ring_fini(&play.ring);
	return 0;
}
