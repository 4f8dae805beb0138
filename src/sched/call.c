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

static int call_with_stack(coiri_worker *w, unsigned class, call *c, intptr_t *out)
{
	coiri_stack_pool *pool = w ? &w->stacks : NULL;
	coiri_stack *stack = coiri_stack_get_slow(pool, pool ? pool->node : 0, class);
	intptr_t result = 0;
	int r = 0;
	if (!stack)
		return -ENOMEM;
	coiri_san_clean(stack->low, (size_t)(coiri_stack_top(stack) - stack->low));
	if (w)
		result = call_in_fiber(w->current->cold, stack, c);
	else
		r = call_in_thread(stack, c, &result);
	w = coiri_here(); /* it may have moved */
	coiri_stack_put_slow(w ? &w->stacks : NULL, stack);
	if (!r && out)
		*out = result;
	return r;
}

int coir_call_with_stack(size_t size, coir_fn fn, void *arg, intptr_t *out)
{
	coiri_worker *w = coiri_here();
	if (!w && !coiri_enter())
		return -EPERM;
	int r = -EINVAL;
	if (fn && size >= COIR_STACK_MIN && size <= COIR_STACK_MAX)
		r = call_with_stack(w, coiri_stack_class(size), &(call){fn, arg, NULL, NULL}, out);
	if (!w)
		coiri_exit();
	return r;
}
