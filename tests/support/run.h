/* SPDX-License-Identifier: MIT
 *
 * support/run.h - running test bodies on so many workers, and coir's calls where a failure would be the test's end.
 */
#ifndef TESTS_SUPPORT_RUN_H
#define TESTS_SUPPORT_RUN_H

#include "support/must.h"

#include <coir/coir.h>
#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs fn(arg) as the main fiber of a runtime with so many workers; its result. With COIR_TEST_REFUSE=membarrier in the
 * environment this and the next find no membarrier(2). */
intptr_t with_workers(unsigned workers, coir_fn fn, void *arg);

/* coir_start with so many workers; coir_stop, which is to find no fiber alive. */
void start_workers(unsigned workers);
void stop_workers(void);

coir_fiber must_spawn(coir_fn fn, void *arg);
coir_fiber must_spawn_sticky(coir_fn fn, void *arg);
intptr_t must_join(coir_fiber f);
coir_fiber must_self(void);
coir_stats must_stats(void);

/* Joins n handles and adds up the results. */
intptr_t must_join_all(const coir_fiber *fibers, int n);

/* A plain thread, and waiting for its end. */
pthread_t thread_start(void *(*fn)(void *), void *arg);
void *thread_end(pthread_t thread);

/* Waits, in a plain thread, for a state that must come: polls. The test's time limit is the only limit. */
void poll_until(bool (*state)(void *arg), void *arg);

/* The kernel's id of the calling thread. */
int thread_id(void);

/* The number of threads the process has, and waiting until it has that many again: an ended thread may be listed a
 * little longer than it can be joined. (ThreadSanitizer makes threads of its own when it likes: there nothing is waited
 * for.) */
int thread_count(void);
void thread_count_settles(int threads);

/* ---- sizes: smaller under sanitizers and emulators ---- */

/* n divided by the environment's COIR_TEST_SCALE, at least 1. */
long scaled(long n);

/* The same for a number of fibers that live at once, which ThreadSanitizer limits too. */
long scaled_fibers(long n);

/* The same for a number of spawns, which ThreadSanitizer makes dear. */
long scaled_spawns(long n);

/* An array of zeros, for free(). */
void *zeros(size_t count, size_t size);

void run_fiber_body(unsigned workers, void (*body)(unsigned workers));

#ifdef __cplusplus
}
#endif

/* workers_test(suite, name) { ... } makes four cases of a body that gets `unsigned workers`, for 1, 2, 4 and 8 workers:
 * more than the test machines have processors. fiber_test's body runs as the main fiber. crowd_test is fiber_test
 * without the case of one worker, for bodies that need a second one; solo_test is only that case, for what can be told
 * only there. */
#define workers_test(Suite, Name)          \
	static TEST_BODY_(Suite##_##Name); \
	TEST_FOR_WORKERS_(Suite, Name, Suite##_##Name(workers))

#define fiber_test(Suite, Name)            \
	static TEST_BODY_(Suite##_##Name); \
	TEST_FOR_WORKERS_(Suite, Name, run_fiber_body(workers, Suite##_##Name))

#define crowd_test(Suite, Name)                                            \
	static TEST_BODY_(Suite##_##Name);                                 \
	TEST_FOR_(Suite, Name, 2, run_fiber_body(workers, Suite##_##Name)) \
	TEST_FOR_(Suite, Name, 4, run_fiber_body(workers, Suite##_##Name)) \
	TEST_FOR_(Suite, Name, 8, run_fiber_body(workers, Suite##_##Name)) \
	static TEST_BODY_(Suite##_##Name)

#define solo_test(Suite, Name)                     \
	static TEST_BODY_(Suite##_##Name);         \
	Test(Suite, Name)                          \
	{                                          \
		run_fiber_body(1, Suite##_##Name); \
	}                                          \
	static TEST_BODY_(Suite##_##Name)

#define TEST_BODY_(function) void function(__attribute__((unused)) unsigned workers)

#define TEST_FOR_WORKERS_(Suite, Name, call) \
	TEST_FOR_(Suite, Name, 1, call)      \
	TEST_FOR_(Suite, Name, 2, call)      \
	TEST_FOR_(Suite, Name, 4, call)      \
	TEST_FOR_(Suite, Name, 8, call)      \
	static TEST_BODY_(Suite##_##Name)

#define TEST_FOR_(Suite, Name, n, call) \
	Test(Suite, Name##_on_##n)      \
	{                               \
		unsigned workers = n;   \
		call;                   \
	}

#endif
