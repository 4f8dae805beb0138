/* SPDX-License-Identifier: MIT
 *
 * sched/fiber.h - the fiber descriptor, its state word, and the named transitions of that word.
 *
 * A descriptor is one cache line. It is type-stable: once a descriptor, always a descriptor, for the life of the
 * process, so a stale handle may look at one at any time. What is seldom needed lies elsewhere: in the coiri_cold block
 * at the top of the fiber's stack (or in the frame of the join that runs it inline), and in a coiri_extra record for
 * what differs from the default attributes.
 *
 * The state word is the sequence number (56 bits, the fiber's id, never used twice) over 8 flag bits; 0 is a free
 * descriptor. Whoever acts on a handle does it by one compare-and-swap of that word, which so checks the handle and
 * acts in one step.
 *
 *   PERMIT    unpark gave it, park takes it
 *   PARKED    off its stack in coir_park; whoever clears the bit owns the fiber and must make it runnable. (In a task
 *             that never ran: see coiri_task_starve)
 *   CLAIMED   someone joins it: nobody else may join or detach; the claimer frees the descriptor, or its finisher does
 *             for him
 *   AWAITED   the claimer is off its stack (or asleep) and f->joiner says who; set only with CLAIMED
 *   DETACHED  nobody will join; the finisher frees the descriptor
 *   DONE      has ended, f->arg is the result; the claimer or detacher frees it
 *   CANCEL    someone wants it to end: for good
 *   SCOPED    a scope that it opened is cancelled: until it leaves that scope
 *
 *   spawn      0 -> seq | [DETACHED]                      plain store: nobody knows the fiber yet
 *   unpark     PARKED -> 0: make it runnable;  else set PERMIT (also when set: the release must reach the next park)
 *   park       PERMIT -> 0: go on;  0 -> PARKED in the post action, off the stack
 *   join       set CLAIMED; then if DONE: reap;  else AWAITED in the post action, off the stack; if DONE meanwhile:
 *              reap
 *   cancel     set CANCEL (or SCOPED); PARKED -> 0: the canceller owns the fiber, and makes it runnable with -ECANCELED,
 *              or parks it again if it is shielded
 *   detach     set DETACHED; if DONE: free
 *   finish     DETACHED: free (plain store: no transition of a detached fiber that has ended matters);  else set DONE;
 *              if AWAITED: hand the result to the joiner, free, make the joiner runnable
 *
 * Orders: unpark's CAS is a release, which pairs with the acquire of park's; the CAS that clears PARKED acquires what
 * the post action's CAS released (the saved context); finish's DONE is a release and an acquire, as are CLAIMED and
 * AWAITED, which so order the result and the joiner's fields in both directions.
 *
 * Who owns the other fields: the holder of the fiber. It is held by the queue it lies in, then by the worker that runs
 * it, then by whoever clears PARKED, or by the child it waits for.
 */
#ifndef COIRI_FIBER_H
#define COIRI_FIBER_H

#include "arch/arch.h"
#include "arch/san.h"
#include "base/atomic.h"
#include "base/link.h"
#include "sched/waiter.h"
#include "stack/stack.h"
#include <coir/fiber.h>

enum {
	COIRI_PERMIT = 1,
	COIRI_PARKED = 2,
	COIRI_CLAIMED = 4,
	COIRI_AWAITED = 8,
	COIRI_DETACHED = 16,
	COIRI_DONE = 32,
	COIRI_CANCEL = 64,
	COIRI_SCOPED = 128,
	COIRI_CANCELS = COIRI_CANCEL | COIRI_SCOPED,
	COIRI_FLAGS = 255,
	COIRI_SEQ_SHIFT = 8,
};

struct coiri_cold;
struct coiri_extra;

typedef struct coiri_fiber {
	COIRI_LINE_ALIGNED coiri_atomic(uint64_t) state;
	void *sp;   /* the suspended context; NULL: never started */
	coir_fn fn; /* kept for messages after it was called */
	void *arg;  /* before the start: the argument; in a join: where to put the result; after: the result */
	union {
		coiri_atomic(struct coiri_fiber *) next; /* in a list: free, injection, inbox, to be woken */
		coiri_atomic(uint64_t) wait;             /* while it waits: see wait.h; else it is even */
	};
	void *joiner;              /* a coiri_fiber, or a coiri_thread_wait with bit 0 set */
	struct coiri_cold *cold;   /* valid from its start to its end; before: the scope that it is spawned into */
	struct coiri_extra *extra; /* NULL: nothing special */
} coiri_fiber;

