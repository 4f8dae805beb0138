/* SPDX-License-Identifier: MIT
 *
 * sched/call.c - coir_call_with_stack: the same fiber, for one call on another stack.
 */
#include "sched/sched.h"
#include "stack/overflow.h"

#include <errno.h>

typedef struct call {
	coir_fn fn;
	void *arg;
	coiri_san *here, *back; /* the contexts on the new and on the old stack, for the sanitizers */
} call;

static intptr_t run_call(void *arg)
{
	call *c = arg;
	coiri_san_arrive(c->here);
	intptr_t result = c->fn(c->arg);
	coiri_san_call_end(c->back);
	return result;
}

/* The coroutine on whose stack the caller stands, or NULL. */
static void *owner_here(void)
{
	const coiri_stack *stack = coiri_stack_holding(coiri_arch_sp());
	return stack ? stack->owner : NULL;
}

/* Calls on `stack`; *san describes the caller's context, and the called one's meanwhile. */
static intptr_t call_on(coiri_stack *stack, coiri_san *san, call *c)
{
	coiri_san_receive(san);
	coiri_san saved = *san;
	char *top = coiri_stack_top(stack);
	coiri_san_move(san, stack->low, (size_t)(top - stack->low));
	c->here = san;
	c->back = &saved;
	coiri_san_call_begin(&saved, san);
	intptr_t result = coiri_arch_call_on(top, run_call, c);
	coiri_san_arrive(&saved);
	*coiri_san_here() = saved;
	return result;
}

/* On a coroutine's stack the bounds of the fiber's own stay what they are: the call may end under another fiber. */
static intptr_t call_in_fiber(coiri_cold *cold, coiri_stack *stack, call *c)
{
	if (!coiri_is_at_home(cold, coiri_arch_sp())) {
		stack->owner = owner_here();
		return call_on(stack, &cold->san, c);
	}
	char *low = cold->low, *high = cold->high;
	cold->low = stack->low;
	cold->high = coiri_stack_top(stack);
	intptr_t result = call_on(stack, &cold->san, c);
	cold->low = low;
	cold->high = high;
	return result;
}

/* Where the call ended: in a coroutine, that may be another worker, or on none. */
static void put_back(coiri_stack *stack)
{
	coiri_worker *w = coiri_here();
	if (w) {
		coiri_stack_put_slow(&w->stacks, stack);
	} else if (coiri_stacks_visit(false)) {
		coiri_stack_put_slow(NULL, stack);
		coiri_stacks_leave();
	}
}

/* The call is over: what the stack holds must not leak, nor an overflow that only its canary saw. */
static void check_out(coiri_stack *stack, bool wipe)
{
	stack->owner = NULL;
	if (!coiri_stack_canary_ok(stack))
		coiri_overflow_die(coiri_class_size(stack->class), " (its canary is overwritten)");
	if (wipe)
		coiri_stack_clear(stack, coiri_stack_top(stack));
}

static int from_fiber(coiri_worker *w, unsigned class, call *c, intptr_t *result)
{
	bool wipe = w->rt->wipe;
	unsigned forks = coiri_forks;
	coiri_stack *stack = coiri_stack_get_slow(&w->stacks, w->stacks.node, class);
	if (!stack)
		return -ENOMEM;
	coiri_san_clean(stack->low, (size_t)(coiri_stack_top(stack) - stack->low));
	*result = call_in_fiber(w->current->cold, stack, c);
	check_out(stack, wipe);
	if (coiri_forks == forks)
		put_back(stack);
	return 0;
}

/* A plain thread has no alternate stack for the overflow report. The call may take long: it is no visit, but the
 * runtime's end waits for it. */
static int call_as_guest(coiri_stack *stack, call *c, intptr_t *result)
{
	void *alt_stack;
	int r = coiri_overflow_thread_begin(&alt_stack);
	if (r)
		return r;
	unsigned forks = coiri_forks;
	coiri_thread_is_guest++;
	*result = call_on(stack, coiri_san_here(), c);
	coiri_overflow_thread_end(alt_stack);
	if (coiri_forks == forks)
		coiri_thread_is_guest--;
	return 0;
}

/* In a coroutine it may be left by a yield, and end on another thread, maybe of another runtime: nothing waits. */
static int from_thread(unsigned class, call *c, intptr_t *result)
{
	coiri_runtime *rt = coiri_enter();
	if (!rt)
		return -EPERM;
	bool wipe = rt->wipe;
	unsigned forks = coiri_forks;
	coiri_stack *stack = coiri_stack_get_slow(NULL, 0, class);
	void *owner = stack ? owner_here() : NULL;
	if (stack && !owner)
		at_add_relaxed(&coiri_guests, 1);
	coiri_exit();
	if (!stack)
		return -ENOMEM;
	int r = 0;
	coiri_san_clean(stack->low, (size_t)(coiri_stack_top(stack) - stack->low));
	stack->owner = owner;
	if (owner)
		*result = call_on(stack, coiri_san_here(), c);
	else
		r = call_as_guest(stack, c, result);
	check_out(stack, wipe);
	if (coiri_forks != forks)
		return r;
	put_back(stack);
	if (!owner)
		at_sub_acq_rel(&coiri_guests, 1); /* release: pairs with the acquire in bring_down */
	return r;
}

int coir_call_with_stack(size_t size, coir_fn fn, void *arg, intptr_t *out)
{
	coiri_worker *w = coiri_here();
	call c = {fn, arg, NULL, NULL};
	intptr_t result = 0;
	if (!w && !coiri_enter())
		return -EPERM;
	if (!w)
		coiri_exit();
	if (!fn || size < COIR_STACK_MIN || size > COIR_STACK_MAX)
		return -EINVAL;
	unsigned class = coiri_stack_class(size);
	int r = w ? from_fiber(w, class, &c, &result) : from_thread(class, &c, &result);
	if (!r && out)
		*out = result;
	return r;
}
