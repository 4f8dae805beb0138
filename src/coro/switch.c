/* SPDX-License-Identifier: MIT
 *
 * coro/switch.c - where a coroutine begins and ends, and the long way of resume, yield and transfer.
 */
#include "coro/coro.h"
#include "sched/sched.h"

#include <errno.h>

/* The C++ runtime's, if the program has one: {caught exceptions, uncaught count} of the calling thread. Each thread
 * remembers where, for C++ code that switches by itself. */
void **__cxa_get_globals(void) __attribute__((weak));
__thread void **coir_coro_exceptions_1;

#define HAS_TOOL (sizeof(coiri_san) > 0) /* that must be told of each switch */

/* In assembly: arch/ARCH/switch.S, which calls what lies in the register that a context keeps as its bp; home.S. */
void coiri_arch_entry(void);
void coiri_arch_home(void);

/* An object, not the function: its address might be that of a linker's stub, which uses the stack. */
void *const coir_coro_home_1 = (void *)coiri_arch_home;

/* ---- what goes along with a switch ---- */

static COIRI_NOINLINE void **find_exceptions(void)
{
	return coir_coro_exceptions_1 = __cxa_get_globals();
}

COIRI_INLINE void **exceptions_here(void)
{
	void **words = coiri_coro_exceptions();
	return likely(words != NULL) ? words : find_exceptions();
}

static void swap_exceptions(void **a, void **b)
{
	for (int i = 0; i < 2; i++) {
		void *kept = a[i];
		a[i] = b[i];
		b[i] = kept;
	}
}

static void swap_san(coiri_san *a, coiri_san *b)
{
	coiri_san kept = *a;
	*a = *b;
	*b = kept;
}

/* Just before a switch into c or out of it; ended: it will not be left again. Inlined, as all that tells a tool of a
 * switch: a function must not begin on the one side and end on the other. */
COIRI_INLINE void change(coiri_coro *c, bool ended)
{
	if (__cxa_get_globals)
		swap_exceptions(exceptions_here(), c->second.exceptions);
	if (HAS_TOOL) {
		coiri_san *here = coiri_san_here();
		coiri_san_receive(here); /* a joiner may have made it */
		swap_san(here, &c->san);
		coiri_san_leave(ended ? NULL : &c->san, here);
		(void)ended;
	}
}

/* Just before one out of `from` into `to`. */
COIRI_INLINE void change_over(coiri_coro *from, coiri_coro *to)
{
	if (__cxa_get_globals) {
		swap_exceptions(from->second.exceptions, to->second.exceptions);
		swap_exceptions(exceptions_here(), from->second.exceptions);
	}
	if (HAS_TOOL) {
		coiri_san *here = coiri_san_here();
		coiri_san_receive(here); /* a joiner may have made it */
		swap_san(&from->san, &to->san);
		swap_san(here, &from->san);
		coiri_san_leave(&from->san, here);
	}
}

/* First thing after any. */
COIRI_INLINE void arrive(void)
{
	if (HAS_TOOL)
		coiri_san_arrive(coiri_san_here());
}

/* ---- beginning and end ---- */

/* The last switch: out of a coroutine that is over. What it saves nobody reads. */
COIRI_NORETURN static void depart(coiri_coro *c, intptr_t result)
{
	coiri_coro_context nowhere;
	register coir_coro *self __asm__(COIRI_CORO_SELF) = c->way;
	register intptr_t value __asm__(COIRI_CORO_VALUE) = result;
	register intptr_t code __asm__(COIRI_CORO_CODE) = COIR_CORO_DONE;
	register coiri_coro_context *other __asm__(COIRI_CORO_OTHER) = &nowhere;
	__asm__ volatile(COIRI_CORO_SWITCH(COIRI_CORO_OTHER, 0, 32)
			 : "+r"(value), "+r"(code), "+r"(self), "+r"(other)
			 :
			 : COIRI_CORO_CLOBBERS);
	__builtin_unreachable();
}

