/* SPDX-License-Identifier: MIT
 *
 * coir/task_fork.h - how a fork and its join work: inlined into the program. Not an interface; see coir/task.h.
 *
 * Each worker has a stack of the tasks that the fiber which it runs has forked and not yet joined. A fork pushes, the
 * join pops, and what it pops is called like any function. Thieves take from the other end: they move `claim` up, past
 * what they want, before they look at `bottom`; a join moves `bottom` down before it looks at `claim`; so at least one
 * sees the other (src/sched/tasks.h has the whole protocol). The join needs no fence for that, only an order that the
 * compiler keeps: thieves make up for it.
 *
 * What these few lines do not see to themselves they leave to the library: a full stack, or a thief that asks (`limit`),
 * idle workers that are to be told (`hint`), a join whose task is not the newest that is left. Outside of fibers there is a stack without
 * room, so every call goes to the library.
 *
 * The names of what the library exports for this end with the number of this format: a program that was compiled with
 * another does not link.
 */
#ifndef COIR_TASK_FORK_H
#define COIR_TASK_FORK_H

#include <coir/base.h>

COIR_BEGIN_DECLS

typedef struct coir_task coir_task;

/* A forked task, in the frame of who forks. Its contents are coir's. */
struct coir_task {
	void (*run)(coir_task *task);
	void *fiber;      /* NULL: lies in a stack of tasks; else the fiber that it was made into */
	void *owner;      /* once it is one: the fiber that it acts as, */
	unsigned shields; /* and the shields against cancellation that it has from that */
};

typedef struct coiri_tasks {
	/* The worker's. bottom: behind the newest. */
	coir_task **bottom __attribute__((aligned(64)));
	coir_task **limit; /* where there is no more room; the base, if a fork is to look what a thief wants */
	const uint32_t *hint;
	coir_task **base; /* where the room begins; there is a NULL before it */
	/* The thieves'. */
	coir_task **claim __attribute__((aligned(64)));
	coir_task **top; /* the oldest; behind claim while a theft goes on */
} coiri_tasks;

#define COIRI_TASK_INLINE static inline __attribute__((always_inline, unused))

/* The running worker's, or one without room. Never read but by coiri_tasks_here: it changes with every wait. */
COIR_API extern __thread coiri_tasks *coir_tasks_1 __attribute__((tls_model("initial-exec")));

/* The long ways. */
COIR_API void coir_task_fork_1(coir_task *task);
COIR_API int coir_task_join_1(coir_task *task);
COIR_API void coir_task_tell_1(void);

/* By an asm, because a compiler may remember the address of a thread-local variable, which after a wait is another
 * thread's. */
COIRI_TASK_INLINE coiri_tasks *coiri_tasks_here(void)
{
	coiri_tasks *tasks;
#if defined(__x86_64__)
	__asm__ volatile("movq coir_tasks_1@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(tasks));
#elif defined(__aarch64__)
	void *offset;
	__asm__ volatile("mrs %0, tpidr_el0\n\t"
			 "adrp %1, :gottprel:coir_tasks_1\n\t"
			 "ldr %1, [%1, :gottprel_lo12:coir_tasks_1]\n\t"
			 "ldr %0, [%0, %1]"
			 : "=&r"(tasks), "=&r"(offset));
#else
	__asm__ volatile("la.tls.ie %0, coir_tasks_1\n\t"
			 "add %0, %0, tp\n\t"
			 "ld %0, 0(%0)"
			 : "=r"(tasks));
#endif
	return tasks;
}

COIRI_TASK_INLINE void coiri_task_push(coir_task *task, void (*run)(coir_task *task))
{
	coiri_tasks *tasks = coiri_tasks_here();
	coir_task **bottom = tasks->bottom;
	task->run = run;
	task->fiber = NULL;
	if (__builtin_expect(bottom >= __atomic_load_n(&tasks->limit, __ATOMIC_RELAXED), 0)) {
		coir_task_fork_1(task);
		return;
	}
	__atomic_store_n(bottom, task, __ATOMIC_RELAXED);
	/* release: pairs with the acquire of bottom in a theft */
	__atomic_store_n(&tasks->bottom, bottom + 1, __ATOMIC_RELEASE);
	__atomic_signal_fence(
		__ATOMIC_SEQ_CST); /* pairs with the heavy fence of the last searcher (src/sched/idle.h) */
	if (__builtin_expect(__atomic_load_n(tasks->hint, __ATOMIC_RELAXED) != 0, 0))
		coir_task_tell_1();
}

COIRI_TASK_INLINE bool coiri_task_pop(coir_task *task)
{
	coiri_tasks *tasks = coiri_tasks_here();
	coir_task **newest = tasks->bottom - 1;
	if (__builtin_expect(__atomic_load_n(newest, __ATOMIC_RELAXED) == task, 1)) {
		/* release: pairs with the acquire of bottom in a theft */
		__atomic_store_n(&tasks->bottom, newest, __ATOMIC_RELEASE);
		__atomic_signal_fence(__ATOMIC_SEQ_CST); /* pairs with the heavy fence of a theft */
		if (__builtin_expect(__atomic_load_n(&tasks->claim, __ATOMIC_RELAXED) <= newest, 1))
			return true;
		__atomic_store_n(&tasks->bottom, newest + 1, __ATOMIC_RELEASE); /* take it back, and ask */
	}
	return coir_task_join_1(task) != 0;
}

COIR_END_DECLS

#endif
