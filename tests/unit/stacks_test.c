/* SPDX-License-Identifier: MIT
 *
 * unit/stacks_test.c - the stack layer alone: classes, slots, guards, pools, trimming, the used depth.
 */
#include "support/run.h"
#include "support/test.h"

#include "stack/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N = 500 };

static coiri_stack *taken[N];

static void start(coir_guard guard)
{
	coiri_stack_setup setup = {.guard = guard, .default_size = 128 << 10, .nodes = 1};
	cr_assert_eq(coiri_stacks_start(&setup), 0);
}

static void take(coiri_stack_pool *pool)
{
	for (int i = 0; i < N; i++) {
		taken[i] = coiri_stack_get_default(pool);
		cr_assert_not_null(taken[i]);
	}
}

static void put(coiri_stack_pool *pool)
{
	for (int i = 0; i < N; i++)
		coiri_stack_put_slow(pool, taken[i]);
}

Test(stacks, classes)
{
	cr_assert_eq(coiri_stack_class(1), 0);
	cr_assert_eq(coiri_stack_class(COIR_STACK_MIN), 0);
	cr_assert_eq(coiri_stack_class(COIR_STACK_MIN + 1), 1);
	cr_assert_eq(coiri_stack_class(COIR_STACK_MAX), COIRI_STACK_CLASSES - 1);
	for (unsigned c = 0; c < COIRI_STACK_CLASSES; c++) {
		cr_assert_eq(coiri_stack_class(coiri_class_size(c)), c);
		cr_assert_eq(coiri_slot_size(c) / COIRI_PAGE % 2, 1,
			     "an odd number of pages, against cache collisions");
	}
	start(COIR_GUARD_AUTO);
	cr_assert_eq(coiri_slot_size(coiri_stack_default_class()), 32 * COIRI_PAGE + COIRI_GUARD_BYTES);
	coiri_stacks_stop();
}

static bool readable(const void *address)
{
	int ends[2];
	must_ok(pipe(ends));
	bool ok = write(ends[1], address, 1) == 1;
	must(ok || errno == EFAULT);
	close(ends[0]);
	close(ends[1]);
	return ok;
}

static void guarded(coir_guard guard)
{
	coiri_stack_pool pool = {.hot = NULL};
	start(guard);
	take(&pool);
	for (int i = 0; i < N; i++) {
		size_t size = 0;
		char *low = taken[i]->low, *top = coiri_stack_top(taken[i]);
		cr_assert_eq((uintptr_t)low % COIRI_PAGE, 0);
		cr_assert_eq((uintptr_t)top % 16, 0);
		cr_assert_geq(top - low, (128 << 10) - 1024, "colour and header take little");
		cr_assert(readable(low) && readable(top - 1));
		cr_assert(!readable(low - 1) && !readable(low - COIRI_PAGE));
		cr_assert(coiri_stack_guard_hit(low - 1, &size) && size == 128 << 10);
		cr_assert(coiri_stack_guard_hit(low - COIRI_PAGE, &size));
		cr_assert(!coiri_stack_guard_hit(low, &size));
		cr_assert(coiri_stack_canary_ok(taken[i]));
	}
	cr_assert(!coiri_stack_guard_hit(&pool, &(size_t){0}));
	cr_assert(!coiri_stack_guard_hit(NULL, &(size_t){0}));
	put(&pool);
	coiri_stacks_stop();
	cr_assert(!coiri_stack_guard_hit(NULL, &(size_t){0}));
}

Test(stacks, guarded)
{
	guarded(COIR_GUARD_AUTO);
	guarded(COIR_GUARD_INSTALL);
	guarded(COIR_GUARD_MPROTECT);
	guarded(COIR_GUARD_CANARY);
}

static int by_low(const void *a, const void *b)
{
	const coiri_stack *x = *(coiri_stack *const *)a, *y = *(coiri_stack *const *)b;
	return (x->low > y->low) - (x->low < y->low);
}

/* Neighbours do not overlap, and their tops lie on different cache lines of a page. */
Test(stacks, apart)
{
	coiri_stack_pool pool = {.hot = NULL};
	start(COIR_GUARD_AUTO);
	take(&pool);
	unsigned colours = 0;
	for (int i = 0; i < N; i++)
		colours |= 1u << ((uintptr_t)coiri_stack_top(taken[i]) % COIRI_PAGE / COIRI_CACHE_LINE % 32);
	cr_assert_geq(__builtin_popcount(colours), (int)COIRI_STACK_COLOURS);
	qsort(taken, N, sizeof *taken, by_low);
	for (int i = 1; i < N; i++)
		cr_assert_geq((size_t)(taken[i]->low - taken[i - 1]->low),
			      coiri_slot_size(coiri_stack_default_class()));
	put(&pool);
	coiri_stacks_stop();
}

Test(stacks, used_again)
{
	coiri_stack_pool pool = {.hot = NULL};
	start(COIR_GUARD_AUTO);
	for (int round = 0; round < 20; round++) {
		take(&pool);
		put(&pool);
	}
	coiri_stack_figures f = coiri_stack_count();
	cr_assert(f.stacks >= N && f.stacks <= N + COIRI_POOL_BATCH, "%ju stacks", (uintmax_t)f.stacks);
	cr_assert_geq(f.bytes, f.stacks * coiri_slot_size(coiri_stack_default_class()));
	cr_assert_leq(pool.hot_count, COIRI_POOL_MAX);
	coiri_stacks_stop();
}

