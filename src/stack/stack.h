/* SPDX-License-Identifier: MIT
 *
 * stack/stack.h - stacks: reserved as address space, committed by touching, guarded, pooled.
 *
 * A stack lies in a slot of an arena (arena.c); all slots of an arena have one size class: a guard page, then a power
 * of two of usable bytes. The page count of a slot is odd on purpose: power-of-two strides make the hot tops of all
 * stacks collide in the TLB and the caches. For the same reason the top is moved down by 0 to 7 cache lines, by the
 * slot's number (its colour).
 *
 *   slot: | guard | usable, grows down .............. <- top | coiri_stack | colour |
 *                  low                                                                   end of the slot
 *
 * Life of a stack: fresh (never touched, carved from an arena) -> in use -> pooled hot (memory kept, listed through its
 * header) -> in use ..., or trimmed (memory given back to the kernel, listed outside of itself) -> in use. Slots go
 * back to the kernel when the runtime stops.
 *
 * A runtime holds the room from coiri_stacks_start to coiri_stacks_stop. A stack that is *lent* (a coroutine's) may
 * outlive it, or be there before: while one is out, stop gives nothing back to the kernel, and the next runtime goes on
 * with what is there. Lending with no runtime opens the room by itself, with the options of the environment; it then
 * stays open until a runtime stops while none is out.
 *
 * Who may call: get and put with a pool by the pool's worker only; with NULL any thread, while a runtime holds the
 * room. Lend and take_back likewise, but with NULL at any time. The rest says so itself.
 */
#ifndef COIRI_STACK_H
#define COIRI_STACK_H

#include "base/atomic.h"
#include "base/futex.h"
#include <coir/fiber.h>
#include <coir/runtime.h>

#define COIRI_PAGE 4096u

/* Code compiled with -fstack-clash-protection touches its stack at least once in so many bytes, so no frame hops over
 * such a guard: a page, but 64 KiB on aarch64. (On riscv64 gcc 12 has no such protection.) An odd number of pages. */
#if defined(__aarch64__)
#define COIRI_GUARD_BYTES (17 * COIRI_PAGE)
#else
#define COIRI_GUARD_BYTES COIRI_PAGE
#endif

/* Usable bytes of class c: COIR_STACK_MIN << c, from 16 KiB up to 1 GiB. */
#define COIRI_STACK_CLASSES 17u
#define COIRI_STACK_COLOURS 8u
#define COIRI_STACK_DEFAULT ((size_t)128 << 10)

/* What a stack's owner may keep in one line of its own above the top; see sched/fiber.h. */
typedef struct coiri_stack {
	char *low;                /* lowest usable byte */
	struct coiri_stack *next; /* in a pool's list */
	void *owner;              /* the coroutine that has its frames here, or whose coir_call_with_stack; else NULL */
	uint16_t class;
	uint16_t node;
	bool canary; /* guarded by a canary word at low only */
} coiri_stack;

/* A worker's pool of default-class stacks. */
typedef struct coiri_stack_pool {
	coiri_stack *hot; /* LIFO: the last one used is the warmest */
	unsigned hot_count;
	unsigned node;
	char *fresh; /* slots carved and not used yet, downwards from here */
	unsigned fresh_count;
	coiri_atomic(int64_t) lent; /* lent here minus taken back here */
} coiri_stack_pool;

typedef struct coiri_stack_setup {
	coir_guard guard;
	size_t default_size;
	unsigned nodes;
	/* Binds memory to a NUMA node, as far as it can; may be NULL. */
	void (*bind)(void *context, unsigned node, void *memory, size_t bytes);
	void *context;
} coiri_stack_setup;

/* Get ready, and give everything back that is not lent. One thread, while no worker uses stacks. */
int coiri_stacks_start(const coiri_stack_setup *setup);
void coiri_stacks_stop(void);

/* How many forks this process is away from the one that first used coir. In the child of a fork the tables are new and
 * the old stacks stay mapped, because its only thread may stand on one: what was taken before is not given back. */
extern unsigned coiri_forks;

/* A stack of at least size bytes (0: the default) for a coroutine; NULL: none to be had. */
coiri_stack *coiri_stack_lend(coiri_stack_pool *pool, size_t size);
void coiri_stack_take_back(coiri_stack_pool *pool, coiri_stack *stack);

