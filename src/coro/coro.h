/* SPDX-License-Identifier: MIT
 *
 * coro/coro.h - what a coroutine is inside.
 *
 * All of it lies at the top of its stack, so making one is taking a stack and writing a few lines:
 *
 *   low .................. frames <- | copy of the argument | coiri_coro | coiri_stack
 *
 * C programs switch by the contexts in `pair` (include/coir/coro_switch.h). Where the library must see each switch,
 * because a tool must be told, and in a program with a C++ runtime, `pair` stays empty and the contexts are in
 * `second`; `way` is the one that counts. All that follows works on either.
 *
 * The notes for tools and the two globals of the C++ runtime are swapped: while the coroutine is active its own are in
 * place (coiri_san_here(), __cxa_get_globals()) and its resumer's are kept here, else the other way round. In a
 * transfer they go round: the resumer's move on to the next coroutine.
 *
 * The contexts are not those of arch/arch.h, which are made to be left by a call, push on the stack, carry
 * floating-point words and are resumed by the scheduler. The two never meet: a fiber that parks inside a coroutine
 * saves a context of its own format on the coroutine's stack, and comes back there.
 */
#ifndef COIRI_CORO_H
#define COIRI_CORO_H

#include "arch/san.h"
#include "stack/stack.h"
#include <coir/coro.h>

#define COIRI_DEFERS 4 /* handlers that need no memory */

typedef struct coiri_defer {
	struct coiri_defer *older;
	void (*fn)(void *arg); /* NULL: free to use */
	void *arg;
} coiri_defer;

typedef enum coiri_life {
	COIRI_NOT_STARTED,
	COIRI_STARTED,
	COIRI_ENDING, /* the body is over, handlers run */
	COIRI_OVER,
} coiri_life;

typedef struct coiri_coro {
	COIRI_LINE_ALIGNED coir_coro pair;
	coir_coro second;
	coir_coro *way;
	coir_coro_fn fn;
	void *arg;
	coiri_stack *stack;
	coiri_defer *newest;
	coiri_defer defer[COIRI_DEFERS];
	coiri_san san;
	unsigned forks; /* its stack is given back if coiri_forks is still the same */
	uint8_t life;
} coiri_coro;

/* The public headers and arch/ARCH/home.S know these. */
_Static_assert(offsetof(coiri_coro, second) == sizeof(coir_coro), "coro_switch.h");
_Static_assert(offsetof(coir_coro, own) == 0 && offsetof(coir_coro, back) == 32, "coro_switch.h");
_Static_assert(offsetof(coir_coro, named) == 64 && offsetof(coir_coro, home) == 72, "home.S");
_Static_assert(offsetof(coiri_coro_context, pc) == 0 && offsetof(coiri_coro_context, sp) == 8 &&
		       offsetof(coiri_coro_context, fp) == 16 && offsetof(coiri_coro_context, bp) == 24,
	       "COIRI_CORO_SWITCH");

COIRI_INLINE coiri_coro *coiri_coro_of(const coir_coro *co)
{
	return coiri_container_of(co, coiri_coro, pair);
}

COIRI_INLINE bool coiri_coro_is_suspended(const coiri_coro *c)
{
	return c->way->own.pc != NULL;
}

COIRI_INLINE bool coiri_coro_is_active(const coiri_coro *c)
{
	return c->way->back.pc != NULL;
}

/* ---- switch.c ---- */

/* Lays the first context: c's body will run when it is resumed, on the stack that ends at top. */
void coiri_coro_prepare(coiri_coro *c, char *top);

/* Ends a suspended one: has it unwind, or cuts it off, and runs its handlers. */
void coiri_coro_finish_off(coiri_coro *c);

/* The pair by which to switch into c (or out of it) at once, or NULL: go the long way. For C code of the library in a
 * program with a C++ runtime. */
coir_coro *coiri_coro_apart(coiri_coro *c, bool into);

/* ---- defer.c ---- */

/* Calls the handlers, the newest first. */
void coiri_coro_run_defers(coiri_coro *c);

/* ---- coro.c ---- */

/* A fiber is abandoned that was left at this stack pointer, and whose own stack has these bounds: the coroutines that
 * it stands in are over. */
void coiri_coro_abandon(const char *sp, const char *low, const char *high);

#endif
