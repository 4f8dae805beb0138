/* SPDX-License-Identifier: MIT
 *
 * stack/pool.c - where stacks wait for their next fiber.
 *
 * A worker keeps up to COIRI_POOL_MAX hot default stacks of its own (stack.h); a batch that is too much, and every
 * stack of another class, goes to the shared pool of its node and class, one lock each. A shared pool has hot stacks in
 * a list through their headers, and trimmed ones, whose memory the kernel took back, in an array of slot ends: a list
 * through their headers would touch them again. The array is grown when slots are carved, so that trimming never needs
 * memory.
 */
#include "stack/pool.h"
#include "arch/san.h"
#include "base/fault.h"
#include "stack/arena.h"
#include "stack/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEEP_HOT 64u /* stacks of a shared pool that trimming leaves hot */

typedef struct shared_pool {
	COIRI_LINE_ALIGNED coiri_lock lock;
	coiri_stack *hot;
	coiri_atomic(unsigned) hot_count; /* written under the lock, read without it by trim's first look */
	char **trimmed;                   /* slot ends */
	size_t trimmed_count, trimmed_room;
	size_t slots; /* carved so far */
} shared_pool;

static shared_pool *pools;
static unsigned nodes;
static coiri_atomic(unsigned) default_class; /* a plain thread may read it while a runtime starts */
size_t coiri_stack_promise = COIR_STACK_PROMISE;
bool coiri_stack_canaries;
static coiri_atomic(uint64_t) trims, stacks;

static shared_pool *pool_of(unsigned node, unsigned class)
{
	return &pools[node * COIRI_STACK_CLASSES + class];
}

static coiri_stack *header_of(char *slot_end, unsigned class)
{
	return (coiri_stack *)(slot_end - coiri_arena_colour(slot_end, class)) - 1;
}

/* Writes the header of a slot that has none: fresh or trimmed. Guards it if fresh. */
static coiri_stack *furnish(char *slot_end, unsigned node, unsigned class, bool fresh)
{
	char *low = slot_end - coiri_class_size(class);
	coiri_rung rung = fresh ? coiri_guard_page(low) : COIRI_RUNG_INSTALL;
	if (rung == COIRI_RUNG_NONE)
		return NULL;
	coiri_san_clean(low, (size_t)(slot_end - low)); /* other memory may have been at this address */
	coiri_stack *stack = header_of(slot_end, class);
	*stack = (coiri_stack){.low = low, .class = (uint16_t) class, .node = (uint16_t)node};
	if (rung == COIRI_RUNG_CANARY) {
		stack->canary = true;
		*(uint64_t *)low = COIRI_CANARY;
	}
	if (fresh) {
		at_add_relaxed(&stacks, 1);
		coiri_san_stack(low, (size_t)(slot_end - low));
	}
	return stack;
}

/* Room in the array of trimmed slots for all that are carved. Under the lock. */
static bool make_room(shared_pool *shared, unsigned more)
{
	size_t need = shared->slots + more;
	if (need > shared->trimmed_room) {
		size_t room = need * 2;
		char **grown = realloc(shared->trimmed, room * sizeof *grown);
		if (!grown)
			return false;
		shared->trimmed = grown;
		shared->trimmed_room = room;
	}
	shared->slots = need;
	return true;
}

/* Takes a hot stack and moves up to `more` further ones to the worker's pool. Under the lock. */
static coiri_stack *take_hot(shared_pool *shared, coiri_stack_pool *pool, unsigned more)
{
	coiri_stack *stack = shared->hot;
	if (!stack)
		return NULL;
	shared->hot = stack->next;
	unsigned left = at_load_relaxed(&shared->hot_count) - 1;
	for (; pool && more > 0 && shared->hot; more--, left--) {
		coiri_stack *next = shared->hot;
		shared->hot = next->next;
		coiri_stack_put_hot(pool, next);
	}
	at_store_relaxed(&shared->hot_count, left);
	return stack;
}

static char *carve(shared_pool *shared, unsigned node, unsigned class, unsigned *count)
{
	char *end = coiri_arena_carve(node, class, count);
	if (end && !make_room(shared, *count))
		end = NULL; /* out of memory for a few bytes: these slots are lost until the runtime stops */
	return end;
}

coiri_stack *coiri_stack_get_slow(coiri_stack_pool *pool, unsigned node, unsigned class)
{
	bool pooled = pool && class == coiri_stack_default_class();
	if (pooled && pool->hot)
		return coiri_stack_get_default(pool);
	shared_pool *shared = pool_of(node, class);
	unsigned count = pooled ? COIRI_POOL_BATCH : 1;
	char *end = NULL;
	bool fresh = false;

	coiri_lock_acquire(&shared->lock);
	coiri_stack *stack = take_hot(shared, pooled ? pool : NULL, COIRI_POOL_BATCH - 1);
	if (!stack) {
		if (shared->trimmed_count > 0) {
			end = shared->trimmed[--shared->trimmed_count];
		} else if (pooled && pool->fresh_count > 0) {
			end = pool->fresh;
			count = pool->fresh_count;
			fresh = true;
		} else {
			end = carve(shared, node, class, &count);
			fresh = true;
		}
	}
	coiri_lock_release(&shared->lock);
	if (!stack && end) {
		if (pooled && fresh) {
			pool->fresh = end - coiri_slot_size(class);
			pool->fresh_count = count - 1;
		}
		stack = furnish(end, node, class, fresh);
		if (!stack && pooled) { /* refused: the slot stays fresh */
			pool->fresh = end;
			pool->fresh_count = count;
		}
	}
	return stack;
}