_Static_assert(sizeof(coiri_fiber) == COIRI_CACHE_LINE, "a fiber descriptor is one cache line");

/* What a fiber needs only while it is started. */
typedef struct coiri_cold {
	coiri_stack *stack;           /* its own stack; NULL: runs on its joiner's */
	char *low;                    /* the lowest address it may use */
	char *high;                   /* and the end: outside, it stands on a coroutine's stack for now */
	struct coiri_fiber *under;    /* the joiner whose stack it runs on, or NULL */
	coiri_atomic(void *) locals;  /* fiber-local storage, NULL until used */
	void *defers;                 /* handlers to run at its end, the newest first (scope) */
	void *scope;                  /* the innermost scope that it opened, else its home (scope) */
	void *home;                   /* the scope that it was spawned into, or NULL, */
	coiri_link link;              /* which lists it, */
	struct coiri_fiber *self;     /* to be found from that list */
	unsigned shields;             /* how many shields against cancellation it stands in */
	coiri_atomic(unsigned) given; /* tasks that it forked and others run, until it joins them */
	unsigned given_before;        /* of those, at most so many were forked before its innermost scope began */
	struct coiri_fiber *owner;    /* of a task: the fiber that it acts as */
	coiri_waiter waiter;          /* for a wait at one object */
	void *exceptions[2];          /* the C++ runtime's globals while it does not run */
	coiri_san san;
} coiri_cold;

/* Attributes that differ from the default, made at spawn (or at the first coir_set_name). */
typedef struct coiri_extra {
	char name[COIR_NAME_MAX];
	size_t *high_water;
	coiri_stack *stack; /* to run on, taken beforehand, or NULL */
	int16_t home;       /* worker of a started sticky fiber, or -1 */
	uint8_t stack_class;
	bool own_stack; /* asked for a stack size: stack_class counts, not the default */
	bool sticky;
	bool is_main; /* coir_run's fiber */
} coiri_extra;

COIRI_INLINE coiri_fiber *coiri_next_of(coiri_fiber *f)
{
	return at_load_relaxed(&f->next);
}

COIRI_INLINE void coiri_set_next(coiri_fiber *f, coiri_fiber *next)
{
	at_store_relaxed(&f->next, next);
}

/* The fiber gets this block, as it starts. */
COIRI_INLINE void coiri_cold_give(coiri_cold *cold, coiri_fiber *f)
{
	cold->scope = cold->home = f->cold;
	cold->shields = 0;
	at_store_relaxed(&cold->given, 0);
	cold->given_before = 0;
	f->cold = cold;
}

/* A fiber starts with this block: what it has before it has done anything. */
COIRI_INLINE void coiri_cold_begin(coiri_cold *cold, coiri_stack *stack, char *low, char *high,
				   struct coiri_fiber *under)
{
	cold->stack = stack;
	cold->low = low;
	cold->high = high;
	cold->under = under;
	at_store_relaxed(&cold->locals, NULL);
	cold->defers = NULL;
}

COIRI_INLINE coir_fiber coiri_handle(coiri_fiber *f)
{
	return (coir_fiber){f, at_load_relaxed(&f->state) >> COIRI_SEQ_SHIFT};
}

COIRI_INLINE bool coiri_is_new(const coiri_fiber *f)
{
	return f->sp == NULL;
}

COIRI_INLINE bool coiri_is_sticky(const coiri_fiber *f)
{
	return unlikely(f->extra != NULL) && f->extra->sticky;
}

/* May neither run inside a join nor carry another fiber's run. */
COIRI_INLINE bool coiri_keeps_own_stack(const coiri_fiber *f)
{
	return unlikely(f->extra != NULL) && (f->extra->sticky || f->extra->own_stack || f->extra->high_water);
}

/* Does the fiber, which calls, stand on its own stack (or on its joiner's, or in a coir_call_with_stack)? */
COIRI_INLINE bool coiri_is_at_home(const coiri_cold *cold, const char *sp)
{
	return sp >= cold->low && sp < cold->high;
}

/* Where the cold block lies on a stack of the fiber's own, and where its frames begin. */
COIRI_INLINE coiri_cold *coiri_cold_of(coiri_stack *stack)
{
	return (coiri_cold *)(coiri_stack_top(stack) - coiri_round_up(sizeof(coiri_cold), 16));
}

#endif
