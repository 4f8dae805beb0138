/* SPDX-License-Identifier: MIT
 *
 * sched/self.c - what a fiber can ask about itself.
 */
#include "sched/local.h"
#include "sched/sched.h"
#include "sched/spawn.h"

#include <errno.h>
#include <string.h>

/* A fiber's name is read by the tasks that act as it. */
static coiri_lock names;

void coiri_names_forked(void)
{
	names = (coiri_lock){0};
}

int coir_self(coir_fiber *out)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	if (!out)
		return -EINVAL;
	*out = coiri_handle(coiri_identity(w->current));
	return 0;
}

uint64_t coir_id(void)
{
	coiri_worker *w = coiri_here();
	return w ? coiri_handle(coiri_identity(w->current)).seq : 0;
}

int coir_name(char *buf, size_t size)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	if (!buf || size == 0)
		return -EINVAL;
	coiri_lock_acquire(&names);
	const coiri_extra *extra = coiri_identity(w->current)->extra;
	const char *name = extra ? extra->name : "";
	size_t n = strnlen(name, size - 1);
	memcpy(buf, name, n);
	buf[n] = 0;
	coiri_lock_release(&names);
	return 0;
}

int coir_set_name(const char *name)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	coiri_fiber *me = w->current;
	if (coiri_is_task(me))
		return -EPERM;
	coiri_tasks_promote(w); /* a thief may look at the record */
	coiri_extra *extra = me->extra ? me->extra : coiri_extra_make();
	if (!extra)
		return -ENOMEM;
	coiri_lock_acquire(&names);
	coiri_extra_name(extra, name);
	me->extra = extra;
	coiri_lock_release(&names);
	return 0;
}

int coir_worker(void)
{
	coiri_worker *w = coiri_here();
	return w ? (int)w->index : -EPERM;
}

intptr_t coir_stack_left(void)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	char *sp = coiri_arch_sp();
	const coiri_cold *cold = w->current->cold;
	if (likely(coiri_is_at_home(cold, sp)))
		return sp - cold->low;
	const coiri_stack *stack = coiri_stack_holding(sp);
	return stack ? sp - stack->low : -EPERM;
}

int coir_keep_fp(void)
{
	if (!coiri_here())
		return -EPERM;
	coiri_fp_keep();
	return 0;
}
