/* SPDX-License-Identifier: MIT
 *
 * coro/coro.c - making and destroying coroutines, and what can be asked about them.
 */
#include "coro/coro.h"
#include "base/fault.h"
#include "sched/sched.h"
#include "stack/overflow.h"

#include <errno.h>
#include <string.h>

/* ---- making ---- */

static int read_attr(coir_coro_attr *attr, const coir_coro_attr *given)
{
	if (!given)
		return 0;
	if (given->size < sizeof *attr)
		return -EINVAL;
	*attr = *given;
	if (attr->stack_size && (attr->stack_size < COIR_STACK_MIN || attr->stack_size > COIR_STACK_MAX))
		return -EINVAL;
	return attr->arg_size <= COIR_CORO_ARG_MAX ? 0 : -EINVAL;
}

/* Where things lie at the end of the stack; returns the top of its frames. */
static char *lay_out(coiri_stack *stack, size_t arg_size, coiri_coro **c)
{
	uintptr_t at = (uintptr_t)coiri_stack_top(stack) - sizeof(coiri_coro);
	*c = (coiri_coro *)(at & ~(uintptr_t)(COIRI_CACHE_LINE - 1));
	return (char *)*c - coiri_round_up(arg_size, 16);
}

int coir_coro_create(const coir_coro_attr *given, coir_coro_fn fn, void *arg, coir_coro **out)
{
	coir_coro_attr attr = COIR_CORO_ATTR_INIT;
	int r = fn && out ? read_attr(&attr, given) : -EINVAL;
	if (unlikely(r))
		return r;
	coiri_worker *w = coiri_here();
	coiri_stack *stack = coiri_stack_lend(w ? &w->stacks : NULL, attr.stack_size);
	if (unlikely(!stack))
		return -ENOMEM;
	coiri_san_clean(stack->low, (size_t)((char *)stack - stack->low));
	coiri_coro *c;
	char *top = lay_out(stack, attr.arg_size, &c);
	if (attr.arg_size)
		arg = memcpy(top, arg, attr.arg_size);
	*c = (coiri_coro){.fn = fn, .arg = arg, .stack = stack, .forks = coiri_forks};
	coiri_coro_prepare(c, top);
	coiri_san_begin(&c->san, stack->low, (size_t)(top - stack->low));
	stack->owner = c;
	*out = &c->pair;
	return 0;
}

/* ---- destroying ---- */

/* A fiber that waits for a stack may have this one's. */
static void feed(coiri_worker *w, coiri_runtime *rt)
{
	if (likely(coiri_inject_is_empty(&rt->starved)))
		return;
	coiri_fiber *f = coiri_inject_pop(&rt->starved);
	if (f && w)
		coiri_ready_new(w, f);
	else if (f)
		coiri_ready_outside(rt, f);
}

static void give_back(coiri_stack *stack)
{
	coiri_worker *w = coiri_here();
	if (likely(w != NULL)) {
		if (unlikely(w->rt->wipe))
			coiri_stack_clear(stack, coiri_stack_top(stack));
		coiri_stack_take_back(&w->stacks, stack);
		feed(w, w->rt);
		return;
	}
	coiri_runtime *rt = coiri_enter();
	if (rt && rt->wipe)
		coiri_stack_clear(stack, coiri_stack_top(stack));
	coiri_stack_take_back(NULL, stack);
	if (rt) {
		feed(NULL, rt);
		coiri_exit();
	}
}

int coir_coro_destroy(coir_coro *co)
{
	if (!co)
		return 0;
	coiri_coro *c = coiri_coro_of(co);
	if (c->life != COIRI_OVER) {
		if (!coiri_coro_is_suspended(c))
			return -EBUSY;
		coiri_coro_finish_off(c);
	}
	coiri_stack *stack = c->stack;
	coiri_san_end(&c->san);
	if (unlikely(!coiri_stack_canary_ok(stack)))
		coiri_overflow_die(coiri_class_size(stack->class), " (its canary is overwritten)");
	stack->owner = NULL;
	if (likely(c->forks == coiri_forks))
		give_back(stack);
	return 0;
}

/* ---- being abandoned ---- */

/* The coroutine in which this address of a stack is, if it is active. */
static coiri_coro *active_at(const char *sp)
{
	const coiri_stack *stack = coiri_stack_holding(sp);
	coiri_coro *c = stack ? stack->owner : NULL;
	return c && !coiri_coro_is_suspended(c) && c->life != COIRI_OVER ? c : NULL;
}

/* A stack pointer may be out of date: that of a fiber which waits for a child that runs on its stack. So the coroutines
 * are followed first, from resumed to resumer, and must lead to the fiber's own stack. */
void coiri_coro_abandon(const char *sp, const char *low, const char *high)
{
	coiri_coro *c;
	const char *at = sp;
	while ((at < low || at >= high) && (c = active_at(at)))
		at = c->way->back.sp;
	if (at < low || at >= high)
		return;
	for (at = sp; (at < low || at >= high) && (c = active_at(at)); at = c->way->back.sp) {
		c->way->back.pc = NULL;
		c->life = COIRI_OVER;
	}
}

/* ---- asking ---- */

coir_coro *coir_coro_self(void)
{
	const char *sp = coiri_arch_sp();
	const coiri_worker *w = coiri_here();
	if (w && coiri_is_at_home(w->current->cold, sp))
		return NULL;
	if (!w && !coiri_stacks_visit(false))
		return NULL;
	const coiri_stack *stack = coiri_stack_holding(sp);
	coiri_coro *c = stack ? stack->owner : NULL;
	if (!w)
		coiri_stacks_leave();
	return c ? &c->pair : NULL;
}

int coir_coro_status(const coir_coro *co)
{
	if (!co)
		return -EINVAL;
	const coiri_coro *c = coiri_coro_of(co);
	if (c->life == COIRI_OVER)
		return COIR_CORO_FINISHED;
	if (coiri_coro_is_suspended(c))
		return COIR_CORO_SUSPENDED;
	return coir_coro_self() == co ? COIR_CORO_RUNNING : COIR_CORO_NORMAL;
}

uint64_t coir_coro_count(void)
{
	coiri_worker *w = coiri_here();
	const coiri_runtime *rt = w ? w->rt : coiri_enter();
	int64_t count = coiri_stacks_lent();
	for (unsigned i = 0; rt && i < rt->count; i++)
		count += at_load_relaxed(&rt->workers[i].stacks.lent);
	if (rt && !w)
		coiri_exit();
	return count > 0 ? (uint64_t)count : 0;
}