static void give(shared_pool *shared, coiri_stack *first, coiri_stack *last, unsigned count)
{
	coiri_lock_acquire(&shared->lock);
	last->next = shared->hot;
	shared->hot = first;
	at_store_relaxed(&shared->hot_count, at_load_relaxed(&shared->hot_count) + count);
	coiri_lock_release(&shared->lock);
}

void coiri_stack_put_slow(coiri_stack_pool *pool, coiri_stack *stack)
{
	if (pool && stack->class == coiri_stack_default_class() && stack->node == pool->node) {
		coiri_stack_put_hot(pool, stack);
		if (pool->hot_count > COIRI_POOL_MAX)
			coiri_stack_pool_spill(pool, COIRI_POOL_MAX - COIRI_POOL_BATCH);
	} else {
		give(pool_of(stack->node, stack->class), stack, stack, 1);
	}
}

void coiri_stack_pool_spill(coiri_stack_pool *pool, unsigned keep)
{
	/* The warmest ones, at the front, stay. */
	coiri_stack **link = &pool->hot;
	for (unsigned i = 0; i < keep && *link; i++)
		link = &(*link)->next;
	coiri_stack *stack = *link;
	*link = NULL;
	/* Stacks of several nodes may be mixed here: a stack goes home to the node of its arena. */
	while (stack) {
		coiri_stack *last = stack, *next;
		unsigned count = 1;
		for (; last->next && last->next->node == stack->node; last = last->next)
			count++;
		next = last->next;
		pool->hot_count -= count;
		give(pool_of(stack->node, stack->class), stack, last, count);
		stack = next;
	}
}

/* Takes one stack's memory back; false if this pool is down to its reserve. */
static bool trim_one(shared_pool *shared)
{
	if (at_load_relaxed(&shared->hot_count) <= KEEP_HOT)
		return false;
	coiri_lock_acquire(&shared->lock);
	coiri_stack *stack = at_load_relaxed(&shared->hot_count) > KEEP_HOT ? take_hot(shared, NULL, 0) : NULL;
	coiri_lock_release(&shared->lock);
	if (!stack)
		return false;
	if (stack->canary) { /* its word would go too */
		give(shared, stack, stack, 1);
		return false;
	}
	char *low = stack->low;
	size_t size = coiri_class_size(stack->class);
	int saved = errno;
	madvise(low, size, MADV_DONTNEED);
	errno = saved;
	coiri_lock_acquire(&shared->lock);
	shared->trimmed[shared->trimmed_count++] = low + size;
	coiri_lock_release(&shared->lock);
	at_add_relaxed(&trims, 1);
	return true;
}

bool coiri_stack_trim(unsigned budget)
{
	for (unsigned i = 0; i < nodes * COIRI_STACK_CLASSES; i++)
		while (trim_one(&pools[i]))
			if (--budget == 0)
				return true;
	return false;
}

unsigned coiri_stack_class(size_t size)
{
	unsigned class = 0;
	while (coiri_class_size(class) < size)
		class ++;
	return class;
}

unsigned coiri_stack_default_class(void)
{
	return at_load_relaxed(&default_class);
}

bool coiri_stack_canary_ok(const coiri_stack *stack)
{
	return !stack->canary || *(const uint64_t *)stack->low == COIRI_CANARY;
}

bool coiri_stack_guard_hit(const void *address, size_t *size)
{
	return coiri_arena_guard_hit(address, size);
}

coiri_stack_figures coiri_stack_count(void)
{
	return (coiri_stack_figures){at_load_relaxed(&stacks), coiri_arena_bytes(), at_load_relaxed(&trims)};
}

coiri_stack *coiri_stack_holding(const void *address)
{
	unsigned class;
	char *slot_end = coiri_arena_slot_end(address, &class);
	return slot_end ? header_of(slot_end, class) : NULL;
}

/* Room for the pools of so many nodes; those that are there move. */
static bool make_pools(unsigned wanted)
{
	size_t have = (size_t)nodes * COIRI_STACK_CLASSES, want = (size_t)wanted * COIRI_STACK_CLASSES;
	if (want <= have)
		return true;
	shared_pool *grown = aligned_alloc(COIRI_CACHE_LINE, want * sizeof *grown);
	if (!grown)
		return false;
	memset(grown, 0, want * sizeof *grown);
	if (have)
		memcpy(grown, pools, have * sizeof *grown);
	free(pools);
	pools = grown;
	nodes = wanted;
	return true;
}

int coiri_pools_start(const coiri_stack_setup *setup)
{
	if (sysconf(_SC_PAGESIZE) != COIRI_PAGE) {
		coiri_complain("this kernel's pages have %ld bytes; coir's stacks are laid out for pages of %u",
			       sysconf(_SC_PAGESIZE), COIRI_PAGE);
		return -ENOTSUP;
	}
	int r = make_pools(setup->nodes) ? coiri_arenas_start(setup) : -ENOMEM;
	if (r)
		return r;
	unsigned class = coiri_stack_class(setup->default_size);
	at_store_relaxed(&default_class, class);
	coiri_stack_canaries = setup->guard == COIR_GUARD_CANARY;
	coiri_stack_promise =
		class > coiri_stack_class(COIRI_STACK_DEFAULT) ? coiri_class_size(class) / 2 : COIR_STACK_PROMISE;
	coiri_guard_start(setup->guard);
	return 0;
}

void coiri_pools_stop(void)
{
	for (unsigned i = 0; i < nodes * COIRI_STACK_CLASSES; i++)
		free(pools[i].trimmed);
	free(pools);
	coiri_arenas_stop();
	coiri_pools_forget();
}

void coiri_pools_forget(void)
{
	pools = NULL;
	nodes = 0;
	at_store_relaxed(&stacks, 0);
	at_store_relaxed(&trims, 0);
	coiri_arenas_forget();
	coiri_guard_stop();
}
