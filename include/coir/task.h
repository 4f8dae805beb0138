/* SPDX-License-Identifier: MIT
 *
 * coir/task.h - fork and join at the price of a call.
 *
 * A task is a function call that another worker may run meanwhile. It lies in the frame of who forks it and costs a few
 * instructions; if nobody took it by the time of its join, the join calls it, as any function is called: no fiber, no
 * switch, no queue. If it was taken, it runs as a fiber with a stack of its own, and the join waits for that.
 *
 *	COIR_TASK(long, fib, int, n)
 *	{
 *		if (n < 2)
 *			return n;
 *		COIR_FORK(left, fib, n - 1);
 *		long right = fib(n - 2);
 *		return COIR_JOIN(left, fib) + right;
 *	}
 *
 * Rules
 *   - The fiber that forks a task joins it, exactly once, before the frame ends that it lies in; of several the newest
 *     first. A join while a newer task lies untaken, a second one, and the end of a fiber that has not joined all end
 *     the program with one line that says which, in every build. (Two tasks that were both taken may be joined in any
 *     order.)
 *   - A task may wait like any fiber: channels, locks, sleep, joins, scopes, forks of its own. While the forking fiber
 *     waits, other workers and its own run what it has forked; so a fork does run, also if the fiber waits for
 *     something that the task is to do.
 *   - A task acts as the fiber that forked it, wherever it runs: coir_self, coir_id, coir_name, its scope, its
 *     deadline, its cancellation and its shields, the size of its stack; it reads that fiber's local storage. It does
 *     not set local storage or the name, defer or park itself (coir_set, coir_set_name, coir_defer, coir_park give
 *     -EPERM in a task that was taken), and holds no lock at its end. Locks are held by who runs, which coir_mutex_owner
 *     shows: lock and unlock in the same task.
 *   - Floating-point modes are not among it: a task that was taken begins with the default ones. Set in it what it needs.
 *   - No C++ exception and no longjmp leaves a task, or the frame of a fork before its join (coir/task.hpp carries
 *     exceptions over, and joins where a frame is unwound).
 *   - What a scope holds it outlives: a fork between coir_scope_begin and coir_scope_wait is joined between them
 *     (coir_scope_wait gives -EBUSY).
 *   - A fork of a sticky fiber stays on its kernel thread.
 *   - In a plain thread, too, a task may be forked and joined: it runs in the join.
 *   - Recursion costs stack: tasks that nobody took run on the stack of who joins them. What runs out of it ends with
 *     the report of coir_config.overflow_report.
 *   - A forked child (fork(2)) must not join tasks that were forked before by its parent and taken: that ends it, with
 *     a line.
 *
 * Costs, and when to use what: docs/parallel.md. A program that is compiled with -fsanitize is as safe, and slower.
 * Source of the idea: lazy task creation (Mohr, Kranz, Halstead, 1990); tasks that lie in the frame and are called
 * directly: Wool (Faxen, 2008), Lace (van Dijk, van de Pol, 2014).
 */
#ifndef COIR_TASK_H
#define COIR_TASK_H

#include <coir/task_fork.h>

COIR_BEGIN_DECLS

/* Forks: run(task) may run on another worker from now on. Place the task as the first member of a record that holds the
 * arguments and takes the results; it is the caller's, and must stay where it is until the join. Never parks. If there
 * is no memory to let others have it, it runs in the join. */
COIRI_TASK_INLINE void coir_task_fork(coir_task *task, void (*run)(coir_task *task))
{
	coiri_task_push(task, run);
}

/* Joins. True: nobody took the task, and it is the caller's to run, now: run(task), or better a direct call. False: it
 * has run. May park, also beyond a cancel: its frame must not end before. */
COIRI_TASK_INLINE bool coir_task_join(coir_task *task)
{
	return coiri_task_pop(task);
}

/* ---- a task for each coir_fn ---- */

typedef struct coir_job {
	coir_task task;
	coir_fn fn;
	void *arg;
	intptr_t result;
} coir_job;

COIRI_TASK_INLINE void coiri_job_run(coir_task *task)
{
	coir_job *job = (coir_job *)task;
	job->result = job->fn(job->arg);
}

/* Forks fn(arg). */
COIRI_TASK_INLINE void coir_job_fork(coir_job *job, coir_fn fn, void *arg)
{
	job->fn = fn;
	job->arg = arg;
	coir_task_fork(&job->task, coiri_job_run);
}

/* Joins it and returns what fn returned. */
COIRI_TASK_INLINE intptr_t coir_job_join(coir_job *job)
{
	if (coir_task_join(&job->task))
		return job->fn(job->arg);
	return job->result;
}

COIR_END_DECLS

/* ---- typed tasks ----
 *
 * COIR_TASK(result, name, type, parameter, ...) begins the definition of a static function of that name, with up to six
 * parameters, that can also be forked: the function's body follows. COIR_TASK_VOID has no result.
 * COIR_TASK_OF(result, name, type, parameter, ...) and COIR_TASK_OF_VOID make tasks of a function that is declared
 * elsewhere.
 *
 * COIR_FORK(task, name, arguments...) declares the task in this frame and forks name(arguments).
 * COIR_JOIN(task, name) joins it; its value is the function's.
 * Where tasks are not declared one by one, the same by hand: struct name_task, name_fork(&task, arguments...),
 * name_join(&task). */
