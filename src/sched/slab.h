/* SPDX-License-Identifier: MIT
 *
 * sched/slab.h - fiber descriptors, 64 bytes each, from slabs that belong to one worker's pool for ever.
 *
 * The owner allocates and frees without atomics. Another thread frees by pushing on the owner's remote list with a CAS;
 * the owner takes the whole list at once when its own is empty (one taker, so no ABA). The pool of plain threads is
 * shared by them under a lock. Slabs are never given back: descriptors are type-stable, and a new runtime uses the old
 * slabs.
 *
 * A slab is aligned to its size, so a descriptor finds its pool.
 */
#ifndef COIRI_SLAB_H
#define COIRI_SLAB_H

#include "sched/fiber.h"

#define COIRI_SLAB_BYTES ((size_t)64 << 10)

typedef struct coiri_slab_pool {
	/* owner */
	coiri_fiber *free;
	coiri_fiber *fresh, *fresh_end; /* descriptors of the newest slab that were never used */
	/* everyone */
	COIRI_LINE_ALIGNED coiri_atomic(coiri_fiber *) remote;
} coiri_slab_pool;

/* The first line of a slab. */
typedef struct coiri_slab {
	COIRI_LINE_ALIGNED coiri_slab_pool *pool;
	struct coiri_slab *older;
} coiri_slab;

COIRI_INLINE coiri_slab *coiri_slab_of(coiri_fiber *f)
{
	return (coiri_slab *)((uintptr_t)f & ~(COIRI_SLAB_BYTES - 1));
}

/* Pools by worker number; number COIRI_SLAB_FOREIGN is the plain threads'. NULL: no memory. Pools live for ever. */
#define COIRI_SLAB_FOREIGN COIR_WORKERS_MAX
coiri_slab_pool *coiri_slab_pool_get(unsigned number);

coiri_fiber *coiri_slab_refill(coiri_slab_pool *pool);
/* As coiri_slab_free, from any thread. */
void coiri_slab_free_remote(coiri_fiber *f);

/* For plain threads. */
coiri_fiber *coiri_slab_alloc_foreign(void);

/* Owner: a descriptor with state 0 and no extra, or NULL. */
COIRI_INLINE coiri_fiber *coiri_slab_alloc(coiri_slab_pool *pool)
{
	coiri_fiber *f = pool->free;
	if (unlikely(!f))
		return coiri_slab_refill(pool);
	pool->free = coiri_next_of(f);
	return f;
}

/* Frees a descriptor whose state is 0 already; pool is the calling worker's own. */
COIRI_INLINE void coiri_slab_free(coiri_slab_pool *pool, coiri_fiber *f)
{
	if (likely(coiri_slab_of(f)->pool == pool)) {
		coiri_set_next(f, pool->free);
		pool->free = f;
	} else {
		coiri_slab_free_remote(f);
	}
}

/* Calls visit for every descriptor that was ever used, while nobody else uses any. */
void coiri_slab_visit(void (*visit)(coiri_fiber *f, void *context), void *context);

/* Makes every descriptor of every pool free, whatever state its lists are in: in a forked child. */
void coiri_slab_reset(void);

#endif
