/* SPDX-License-Identifier: MIT
 *
 * sched/worker.h - the worker, the runtime, and how code finds its worker.
 *
 * A worker is one kernel thread with its queues. Its own context, the loop on the thread's native stack, runs only when
 * there is no fiber to run. Everything in the first part of the struct is touched by that thread alone.
 */
#ifndef COIRI_WORKER_H
#define COIRI_WORKER_H

#include "base/rand.h"
#include "sched/deque.h"
#include "sched/fiber.h"
#include "sched/idle.h"
#include "sched/inject.h"
#include "sched/next.h"
#include "sched/ring.h"
#include "sched/slab.h"
#include "sched/tasks.h"
#include "sched/timers.h"
#include "trace/counters.h"

#include <pthread.h>

struct coiri_runtime;

#define COIRI_FAIR_STEPS  61u /* every so many steps the oldest of another queue goes first */
#define COIRI_DEQUE_TURNS 32u /* one of so many of these turns is the deque's */
#define COIRI_WAKE_STREAK 24u /* so many times in a row the run-next slot may jump the queue */
#define COIRI_ID_BLOCK    4096u

/* What a thief remembers of a victim, to see whether its run-next slot, or its ring, stands still. */
typedef struct coiri_glimpse {
	coiri_fiber *fiber;
	uint64_t state, rounds;
	int64_t since;
	int64_t ring_head, ring_since; /* the same of its ring, if that had one fiber */
} coiri_glimpse;

typedef struct coiri_worker {
	/* ---- this thread only ---- */
	coiri_fiber *current; /* the fiber that runs, or NULL in the loop */
	unsigned tick;        /* steps until the next fair pick */
	bool has_sticky;      /* a sticky fiber ever started here */
	unsigned ring_credit; /* so many steps take from the ring before the deque: timers woke fibers into it */
	bool to_loop;         /* timers are due, which only the loop fires */
	bool special;         /* exceptions to keep apart, or stacks to wipe */
	unsigned streak;      /* picks in a row from run-next */
	uint64_t next_id, last_id;
	uint64_t next_ticket, last_ticket; /* of waits */
	coiri_latch *wait_latch;           /* for post_wait: to be released */
	coiri_atomic(
		const void *) unlocking; /* the mutex that it is about to give back; read by others (sync/mutex.c) */
	coiri_slab_pool *slab;
	coiri_stack_pool stacks;
	void *loop_sp;
	void **exceptions;    /* the C++ runtime's globals of this thread, or NULL in a program without */
	coiri_fiber *awaited; /* for post_join: the child */
	coiri_stack *dead;    /* for post_exit: the stack of the fiber that ended */
	coiri_san dead_san;
	coiri_fiber *private_head, *private_tail; /* runnable sticky fibers */
	unsigned fair_turn;                       /* whose oldest is next in a fair pick */
	bool ring_first;                          /* which of the started goes first, if there are sticky ones */
	bool glimpsed;                            /* the last look saw a run-next fiber for the first time */
	unsigned index;
	struct coiri_runtime *rt;
	coiri_counters count; /* written here, read by anyone */
	coiri_rand rand;
	coiri_thief thief;
	int64_t timers_seen; /* when it last looked at its timers between two fibers */
	bool searching;      /* counted as a searcher */
	coiri_san loop_san;
	unsigned *victims; /* the other workers, nearest first */
	unsigned victim_level[COIRI_LEVELS_MAX];
	coiri_glimpse *glimpses; /* by worker */
	pthread_t thread;
	void *alt_stack;
	/* ---- shared ---- */
	coiri_timers timers;
	coiri_next next;
	coiri_deque deque;
	coiri_forked forked;
	coiri_ring ring;
	COIRI_LINE_ALIGNED coiri_atomic(coiri_fiber *) inbox; /* woken sticky fibers, newest first */
	coiri_idle_slot idle;
} coiri_worker;

typedef struct coiri_runtime {
	coiri_worker *workers;
	unsigned count;
	bool owned_by_run; /* coir_run's, not coir_start's */
	bool wipe;
	coiri_atomic(bool) stopping;
	coiri_atomic(uint64_t) ids, tickets;
	coiri_atomic(uint64_t) foreign_spawned;
	uint64_t futex_calls_before; /* of the process, at the start */
	coiri_inject inject;
	coiri_idle idle;
	/* Fibers that found no stack: they wait until one comes free, and meanwhile spawning gives -ENOMEM. */
	coiri_inject starved;
	coiri_atomic(uint32_t) starving_said;
} coiri_runtime;

/* The running runtime, or NULL. Plain threads get at it through coiri_enter, between which and coiri_exit it stays up:
 * coiri_visitors is how many are in there, and the end of the runtime waits for them (Dekker's pattern: they count
 * themselves and then look, it takes the pointer away and then looks). A thread that blocks leaves first. */
extern coiri_atomic(coiri_runtime *) coiri_rt;
extern coiri_atomic(uint32_t) coiri_visitors;

/* The same for who has entered: to him the pointer above may be NULL by now. */
extern coiri_runtime *const coiri_entered;

/* Plain threads that run on a stack of ours (coir_call_with_stack): the stacks stay until they have left. */
extern coiri_atomic(uint32_t) coiri_guests;
extern __thread unsigned coiri_thread_is_guest __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* A plain thread comes in; NULL: no runtime, and nothing to leave. */
COIRI_INLINE coiri_runtime *coiri_enter(void)
{
	at_add_seq_cst(&coiri_visitors, 1);
	coiri_runtime *rt = at_load_seq_cst(&coiri_rt); /* acquire: pairs with the release in bring_up */
	if (!rt)
		at_sub_acq_rel(&coiri_visitors, 1);
	return rt;
}

COIRI_INLINE void coiri_exit(void)
{
	at_sub_acq_rel(&coiri_visitors, 1); /* release: pairs with the acquire in bring_down */
}

/* The worker that the calling thread is, or NULL. Read anew after every switch: never through the variable. */
extern __thread coiri_worker *coiri_tls_worker __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* For coiri_latch_acquire_as. w: the calling worker, or NULL in a plain thread. */
COIRI_INLINE unsigned coiri_who(const coiri_worker *w)
{
	return w ? w->index + 1 : 0;
}

COIRI_INLINE coiri_worker *coiri_here(void)
{
	coiri_worker *w = COIRI_TLS_LOAD(coiri_worker *, coiri_tls_worker);
	coiri_san_receive(w);
	return w;
}

/* A caller comes in: *w is its worker, or NULL in a plain thread, which has entered. False: there is no runtime. */
COIRI_INLINE bool coiri_come_in(coiri_worker **w)
{
	*w = coiri_here();
	return likely(*w != NULL) || coiri_enter() != NULL;
}

/* It leaves, with a result. */
COIRI_INLINE int coiri_go_out(const coiri_worker *w, int result)
{
	if (unlikely(!w))
		coiri_exit();
	return result;
}

#endif