#define COIR_FORK(task_, ...)  COIRI_FORK_1(task_, COIRI_FIRST(__VA_ARGS__, ~), __VA_ARGS__)
#define COIR_JOIN(task_, name) name##_join(&task_)
#define COIR_TASK_OF(R, ...)   COIRI_TASK_OF_1(R, COIRI_FIRST(__VA_ARGS__, ~), __VA_ARGS__)
#define COIR_TASK_OF_VOID(...) COIRI_TASK_OF_VOID_1(COIRI_FIRST(__VA_ARGS__, ~), __VA_ARGS__)

#define COIR_TASK(R, ...)                                                    \
	static R COIRI_FIRST(__VA_ARGS__, ~)(COIRI_PARAMETERS(__VA_ARGS__)); \
	COIR_TASK_OF(R, __VA_ARGS__);                                        \
	static R COIRI_FIRST(__VA_ARGS__, ~)(COIRI_PARAMETERS(__VA_ARGS__))

#define COIR_TASK_VOID(...)                                                     \
	static void COIRI_FIRST(__VA_ARGS__, ~)(COIRI_PARAMETERS(__VA_ARGS__)); \
	COIR_TASK_OF_VOID(__VA_ARGS__);                                         \
	static void COIRI_FIRST(__VA_ARGS__, ~)(COIRI_PARAMETERS(__VA_ARGS__))

/* What they are made of. The list always begins with the name, so that no list is empty: what a compiler makes of an
 * empty one depends on the standard that it is told to keep. */
#define COIRI_FIRST(first, ...) first

#define COIRI_FORK_1(task_, name, ...) COIRI_FORK_2(task_, name, __VA_ARGS__)
#define COIRI_FORK_2(task_, name, ...) \
	struct name##_task task_;      \
	name##_fork(COIRI_ARGUMENTS(__VA_ARGS__, M, M, M, M, M, M, 0, ~)(&task_, __VA_ARGS__))

#define COIRI_ARGUMENTS(name, a1, a2, a3, a4, a5, a6, n, ...) COIRI_ARGUMENTS_##n
#define COIRI_ARGUMENTS_0(task, name)                         task
#define COIRI_ARGUMENTS_M(task, name, ...)                    task, __VA_ARGS__

