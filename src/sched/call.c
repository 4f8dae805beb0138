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
	*san = saved;
	return result;
}

static intptr_t call_in_fiber(coiri_cold *cold, coiri_stack *stack, call *c)
{
	char *low = cold->low;
	cold->low = stack->low;
	intptr_t result = call_on(stack, &cold->san, c);
	cold->low = low;
	return result;
}

/* The call is over: what the stack holds must not leak, nor an overflow that only its canary saw. */
static void check_out(coiri_stack *stack, bool wipe)
{
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
		coiri_stack_put_slow(&coiri_here()->stacks, stack); /* it may have moved */
	return 0;
}

/* A plain thread has no alternate stack for the overflow report. */
static int call_in_thread(coiri_stack *stack, call *c, intptr_t *result)
{
	coiri_san san;
	void *alt_stack;
	int r = coiri_overflow_thread_begin(&alt_stack);
	if (r)
		return r;
	coiri_san_adopt(&san);
	*result = call_on(stack, &san, c);
	coiri_overflow_thread_end(alt_stack);
	return 0;
}

/* The call may take long, and may outlive the runtime: it is no visit, but it keeps the stacks. */
static int from_thread(unsigned class, call *c, intptr_t *result)
{
	coiri_runtime *rt = coiri_enter();
	if (!rt)
		return -EPERM;
	bool wipe = rt->wipe;
	unsigned forks = coiri_forks;
	coiri_stack *stack = coiri_stack_get_slow(NULL, 0, class);
	at_add_relaxed(&coiri_guests, 1);
	coiri_thread_is_guest++;
	coiri_exit();
	int r = stack ? 0 : -ENOMEM;
	if (stack) {
		coiri_san_clean(stack->low, (size_t)(coiri_stack_top(stack) - stack->low));
		r = call_in_thread(stack, c, result);
		check_out(stack, wipe);
	}
	if (coiri_forks != forks)
		return r;
	if (stack)
		coiri_stack_put_slow(NULL, stack);
	coiri_thread_is_guest--;
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
