/* SPDX-License-Identifier: MIT
 *
 * sched/tasks.h - the tasks that a worker's fiber has forked and not yet joined, and what becomes of those that another
 * is to run. The interface and the short ways of fork and join are in coir/task.h and coir/task_fork.h.
 *
 * A task's record lies in the frame of who forks. Each worker has a stack of pointers to such records (coiri_tasks): the
 * fiber that it runs pushes at the bottom and pops there, thieves take the oldest from the top, one at a time, because
 * in a tree of forks that is the largest piece.
 *
 * Invariant: all records in a worker's stack were forked by the fiber that it runs (w->current), and not yet joined. So
 * before a fiber leaves its worker, or has another fiber run on its own stack, its records are promoted: taken out and
 * made into fibers, which anyone may run. That happens where the next fiber is chosen (pick.c), and so takes part in the
 * choice: a fiber that waits for what its own task is to do does not wait in vain, on one worker neither. Promoted are
 * they also before something changes that tasks have from their fiber (its scope, its shields), so that a thief finds
 * with the fiber what it was at the fork.
 *
 * How owner and thief agree is the protocol of deque.h, in an array that does not wrap round:
 *
 *        join                           thief, under the lock
 *        bottom = b                     claim = all
 *        light fence                    heavy fence
 *        load claim                     load bottom
 *        claim <= b: it is the join's   bottom > top: takes it
 *        else: takes it back, and       claim = top = the end of what it took
 *        looks under the lock
 *
 * The heavy fence is dear (an interrupt to each processor that runs one of our threads: 2 to 10 us, each of them pays), and
 * an owner that forks all the time can do the same by a look. So the thief asks first (ask.h), and sets the limit to the
 * base, so that the next fork takes the long way; there the owner sees that it is asked, and with it the claim, and
 * grants. From then on its joins see the claim, and the thief sees what it did before. Only if the owner does not answer,
 * because it is busy with something long, the thief makes the fence. An owner that is about to take the lock, because a
 * join met the claim, grants too.
 *
 * A thief makes the record's fiber before it moves top, and all under the lock; so a join that does not find its task in
 * the stack, under the lock, finds its fiber in the record. The owner may read its own bottom == top without the lock:
 * top moves last, with release, when the thief is done with the record and with the fiber that forked it.
 *
 * Without membarrier the light fence would have to be a full one, which the inlined code does not have. Then limit is at
 * the base and claim at the end of all addresses, so that every fork and join takes the long way: under the lock.
 *
 * What is made into a fiber is claimed from the beginning: nobody has a handle to it but the join, which frees it, calls
 * the task itself if the fiber has not started and is within reach, or waits as any join does. It acts as the fiber that
 * forked it (its owner; of a task forked by such a one, the same owner). See coiri_task_main.
 */
#ifndef COIRI_SCHED_TASKS_H
#define COIRI_SCHED_TASKS_H

#include "base/link.h"
#include "base/membarrier.h"
#include "sched/ask.h"
#include "sched/fiber.h"

#include <coir/task_fork.h>

struct coiri_worker;

typedef struct coiri_forked {
	coiri_tasks ends;
	coir_task **end; /* of the room */
	coiri_lock lock;
	coiri_ask ask;
	/* Tasks that were made into fibers and began here, until they end. */
	coiri_lock strays_lock;
	coiri_link *strays;
} coiri_forked;

/* The ends are plain words, so that C++ can look at them. */
#define COIRI_END(end) ((coiri_atomic(coir_task **) *)&(end))

int coiri_tasks_init(coiri_forked *q, const coiri_atomic(uint32_t) * hint);
void coiri_tasks_fini(coiri_forked *q);

/* Owner: has it forked something that lies in its stack? */
COIRI_INLINE bool coiri_tasks_open(coiri_forked *q)
{
	/* acquire: pairs with the release of top in a theft */
	return at_load_relaxed(COIRI_END(q->ends.bottom)) != at_load_acquire(COIRI_END(q->ends.top));
}

/* Owner: grants what a thief asks for. */
COIRI_INLINE void coiri_tasks_grant(coiri_forked *q)
{
	coiri_ask_grant(&q->ask, coiri_ask_heard(&q->ask));
}

/* Any worker: is there something to be taken, as far as can be seen? */
COIRI_INLINE bool coiri_tasks_any(coiri_forked *q)
{
	return at_load_relaxed(COIRI_END(q->ends.bottom)) > at_load_relaxed(COIRI_END(q->ends.top));
}

/* Takes the victim's oldest task: a fiber, which never ran, or NULL. */
coiri_fiber *coiri_tasks_steal(struct coiri_worker *w, struct coiri_worker *victim);

/* Makes fibers of all that the current fiber has in the stack. */
void coiri_tasks_promote_all(struct coiri_worker *w);

/* Where the forks of the calling thread, a worker's, go; NULL: it is no worker's any more. */
void coiri_tasks_use(coiri_forked *q);

/* A fiber has ended with tasks that it has not joined. */
COIRI_NORETURN COIRI_COLD void coiri_tasks_unjoined(void);

/* ---- tasks that were made into fibers ---- */

/* One that never ran finds no stack, or its joiner, which has just begun to wait, finds it without: it is put aside until
 * a stack comes free, or given back to the joiner, who then runs the task himself. seq: of its state word. */
void coiri_task_starve(struct coiri_worker *w, coiri_fiber *f);
void coiri_task_rescue(struct coiri_worker *w, coiri_fiber *f, uint64_t seq);

/* The entry of one; its argument is the task. */
intptr_t coiri_task_main(void *task);

COIRI_INLINE bool coiri_is_task(const coiri_fiber *f)
{
	return unlikely(f->fn == coiri_task_main);
}

/* Whom the fiber, which runs, acts as: itself, or the fiber that forked it. */
COIRI_INLINE coiri_fiber *coiri_identity(coiri_fiber *me)
{
	return coiri_is_task(me) ? me->cold->owner : me;
}

/* The fiber h is cancelled, and with it the tasks that act as it: they are marked, and, after a heavy fence, their waits
 * ended. */
void coiri_tasks_mark(struct coiri_worker *w, coir_fiber h);
void coiri_tasks_reach(struct coiri_worker *w, coir_fiber h);

/* A task begins in this fiber's scope (set by that room). */
extern void (*coiri_enter_scope)(coiri_cold *cold);

#endif