/* What one worker puts, another gets: by way of the shared pool. */
Test(stacks, shared_between_workers)
{
	coiri_stack_pool here = {.hot = NULL}, there = {.hot = NULL};
	start(COIR_GUARD_AUTO);
	for (int round = 0; round < 20; round++) {
		take(&here);
		put(&there);
	}
	cr_assert_leq(coiri_stack_count().stacks, N + 2 * (COIRI_POOL_MAX + COIRI_POOL_BATCH));
	coiri_stacks_stop();
}

Test(stacks, trimmed_ones_are_empty_and_serve_again)
{
	coiri_stack_pool pool = {.hot = NULL};
	start(COIR_GUARD_AUTO);
	take(&pool);
	for (int i = 0; i < N; i++)
		memset(taken[i]->low, 0x5a, 8192);
	put(&pool);
	while (coiri_stack_trim(10))
		continue;
	coiri_stack_figures f = coiri_stack_count();
	cr_assert_geq(f.trimmed, N / 2);
	take(&pool);
	unsigned empty = 0;
	for (int i = 0; i < N; i++) {
		empty += taken[i]->low[4000] == 0;
		cr_assert(!readable(taken[i]->low - 1), "its guard is still there");
	}
	cr_assert_geq(empty, f.trimmed);
	cr_assert_eq(coiri_stack_count().stacks, f.stacks, "no new ones");
	put(&pool);
	coiri_stacks_stop();
}

Test(stacks, depth_in_use)
{
	start(COIR_GUARD_AUTO);
	static const size_t depths[] = {8, 100, 4096, 50000, 100000, 8};
	coiri_stack *stack = coiri_stack_get_slow(NULL, 0, coiri_stack_default_class());
	char *top = coiri_stack_top(stack);
	for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
		coiri_stack_clear(stack, top);
		cr_assert_eq(coiri_stack_used(stack), 0);
		memset(top - depths[i], 0xff, depths[i]);
		size_t used = coiri_stack_used(stack);
		cr_assert(used >= depths[i] && used < depths[i] + 8, "%zu for %zu", used, depths[i]);
	}
	coiri_stack_clear(stack, top - 100); /* up to there only */
	cr_assert_eq(coiri_stack_used(stack), 8);
	memset(top - 1000, 0xff, 1000);
	coiri_stack_clear(stack, top - 96);
	cr_assert_eq(coiri_stack_used(stack), 96);
	coiri_stack_put_slow(NULL, stack);
	coiri_stacks_stop();
}

Test(stacks, every_class)
{
	start(COIR_GUARD_AUTO);
	for (int round = 0; round < 2; round++) {
		for (unsigned c = 0; c < COIRI_STACK_CLASSES; c++) {
			coiri_stack *stack = coiri_stack_get_slow(NULL, 0, c);
			cr_assert_not_null(stack);
			cr_assert_geq((size_t)(coiri_stack_top(stack) - stack->low), coiri_class_size(c) - 1024);
			stack->low[0] = 1;
			cr_assert(!readable(stack->low - 1));
			coiri_stack_put_slow(NULL, stack);
		}
	}
	cr_assert_eq(coiri_stack_count().stacks, COIRI_STACK_CLASSES, "the second round found the first one's");
	coiri_stacks_stop();
}

/* ---- stacks that are lent ---- */

/* With no runtime the room opens by itself; one that starts and stops meanwhile leaves what is out alone. */
Test(stacks, lent_before_and_beyond_a_runtime)
{
	coiri_stack_pool pool = {.hot = NULL};
	coiri_stack *outside = coiri_stack_lend(NULL, 20000), *inside;
	cr_assert_not_null(outside);
	cr_assert_eq(outside->class, coiri_stack_class(20000));
	memset(outside->low, 0x5a, 20000);
	start(COIR_GUARD_AUTO);
	inside = coiri_stack_lend(&pool, 0);
	cr_assert_eq(inside->class, coiri_stack_default_class());
	memset(inside->low, 0x5a, 100000);
	coiri_stack_pool_close(&pool);
	cr_assert_eq(coiri_stacks_lent(), 2);
	coiri_stacks_stop();
	cr_assert(inside->low[99999] == 0x5a && outside->low[19999] == 0x5a, "nothing was given back");
	cr_assert(coiri_stack_holding(inside->low) == inside && coiri_stack_holding(outside->low + 100) == outside);
	uint64_t stacks = coiri_stack_count().stacks;
	coiri_stack_take_back(NULL, inside);
	start(COIR_GUARD_AUTO);
	inside = coiri_stack_get_slow(NULL, 0, coiri_stack_default_class());
	cr_assert_leq(coiri_stack_count().stacks, stacks + 1, "the next runtime goes on with what is there");
	coiri_stack_put_slow(NULL, inside);
	coiri_stack_take_back(NULL, outside);
	cr_assert_eq(coiri_stacks_lent(), 0);
	coiri_stacks_stop();
	cr_assert_eq(coiri_stack_count().bytes, 0, "none is out: all goes");
}

/* A runtime with more NUMA nodes than the room was opened for. */
Test(stacks, more_nodes_while_some_are_lent)
{
	coiri_stack *outside = coiri_stack_lend(NULL, 0);
	coiri_stack_setup setup = {.guard = COIR_GUARD_AUTO, .default_size = 64 << 10, .nodes = 3};
	coiri_stack_pool pool = {.node = 2};
	cr_assert_eq(coiri_stacks_start(&setup), 0);
	take(&pool);
	cr_assert_eq(taken[0]->node, 2);
	put(&pool);
	coiri_stack_pool_close(&pool);
	coiri_stack_take_back(NULL, outside);
	coiri_stacks_stop();
	cr_assert_eq(coiri_stack_count().bytes, 0);
}
