/* SPDX-License-Identifier: MIT */
#include "sched/slab.h"
#include "base/futex.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CHUNK_SLABS 16u /* slabs mapped at once */

static coiri_atomic(coiri_slab_pool *) pools[COIR_WORKERS_MAX + 1];
static coiri_lock lock; /* of what follows, and of the pool of plain threads */
static coiri_slab *slabs;
static char *chunk, *chunk_end;

coiri_slab_pool *coiri_slab_pool_get(unsigned number)
{
	coiri_slab_pool *pool = at_load_acquire(&pools[number]); /* pairs with the release below */
	if (pool)
		return pool;
	coiri_lock_acquire(&lock);
	pool = at_load_relaxed(&pools[number]);
	if (!pool) {
		pool = aligned_alloc(COIRI_CACHE_LINE, sizeof *pool);
		if (pool) {
			*pool = (coiri_slab_pool){0};
			at_store_release(&pools[number], pool);
		}
	}
	coiri_lock_release(&lock);
	return pool;
}

/* Maps CHUNK_SLABS slabs at a multiple of their size. Under the lock. */
static bool map_chunk(void)
{
	int saved = errno;
	size_t bytes = CHUNK_SLABS * COIRI_SLAB_BYTES;
	char *p = mmap(NULL, bytes + COIRI_SLAB_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	errno = saved;
	if (p == MAP_FAILED)
		return false;
	char *aligned = (char *)(((uintptr_t)p + COIRI_SLAB_BYTES - 1) & ~(COIRI_SLAB_BYTES - 1));
	/* An aligned p gives one slab more; what lies before and after stays untouched otherwise. */
	chunk = aligned;
	chunk_end = aligned + bytes;
	return true;
}

static coiri_slab *make_slab(coiri_slab_pool *pool)
{
	if (chunk == chunk_end && !map_chunk())
		return NULL;
	coiri_slab *slab = (coiri_slab *)chunk;
	chunk += COIRI_SLAB_BYTES;
	slab->pool = pool;
	slab->older = slabs;
	slabs = slab;
	return slab;
}

static coiri_fiber *slab_first(coiri_slab *slab)
{
	return (coiri_fiber *)(slab + 1);
}

static coiri_fiber *slab_end(coiri_slab *slab)
{
	return (coiri_fiber *)((char *)slab + COIRI_SLAB_BYTES);
}

static coiri_fiber *refill(coiri_slab_pool *pool, bool locked)
{
	/* acquire: pairs with the release in coiri_slab_free_remote */
	coiri_fiber *f = at_xchg_acquire(&pool->remote, NULL);
	if (f) {
		pool->free = coiri_next_of(f);
		return f;
	}
	if (pool->fresh == pool->fresh_end) {
		if (!locked)
			coiri_lock_acquire(&lock);
		coiri_slab *slab = make_slab(pool);
		if (!locked)
			coiri_lock_release(&lock);
		if (!slab)
			return NULL;
		pool->fresh = slab_first(slab);
		pool->fresh_end = slab_end(slab);
	}
	return pool->fresh++;
}

coiri_fiber *coiri_slab_refill(coiri_slab_pool *pool)
{
	return refill(pool, false);
}

coiri_fiber *coiri_slab_alloc_foreign(void)
{
	coiri_slab_pool *pool = coiri_slab_pool_get(COIRI_SLAB_FOREIGN);
	if (!pool)
		return NULL;
	coiri_lock_acquire(&lock);
	coiri_fiber *f = pool->free;
	if (f)
		pool->free = coiri_next_of(f);
	else
		f = refill(pool, true);
	coiri_lock_release(&lock);
	return f;
}

void coiri_slab_free_remote(coiri_fiber *f)
{
	coiri_slab_pool *owner = coiri_slab_of(f)->pool;
	coiri_fiber *newest = at_load_relaxed(&owner->remote);
	do
		coiri_set_next(f, newest);
	/* release: pairs with the acquire in refill */
	while (!at_cas_release(&owner->remote, &newest, f));
}

void coiri_slab_visit(void (*visit)(coiri_fiber *f, void *context), void *context)
{
	for (coiri_slab *slab = slabs; slab; slab = slab->older)
		for (coiri_fiber *f = slab_first(slab); f < slab_end(slab); f++)
			visit(f, context);
}

static void make_free(coiri_fiber *f, void *context)
{
	(void)context;
	at_store_relaxed(&f->state, 0);
	f->extra = NULL; /* its memory stays with the parent's copy */
	coiri_slab_pool *pool = coiri_slab_of(f)->pool;
	coiri_set_next(f, pool->free);
	pool->free = f;
}

void coiri_slab_reset(void)
{
	lock = (coiri_lock){0};
	for (unsigned i = 0; i <= COIR_WORKERS_MAX; i++) {
		coiri_slab_pool *pool = at_load_relaxed(&pools[i]);
		if (pool)
			*pool = (coiri_slab_pool){0};
	}
	coiri_slab_visit(make_free, NULL);
}