/* A handler's yield must find nowhere to go, neither inlined nor here. */
static COIRI_NOINLINE void run_defers_in_body(coiri_coro *c)
{
	void *back = c->way->back.pc;
	c->way->back.pc = NULL;
	c->life = COIRI_ENDING;
	coiri_coro_run_defers(c);
	c->way->back.pc = back;
}

COIRI_NORETURN static void run(coiri_coro *c)
{
	arrive();
	c->life = COIRI_STARTED;
	intptr_t result = c->fn(&c->pair, c->arg);
	if (unlikely(c->newest != NULL))
		run_defers_in_body(c);
	c->life = COIRI_OVER;
	change(c, true);
	depart(c, result);
}

/* The first switch leaves the pair in the register of a first argument. */
static void begin(coir_coro *pair)
{
	run(coiri_container_of(pair, coiri_coro, pair));
}

static void begin_second(coir_coro *second)
{
	run(coiri_container_of(second, coiri_coro, second));
}

void coiri_coro_prepare(coiri_coro *c, char *top)
{
	bool long_way = HAS_TOOL || __cxa_get_globals;
	c->way = long_way ? &c->second : &c->pair;
	c->way->own =
		(coiri_coro_context){(void *)coiri_arch_entry, top, NULL, (void *)(long_way ? begin_second : begin)};
}

/* ---- the long way ---- */

static coiri_coro_mail refusal(int error)
{
	return (coiri_coro_mail){0, error};
}

static coiri_coro_mail enter(coiri_coro *c, intptr_t value, int code)
{
	change(c, false);
	coiri_coro_mail mail = coiri_coro_enter(c->way, value, code);
	arrive();
	return mail;
}

/* Why it can't be resumed. */
static int why_not(const coiri_coro *c)
{
	return c->life == COIRI_OVER ? -ESRCH : -EBUSY;
}

coir_coro *coiri_coro_apart(coiri_coro *c, bool into)
{
	if (HAS_TOOL || !(into ? coiri_coro_is_suspended(c) : coiri_coro_is_active(c)))
		return NULL;
	change(c, false);
	return c->way;
}

coiri_coro_mail coir_coro_resume_1(coir_coro *co, intptr_t value)
{
	if (!co)
		return refusal(-EINVAL);
	coiri_coro *c = coiri_coro_of(co);
	return coiri_coro_is_suspended(c) ? enter(c, value, 0) : refusal(why_not(c));
}

coiri_coro_mail coir_coro_yield_1(coir_coro *self, intptr_t value)
{
	if (!self)
		return refusal(-EINVAL);
	coiri_coro *c = coiri_coro_of(self);
	if (!coiri_coro_is_active(c))
		return refusal(c->life == COIRI_ENDING ? -ECANCELED : -EPERM);
	change(c, false);
	coiri_coro_mail mail = coiri_coro_leave(c->way, value, 0);
	arrive();
	return mail;
}

coiri_coro_mail coir_coro_transfer_1(coir_coro *from, coir_coro *to, intptr_t value)
{
	if (!from)
		return coir_coro_resume_1(to, value);
	if (!to)
		return coir_coro_yield_1(from, value);
	coiri_coro *f = coiri_coro_of(from), *t = coiri_coro_of(to);
	if (!coiri_coro_is_active(f))
		return refusal(f->life == COIRI_ENDING ? -ECANCELED : -EPERM);
	if (!coiri_coro_is_suspended(t))
		return refusal(why_not(t));
	change_over(f, t);
	coiri_coro_mail mail = coiri_coro_hop(f->way, t->way, value, 0);
	arrive();
	return mail;
}

/* ---- destroying ---- */

void coiri_coro_finish_off(coiri_coro *c)
{
	if (c->life == COIRI_STARTED)
		enter(c, 0, -ECANCELED);
	if (c->life == COIRI_OVER)
		return;
	c->way->own.pc = NULL;
	c->life = COIRI_ENDING;
	coiri_coro_run_defers(c);
	c->life = COIRI_OVER;
}
