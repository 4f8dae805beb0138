/* SPDX-License-Identifier: MIT
 *
 * stack/room.c - who holds the room of stacks, and stacks that are lent (stack.h).
 *
 * Opening, closing and every visit of a plain thread happen under one lock; workers need none, because a runtime holds
 * the room for them. A lent stack is counted where it is lent, in a worker's pool or here, and where it is taken back,
 * maybe elsewhere: only the sum means something, and is exact once the workers' pools are closed.
 */
#include "arch/san.h"
#include "base/option.h"
#include "stack/pool.h"

#include <pthread.h>
#include <stdlib.h>

static struct {
	coiri_lock lock;
	bool open;
	bool held;  /* by a runtime */
	bool stale; /* the tables are those of the parent of a fork */
	coiri_stack_setup setup;
} room;
static coiri_atomic(int64_t) lent;
unsigned coiri_forks;

/* ---- forks ---- */

static pthread_once_t watch = PTHREAD_ONCE_INIT;
static int watch_error;

static void forked(void)
{
	room.lock = (coiri_lock){0}; /* a thread that is no more may have held it */
	room.held = false;
	room.stale = room.open;
	at_store_relaxed(&lent, 0);
	coiri_forks++;
}

static void watch_forks(void)
{
	watch_error = -pthread_atfork(NULL, NULL, forked);
}

static void drop_stale(void)
{
	if (!room.stale)
		return;
	coiri_pools_forget();
	room.open = room.stale = false;
}

/* ---- opening and closing ---- */

int coiri_stacks_start(const coiri_stack_setup *setup)
{
	pthread_once(&watch, watch_forks);
	if (watch_error)
		return watch_error;
	coiri_lock_acquire(&room.lock);
	drop_stale();
	int r = coiri_pools_start(setup);
	if (r && !room.open)
		coiri_pools_stop();
	if (!r) {
		room.open = room.held = true;
		room.setup = *setup;
	}
	coiri_lock_release(&room.lock);
	return r;
}

void coiri_stacks_stop(void)
{
	coiri_lock_acquire(&room.lock);
	room.held = false;
	if (at_load_relaxed(&lent) > 0) {
		room.setup.bind = NULL; /* the topology goes */
		coiri_pools_start(&room.setup);
	} else {
		coiri_pools_stop();
		room.open = false;
	}
	coiri_lock_release(&room.lock);
}

/* With no runtime: as one would that is started without a configuration. */
static void open_by_default(void)
{
	coiri_options *options = malloc(sizeof *options);
	if (options && coiri_options_resolve(options, NULL) == 0) {
		coiri_san_check();
		room.setup = (coiri_stack_setup){options->guard, options->stack_size, 1, NULL, NULL};
		room.open = coiri_pools_start(&room.setup) == 0;
		if (!room.open)
			coiri_pools_stop();
	}
	free(options);
}

bool coiri_stacks_visit(bool open)
{
	pthread_once(&watch, watch_forks);
	if (watch_error)
		return false;
	coiri_lock_acquire(&room.lock);
	if (open) {
		drop_stale();
		if (!room.open)
			open_by_default();
	}
	bool in = room.open;
	if (!in)
		coiri_lock_release(&room.lock);
	return in;
}

void coiri_stacks_leave(void)
{
	coiri_lock_release(&room.lock);
}

/* ---- lending ---- */

static coiri_stack *lend_outside(size_t size)
{
	if (!coiri_stacks_visit(true))
		return NULL;
	coiri_stack *stack =
		coiri_stack_get_slow(NULL, 0, size ? coiri_stack_class(size) : coiri_stack_default_class());
	if (stack)
		at_add_relaxed(&lent, 1);
	coiri_stacks_leave();
	return stack;
}

coiri_stack *coiri_stack_lend(coiri_stack_pool *pool, size_t size)
{
	if (!pool)
		return lend_outside(size);
	coiri_stack *stack = likely(!size) ? coiri_stack_get_default(pool)
					   : coiri_stack_get_slow(pool, pool->node, coiri_stack_class(size));
	if (stack)
		at_count(&pool->lent, 1);
	return stack;
}

void coiri_stack_take_back(coiri_stack_pool *pool, coiri_stack *stack)
{
	if (pool) {
		at_count(&pool->lent, -1);
		coiri_stack_put_slow(pool, stack);
	} else if (coiri_stacks_visit(false)) { /* it is open: the stack is out */
		at_add_relaxed(&lent, -1);
		coiri_stack_put_slow(NULL, stack);
		coiri_stacks_leave();
	}
}

int64_t coiri_stacks_lent(void)
{
	return at_load_relaxed(&lent);
}

void coiri_stack_pool_close(coiri_stack_pool *pool)
{
	at_add_relaxed(&lent, at_load_relaxed(&pool->lent));
	at_store_relaxed(&pool->lent, 0);
	coiri_stack_pool_spill(pool, 0);
	pool->fresh_count = 0;
}
