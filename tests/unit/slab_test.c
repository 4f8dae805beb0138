/* SPDX-License-Identifier: MIT
 *
 * unit/slab_test.c - fiber descriptors: unique while in use, on a line of their own, used again, freed from any thread.
 */
#include "support/run.h"
#include "support/test.h"

#include "sched/slab.h"

#include <stdlib.h>

enum { N = 5000 };

static coiri_fiber *taken[N], *again[N];

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (coiri_fiber *const *)a, y = (uintptr_t) * (coiri_fiber *const *)b;
	return (x > y) - (x < y);
}

static void take(coiri_slab_pool *pool, coiri_fiber **f)
{
	for (int i = 0; i < N; i++) {
		f[i] = pool ? coiri_slab_alloc(pool) : coiri_slab_alloc_foreign();
		cr_assert_not_null(f[i]);
		cr_assert_eq((uintptr_t)f[i] % COIRI_CACHE_LINE, 0);
		cr_assert_eq(at_load_relaxed(&f[i]->state), 0);
		cr_assert_null(f[i]->extra);
	}
	qsort(f, N, sizeof *f, by_address);
	for (int i = 1; i < N; i++)
		cr_assert_neq(f[i - 1], f[i], "given out twice");
}

Test(slab, unique_then_used_again)
{
	coiri_slab_pool *pool = coiri_slab_pool_get(3);
	cr_assert_not_null(pool);
	cr_assert_eq(coiri_slab_pool_get(3), pool, "pools live for ever");
	take(pool, taken);
	for (int i = 0; i < N; i++)
		coiri_slab_free(pool, taken[i]);
	take(pool, again);
	for (int i = 0; i < N; i++)
		cr_assert_eq(taken[i], again[i], "the same %d, no new ones", N);
}

/* A quarter of them each; the owner takes descriptors meanwhile. */
static void *free_quarter(void *arg)
{
	coiri_slab_pool *mine = coiri_slab_pool_get(20 + (unsigned)(intptr_t)arg);
	for (intptr_t i = (intptr_t)arg; i < N; i += 4)
		coiri_slab_free(mine, taken[i]);
	return NULL;
}

Test(slab, freed_by_other_threads)
{
	coiri_slab_pool *pool = coiri_slab_pool_get(0);
	take(pool, taken);
	pthread_t t[4];
	for (intptr_t i = 0; i < 4; i++)
		t[i] = thread_start(free_quarter, (void *)i);
	take(pool, again);
	for (int i = 0; i < 4; i++)
		thread_end(t[i]);
	for (int i = 0; i < N; i++)
		coiri_slab_free(pool, again[i]);
	/* all came home: twice as many are there without a new slab, which would lie elsewhere */
	static coiri_fiber *both[2 * N];
	take(pool, both);
	take(pool, both + N);
	qsort(both, 2 * N, sizeof *both, by_address);
	for (int i = 1; i < 2 * N; i++)
		cr_assert_neq(both[i - 1], both[i]);
}

Test(slab, foreign_pool)
{
	coiri_slab_pool *pool = coiri_slab_pool_get(1);
	coiri_slab_pool *volatile none =
		NULL; /* what a plain thread has; volatile: gcc would warn of the path not taken */
	take(none, taken);
	for (int i = 0; i < N / 2; i++)
		coiri_slab_free(none, taken[i]);
	for (int i = N / 2; i < N; i++)
		coiri_slab_free(pool, taken[i]); /* a fiber that a plain thread made ends on a worker */
	take(none, again);
	take(pool, taken);
	for (int i = 0; i < N; i++)
		cr_assert_null(bsearch(&taken[i], again, N, sizeof *again, by_address));
}

static void count_used(coiri_fiber *f, void *context)
{
	long *counts = context;
	counts[at_load_relaxed(&f->state) != 0]++;
}

Test(slab, visits_every_one)
{
	coiri_slab_pool *pool = coiri_slab_pool_get(2);
	take(pool, taken);
	for (int i = 0; i < N; i += 2)
		at_store_relaxed(&taken[i]->state, (uint64_t)(i + 1) << COIRI_SEQ_SHIFT);
	long counts[2] = {0, 0};
	coiri_slab_visit(count_used, counts);
	cr_assert_eq(counts[1], N / 2);
	cr_assert_geq(counts[0], N / 2);
}

Test(slab, reset_frees_all)
{
	coiri_slab_pool *pool = coiri_slab_pool_get(2);
	take(pool, taken);
	for (int i = 0; i < N; i++)
		at_store_relaxed(&taken[i]->state, (uint64_t)(i + 1) << COIRI_SEQ_SHIFT);
	coiri_slab_reset();
	long counts[2] = {0, 0};
	coiri_slab_visit(count_used, counts);
	cr_assert_eq(counts[1], 0);
	take(coiri_slab_pool_get(2), again);
}