#define COIRI_TASK_OF_1(R, name, ...) COIRI_TASK_OF_2(R, name, __VA_ARGS__)
#define COIRI_TASK_OF_2(R, name, ...)                                                                \
	struct name##_task {                                                                         \
		coir_task task;                                                                      \
		R result;                                                                            \
		COIRI_FIELDS(__VA_ARGS__)                                                            \
	};                                                                                           \
	static inline __attribute__((unused)) void name##_run(coir_task *task)                       \
	{                                                                                            \
		struct name##_task *t = (struct name##_task *)task;                                  \
		t->result = name(COIRI_VALUES(__VA_ARGS__));                                         \
	}                                                                                            \
	COIRI_TASK_INLINE void name##_fork(struct name##_task *t COIRI_MORE_PARAMETERS(__VA_ARGS__)) \
	{                                                                                            \
		COIRI_STORES(__VA_ARGS__)                                                            \
		coir_task_fork(&t->task, name##_run);                                                \
	}                                                                                            \
	COIRI_TASK_INLINE R name##_join(struct name##_task *t)                                       \
	{                                                                                            \
		return coir_task_join(&t->task) ? name(COIRI_VALUES(__VA_ARGS__)) : t->result;       \
	}                                                                                            \
	struct name##_task

#define COIRI_TASK_OF_VOID_1(name, ...) COIRI_TASK_OF_VOID_2(name, __VA_ARGS__)
#define COIRI_TASK_OF_VOID_2(name, ...)                                                              \
	struct name##_task {                                                                         \
		coir_task task;                                                                      \
		COIRI_FIELDS(__VA_ARGS__)                                                            \
	};                                                                                           \
	static inline __attribute__((unused)) void name##_run(coir_task *task)                       \
	{                                                                                            \
		struct name##_task *t = (struct name##_task *)task;                                  \
		(void)t;                                                                             \
		name(COIRI_VALUES(__VA_ARGS__));                                                     \
	}                                                                                            \
	COIRI_TASK_INLINE void name##_fork(struct name##_task *t COIRI_MORE_PARAMETERS(__VA_ARGS__)) \
	{                                                                                            \
		COIRI_STORES(__VA_ARGS__)                                                            \
		coir_task_fork(&t->task, name##_run);                                                \
	}                                                                                            \
	COIRI_TASK_INLINE void name##_join(struct name##_task *t)                                    \
	{                                                                                            \
		if (coir_task_join(&t->task))                                                        \
			name(COIRI_VALUES(__VA_ARGS__));                                             \
	}                                                                                            \
	struct name##_task

/* Lists: the name, and up to six pairs of type and parameter. */
#define COIRI_FIELDS(...)          COIRI_PICK(COIRI_FIELDS, __VA_ARGS__)(__VA_ARGS__)
#define COIRI_PARAMETERS(...)      COIRI_PICK(COIRI_PARAMETERS, __VA_ARGS__)(__VA_ARGS__)
#define COIRI_MORE_PARAMETERS(...) COIRI_PICK(COIRI_MORE, __VA_ARGS__)(__VA_ARGS__)
#define COIRI_VALUES(...)          COIRI_PICK(COIRI_VALUES, __VA_ARGS__)(__VA_ARGS__)
#define COIRI_STORES(...)          COIRI_PICK(COIRI_STORES, __VA_ARGS__)(__VA_ARGS__)

#define COIRI_PICK(list, ...)                                                           COIRI_PICK_(list, __VA_ARGS__, 6, X, 5, X, 4, X, 3, X, 2, X, 1, X, 0, ~)
#define COIRI_PICK_(list, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6, n, ...) list##_##n

#define COIRI_FIELDS_0(name)
#define COIRI_FIELDS_1(name, T, a) T a;
#define COIRI_FIELDS_2(name, T, a, ...) \
	T a;                            \
	COIRI_FIELDS_1(name, __VA_ARGS__)
#define COIRI_FIELDS_3(name, T, a, ...) \
	T a;                            \
	COIRI_FIELDS_2(name, __VA_ARGS__)
#define COIRI_FIELDS_4(name, T, a, ...) \
	T a;                            \
	COIRI_FIELDS_3(name, __VA_ARGS__)
#define COIRI_FIELDS_5(name, T, a, ...) \
	T a;                            \
	COIRI_FIELDS_4(name, __VA_ARGS__)
#define COIRI_FIELDS_6(name, T, a, ...) \
	T a;                            \
	COIRI_FIELDS_5(name, __VA_ARGS__)

#define COIRI_PARAMETERS_0(name)            void
#define COIRI_PARAMETERS_1(name, T, a)      T a
#define COIRI_PARAMETERS_2(name, T, a, ...) T a, COIRI_PARAMETERS_1(name, __VA_ARGS__)
#define COIRI_PARAMETERS_3(name, T, a, ...) T a, COIRI_PARAMETERS_2(name, __VA_ARGS__)
#define COIRI_PARAMETERS_4(name, T, a, ...) T a, COIRI_PARAMETERS_3(name, __VA_ARGS__)
#define COIRI_PARAMETERS_5(name, T, a, ...) T a, COIRI_PARAMETERS_4(name, __VA_ARGS__)
#define COIRI_PARAMETERS_6(name, T, a, ...) T a, COIRI_PARAMETERS_5(name, __VA_ARGS__)

#define COIRI_MORE_0(name)
#define COIRI_MORE_1(...) , COIRI_PARAMETERS_1(__VA_ARGS__)
#define COIRI_MORE_2(...) , COIRI_PARAMETERS_2(__VA_ARGS__)
#define COIRI_MORE_3(...) , COIRI_PARAMETERS_3(__VA_ARGS__)
#define COIRI_MORE_4(...) , COIRI_PARAMETERS_4(__VA_ARGS__)
#define COIRI_MORE_5(...) , COIRI_PARAMETERS_5(__VA_ARGS__)
#define COIRI_MORE_6(...) , COIRI_PARAMETERS_6(__VA_ARGS__)

#define COIRI_VALUES_0(name)
#define COIRI_VALUES_1(name, T, a)      t->a
#define COIRI_VALUES_2(name, T, a, ...) t->a, COIRI_VALUES_1(name, __VA_ARGS__)
#define COIRI_VALUES_3(name, T, a, ...) t->a, COIRI_VALUES_2(name, __VA_ARGS__)
#define COIRI_VALUES_4(name, T, a, ...) t->a, COIRI_VALUES_3(name, __VA_ARGS__)
#define COIRI_VALUES_5(name, T, a, ...) t->a, COIRI_VALUES_4(name, __VA_ARGS__)
#define COIRI_VALUES_6(name, T, a, ...) t->a, COIRI_VALUES_5(name, __VA_ARGS__)

#define COIRI_STORES_0(name)
#define COIRI_STORES_1(name, T, a) t->a = a;
#define COIRI_STORES_2(name, T, a, ...) \
	t->a = a;                       \
	COIRI_STORES_1(name, __VA_ARGS__)
#define COIRI_STORES_3(name, T, a, ...) \
	t->a = a;                       \
	COIRI_STORES_2(name, __VA_ARGS__)
#define COIRI_STORES_4(name, T, a, ...) \
	t->a = a;                       \
	COIRI_STORES_3(name, __VA_ARGS__)
#define COIRI_STORES_5(name, T, a, ...) \
	t->a = a;                       \
	COIRI_STORES_4(name, __VA_ARGS__)
#define COIRI_STORES_6(name, T, a, ...) \
	t->a = a;                       \
	COIRI_STORES_5(name, __VA_ARGS__)

#endif
