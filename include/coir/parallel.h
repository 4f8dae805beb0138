/* SPDX-License-Identifier: MIT
 *
 * coir/parallel.h - loops, reductions, calls and a sort that use the workers that have nothing better to do.
 *
 * All are made of forks and joins (coir/task.h), and split their work only when somebody wants some: the caller goes on
 * with its own part piece by piece, and before each it looks whether what it has offered was taken; only then it offers
 * half of the rest. So nothing has to be known of the number of workers, of the cost of a piece, or of what runs besides,
 * and parts of very different cost balance out. All may be nested in one another and in tasks.
 *
 *	static int scale(int64_t lo, int64_t hi, void *arg)
 *	{
 *		double *x = arg;
 *		for (int64_t i = lo; i < hi; i++)
 *			x[i] *= 2;
 *		return 0;
 *	}
 *
 *	coir_parallel_for(0, n, 0, scale, x);
 *
 * What holds for all of them
 *   - They may be called in a fiber, in a task and in a plain thread; there they do everything themselves.
 *   - They return when all that they have begun has ended. All that is passed stays the caller's; the library refers to
 *     it until then, and to nothing after.
 *   - They may park, if others have taken a part; and if a called function parks. Called functions may do what a task
 *     may (its rules are in coir/task.h): they act as the calling fiber.
 *   - A called function must come back: no longjmp out of it, no C++ exception (coir/task.hpp carries these over), and
 *     no yield of a coroutine that was resumed outside.
 *   - Ranges are half open, [begin, end), and may be any of int64_t, also all of them.
 *
 * Grain: how many iterations one call of a body gets. Above 0: so many; ranges begin at begin + k * grain, and only the
 * last may be shorter. 0: automatic: it begins with one, and then has a call last some microseconds, as measured: so
 * cheap iterations run at nearly the speed of a plain loop, and dear ones are split down to single ones. Set it where
 * the boundaries must be the same in each run, or where a loop is so short that offering half of it (which wakes idle
 * workers) isn't worth it: with a grain of the whole length nothing is offered.
 *
 * Source of the idea: lazy binary splitting (Tzannes, Caragea, Barua, Vishkin, PPoPP 2010).
 */
#ifndef COIR_PARALLEL_H
#define COIR_PARALLEL_H

#include <coir/base.h>
#include <coir/task.h>

COIR_BEGIN_DECLS

/* Calls body(lo, hi, arg) for ranges that cover [begin, end), in any order and at the same time as others: an iteration
 * must not wait for another one. body returns 0, or a negative error: then no further range is handed out, anywhere, and
 * when those that run have ended that error is returned: of several the first that was found. An empty range is 0.
 * Any thread; may park; a cancellation point before each call of body.
 * Errors: what body returned; -ECANCELED; -EINVAL (begin > end, grain < 0, body NULL): nothing was called. */
COIR_API int coir_parallel_for(int64_t begin, int64_t end, int64_t grain,
			       int (*body)(int64_t lo, int64_t hi, void *arg), void *arg);

/* A reduction: a range is added up in several accumulators, which then become one. An accumulator is `size` bytes in the
 * library's memory or in *out, aligned as malloc does, and is not moved. It begins as a copy of *identity. */
typedef struct coir_reduction {
	size_t size;
	const void *identity;
	/* Adds [lo, hi) to *acc, which has all of some range that ends at lo. 0 or a negative error. */
	int (*body)(int64_t lo, int64_t hi, void *acc, void *arg);
	/* *acc has a range, and *right the one that follows on it: adds *right to *acc, and frees what *right may own:
	 * it is used no more. Called for each accumulator that was begun but *out, also after an error. */
	void (*combine)(void *acc, void *right, void *arg);
	void *arg;
} coir_reduction;

/* Adds up [begin, end) in *out (`size` bytes, aligned for what they hold). Everything is combined in the order of the
 * range: combine must be associative, and need not be commutative. With floating-point numbers, where it is not quite,
 * the result may differ in the last bits from one run to another, since the splits do. An empty range gives the identity.
 * Any thread; may park; a cancellation point before each call of body. A large accumulator is allocated; if there is no
 * memory for it, that part is not split.
 * Errors: what body returned, of several the first that was found: then *out has the sum of some ranges; -ECANCELED: the
 * same; -EINVAL (begin > end, grain < 0, something NULL but arg, size 0): nothing was called, *out is as it was. */
COIR_API int coir_parallel_reduce(int64_t begin, int64_t end, int64_t grain, const coir_reduction *reduction,
				  void *out);

/* Runs jobs[i].fn(jobs[i].arg) for i below n, each as a task, so that they may wait for one another, and stores what each
 * returned in jobs[i].result. The caller sets fn and arg, and keeps the array. All are run, whatever they return, and also
 * in a cancelled fiber. Those that nobody takes run in the array's order.
 * Any thread; may park; no cancellation point. Returns 0, or the first negative result in the array's order. Errors:
 * -EINVAL (jobs or one of fn NULL): nothing was called. */
COIR_API int coir_parallel_invoke(coir_job *jobs, size_t n);

/* Sorts the n elements of `size` bytes at base; compare(a, b, arg) is negative, 0 or positive as a comes before b, does
 * not matter, or comes after it, as for qsort_r. Stable: what compares as 0 stays in its order. compare is called by
 * several workers at a time. If it is not an order, the result is the elements in any order. Merges, in parallel too,
 * and needs memory for n elements meanwhile.
 * Any thread; may park; no cancellation point.
 * Errors: -ENOMEM, the elements are as they were; -EINVAL (compare NULL, size 0, base NULL with n > 0). */
COIR_API int coir_parallel_sort(void *base, size_t n, size_t size,
				int (*compare)(const void *a, const void *b, void *arg), void *arg);

COIR_END_DECLS

#endif