/* How many are out, but for those that workers' pools count. */
int64_t coiri_stacks_lent(void);

/* A worker's pool ends: what it has goes to the shared pools. (Slots never used are lost if the room stays open:
 * address space alone.) */
void coiri_stack_pool_close(coiri_stack_pool *pool);

/* A plain thread comes in: until it leaves the room stays open. False: it is not open (and `open` did not ask for it,
 * or it can't be). */
bool coiri_stacks_visit(bool open);
void coiri_stacks_leave(void);

/* The class that holds size bytes; size is at most COIR_STACK_MAX. */
unsigned coiri_stack_class(size_t size);
unsigned coiri_stack_default_class(void);

/* What every fiber is promised: half of the default stack, at least COIR_STACK_PROMISE. */
extern size_t coiri_stack_promise;

COIRI_INLINE size_t coiri_class_size(unsigned class)
{
	return COIR_STACK_MIN << class;
}

COIRI_INLINE size_t coiri_slot_size(unsigned class)
{
	return coiri_class_size(class) + COIRI_GUARD_BYTES;
}

/* Where the owner's frames start: 16-byte aligned, just under the header. */
COIRI_INLINE char *coiri_stack_top(coiri_stack *stack)
{
	return (char *)((uintptr_t)stack & ~(uintptr_t)15);
}

/* A stack of the class, or NULL when there is no memory, address space or map for it (errno is untouched). */
coiri_stack *coiri_stack_get_slow(coiri_stack_pool *pool, unsigned node, unsigned class);
void coiri_stack_put_slow(coiri_stack_pool *pool, coiri_stack *stack);

#define COIRI_POOL_MAX   64u /* hot stacks a worker keeps */
#define COIRI_POOL_BATCH 32u /* how many it passes to or takes from the shared pool */

COIRI_INLINE coiri_stack *coiri_stack_get_default(coiri_stack_pool *pool)
{
	coiri_stack *stack = pool->hot;
	if (unlikely(!stack))
		return coiri_stack_get_slow(pool, pool->node, coiri_stack_default_class());
	pool->hot = stack->next;
	pool->hot_count--;
	return stack;
}

/* Gives a stack back to its worker's pool. The caller may still stand on it, if it leaves before it lets anyone else at
 * the pool: such a stack never goes to the shared pool in this call. Default class only. */
COIRI_INLINE void coiri_stack_put_hot(coiri_stack_pool *pool, coiri_stack *stack)
{
	stack->next = pool->hot;
	pool->hot = stack;
	pool->hot_count++;
}

/* Passes what a worker's pool has too much to the shared pool. */
void coiri_stack_pool_spill(coiri_stack_pool *pool, unsigned keep);

/* Gives memory of up to `budget` pooled stacks back to the kernel, beyond a small reserve; true if there is more to
 * give. Any thread. */
bool coiri_stack_trim(unsigned budget);

/* May a stack have a canary in its lowest page? */
extern bool coiri_stack_canaries;

/* Clears whole pages of a stack that nothing stands on. */
void coiri_stack_clear_pages(char *low, char *high);

/* The memory of a stack below `from`, back to zeroes; coiri_stack_used finds how deep it went since, in bytes below its
 * top. */
void coiri_stack_clear(coiri_stack *stack, char *from);
size_t coiri_stack_used(coiri_stack *stack);

/* True while the canary of a stack stands, or if it has none. */
bool coiri_stack_canary_ok(const coiri_stack *stack);

/* The stack in whose slot the address lies, or NULL. Such a stack is in use, and the room held or visited. */
coiri_stack *coiri_stack_holding(const void *address);

/* For a fault: is the address in a guard, and of how large a stack? Async-signal-safe. */
bool coiri_stack_guard_hit(const void *address, size_t *size);

typedef struct coiri_stack_figures {
	uint64_t stacks, bytes, trimmed;
} coiri_stack_figures;

coiri_stack_figures coiri_stack_count(void);

/* The rung to begin with, in words: "install", "mprotect" or "mprotect, then canary"; with a probe if no runtime runs.
 * */
const char *coiri_guard_name(coir_guard wanted);

#endif
