/* SPDX-License-Identifier: MIT
 *
 * api/coro_fiber_test.c - coroutines and the runtime: waiting inside one, moving between fibers, workers and threads,
 * starting, stopping and forking meanwhile.
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/coro.h"
#include "support/deep.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

enum { KIB = 1 << 10, MIB = 1 << 20 };

static intptr_t resume_it(void *co)
{
	intptr_t out = -1;
	return coir_coro_resume(co, 0, &out) < 0 ? -1 : out;
}

/* ---- the fiber waits inside ---- */

static intptr_t wait_inside(coir_coro *self, void *arg)
{
	intptr_t sum = 0;
	for (int i = 0; i < 10; i++) {
		uint64_t id = coir_id();
		must_ok(coir_yield());
		sum += must_join(must_spawn(fiber_yield_often, (void *)1));
		sum += must_join(must_spawn(fiber_give_back, (void *)1)); /* would run inside the join elsewhere */
		must_eq(coir_id(), id);
		must(coir_coro_self() == self);
		must_ok(coir_coro_yield(self, sum, NULL));
	}
	return sum + (intptr_t)arg;
}

static intptr_t is_in_none(void *arg)
{
	return coir_coro_self() ? -1 : (intptr_t)arg;
}

static intptr_t join_inside(coir_coro *self, void *arg)
{
	must(coir_coro_self() == self);
	return must_join(must_spawn(is_in_none, arg));
}

/* A join does not run its child on a coroutine's stack, wherever that lies. */
fiber_test(coro_fiber, child_is_in_no_coroutine)
{
	enum { N = 40 };
	coir_coro *co[N];
	for (int round = 0; round < 2; round++) {
		coir_fiber f[N];
		for (int i = 0; i < N; i++)
			co[i] = must_make(join_inside, (void *)(intptr_t)i);
		for (int i = 0; i < N; i++)
			f[i] = must_spawn(resume_it, co[i]);
		must_ok(coir_yield());
		for (int i = 0; i < N; i++) {
			must_eq(must_join(f[i]), i);
			must_ok(coir_coro_destroy(co[i]));
		}
	}
}

static intptr_t drive(void *arg)
{
	intptr_t out = 0;
	coir_coro *co = must_make(wait_inside, arg);
	for (int i = 1; i <= 10; i++) {
		must_ok(coir_coro_resume(co, 0, &out));
		must_eq(out, 2 * i);
		must_ok(coir_yield());
	}
	must_eq(coir_coro_resume(co, 0, &out), COIR_CORO_DONE);
	must_ok(coir_coro_destroy(co));
	return out;
}

fiber_test(coro_fiber, waits_inside)
{
	coir_fiber f[20];
	for (int i = 0; i < 20; i++)
		f[i] = must_spawn(drive, (void *)100);
	must_eq(must_join_all(f, 20), 20 * 120);
	must_eq(coir_coro_count(), 0);
}

static intptr_t park_inside(coir_coro *self, void *arg)
{
	(void)self;
	must_ok(coir_park());
	return (intptr_t)arg;
}

static intptr_t destroy_waits(void *arg)
{
	coir_coro *co = must_make(park_inside, NULL);
	atomic_store((atomic_int *)arg, 1);
	must_eq(coir_coro_resume(co, 0, NULL), COIR_CORO_DONE);
	return coir_coro_destroy(co);
}

/* Active in a fiber that waits: nobody else can have it. */
static intptr_t give_co(coir_coro *self, void *arg)
{
	must_ok(coir_coro_yield(self, 0, NULL));
	must_ok(coir_park());
	return (intptr_t)arg;
}

fiber_test(coro_fiber, busy_while_its_fiber_waits)
{
	atomic_int begun = 0;
	coir_fiber f = must_spawn(destroy_waits, &begun);
	while (!atomic_load(&begun))
		must_ok(coir_yield());
	must_ok(coir_unpark(f));
	must_eq(must_join(f), 0);

	coir_coro *co = must_make(give_co, (void *)6);
	must_ok(coir_coro_resume(co, 0, NULL));
	f = must_spawn(resume_it, co);
	while (coir_coro_status(co) == COIR_CORO_SUSPENDED)
		must_ok(coir_yield());
	must_eq(coir_coro_status(co), COIR_CORO_NORMAL);
	must_eq(coir_coro_resume(co, 0, NULL), -EBUSY);
	must_eq(coir_coro_destroy(co), -EBUSY);
	must_ok(coir_unpark(f));
	must_eq(must_join(f), 6);
	must_eq(coir_coro_status(co), COIR_CORO_FINISHED);
	must_ok(coir_coro_destroy(co));
}

/* ---- moving ---- */

static intptr_t count_up(coir_coro *self, void *arg)
{
	intptr_t n = (intptr_t)arg;
	uint64_t id = coir_id();
	bool same = true;
	for (;;) {
		if (coir_coro_yield(self, ++n, NULL))
			return same ? -1 : 0;
		same = same && id == coir_id();
	}
}

/* Each fiber in turn, on whatever worker: identity is the resumer's. */
fiber_test(coro_fiber, moves_between_fibers)
{
	enum { N = 200 };
	coir_coro *co = must_make(count_up, NULL);
	for (int i = 1; i <= N; i++) {
		coir_fiber f = must_spawn(resume_it, co);
		for (int k = 0; k < i % 4; k++)
			must_ok(coir_yield());
		must_eq(must_join(f), i);
	}
	must_ok(coir_coro_destroy(co));
}

static void *resume_in_thread(void *co)
{
	return (void *)resume_it(co);
}

workers_test(coro_fiber, moves_between_threads_and_runtimes)
{
	coir_coro *co = must_make(count_up, NULL);
	intptr_t n = 0;
	for (int round = 0; round < 3; round++) {
		must_eq(resume_it(co), ++n);
		must_eq((intptr_t)thread_end(thread_start(resume_in_thread, co)), ++n);
		start_workers(workers);
		must_eq(resume_it(co), ++n);
		must_eq(must_join(must_spawn(resume_it, co)), ++n);
		must_eq((intptr_t)thread_end(thread_start(resume_in_thread, co)), ++n);
		stop_workers();
	}
	must_eq(coir_coro_count(), 1);
	must_ok(coir_coro_destroy(co));
	must_eq(coir_coro_count(), 0);
}

static intptr_t make_some(void *arg)
{
	coir_coro **co = arg;
	for (int i = 0; i < 50; i++) {
		co[i] = must_make(count_up, (void *)(intptr_t)i);
		must_eq(resume_it(co[i]), i + 1);
	}
	return 0;
}

static intptr_t destroy_some(void *arg)
{
	coir_coro **co = arg;
	for (int i = 0; i < 50; i++) {
		must_eq(resume_it(co[i]), i + 2);
		must_ok(coir_coro_destroy(co[i]));
	}
	return 0;
}

/* Made in one runtime, used in the next; their stacks serve again. */
workers_test(coro_fiber, outlive_their_runtime)
{
	coir_coro *co[50];
	for (int round = 0; round < 5; round++) {
		with_workers(workers, make_some, co);
		must_eq(coir_coro_count(), 50);
		if (round % 2)
			with_workers(workers, destroy_some, co);
		else
			destroy_some(co);
		must_eq(coir_coro_count(), 0);
	}
}

/* ---- abandoned ---- */

static intptr_t resume_next(coir_coro *self, void *next)
{
	(void)self;
	return coir_coro_resume(next, 0, NULL);
}

static coir_coro *stuck[3], *left;
static atomic_int reached, handled;

static void count_handler(void *arg)
{
	(void)arg;
	atomic_fetch_add(&handled, 1);
}

static intptr_t park_for_ever(coir_coro *self, void *arg)
{
	(void)arg;
	must_ok(coir_coro_defer(self, count_handler, NULL));
	atomic_fetch_add(&reached, 1);
	while (coir_park() == 0)
		continue;
	return 0;
}

static intptr_t get_stuck(void *arg)
{
	left = must_make(count_up, NULL);
	must_eq(resume_it(left), 1);
	stuck[0] = must_make(park_for_ever, NULL);
	stuck[1] = must_make(resume_next, stuck[0]);
	stuck[2] = must_make(resume_next, stuck[1]);
	coir_coro_resume(stuck[2], 0, NULL);
	return (intptr_t)arg;
}

/* The runtime stops while a fiber waits three coroutines deep: those are over, another one is not. */
workers_test(coro_fiber, abandoned)
{
	for (int round = 1; round <= 3; round++) {
		atomic_store(&reached, 0);
		start_workers(workers);
		must_ok(coir_go(get_stuck, NULL));
		while (!atomic_load(&reached))
			usleep(100);
		must_eq(coir_coro_destroy(stuck[1]), -EBUSY);
		must_eq(coir_stop(0), -EBUSY);
		must_ok(coir_stop(COIR_STOP_FORCE));
		for (int i = 0; i < 3; i++) {
			must_eq(coir_coro_status(stuck[i]), COIR_CORO_FINISHED);
			must_eq(coir_coro_resume(stuck[i], 0, NULL), -ESRCH);
			must_ok(coir_coro_destroy(stuck[i]));
		}
		must_eq(resume_it(left), 2);
		must_ok(coir_coro_destroy(left));
		must_eq(coir_coro_count(), 0);
		must_eq(handled, 0);
	}
}

/* ---- forks ---- */

static coir_coro *before_fork;

static int in_child(void *arg)
{
	(void)arg;
	must_eq(resume_it(before_fork), 2);
	coir_coro *co = must_make(count_up, (void *)10);
	must_eq(resume_it(co), 11);
	must_ok(coir_coro_destroy(before_fork));
	must_eq(coir_coro_count(), 1); /* what was made before the fork does not count */
	must_ok(coir_coro_destroy(co));
	must_eq(coir_coro_count(), 0);
	must_eq(with_workers(2, drive, (void *)1), 21);
	return 7;
}

Test(coro_fiber, fork)
{
	before_fork = must_make(count_up, NULL);
	must_eq(resume_it(before_fork), 1);
	struct child child = run_child(in_child, NULL);
	must(child_exited(&child, 7));
	must_eq(resume_it(before_fork), 2);
	must_ok(coir_coro_destroy(before_fork));
}

/* ---- stacks ---- */

static intptr_t left_inside(coir_coro *self, void *arg)
{
	intptr_t size = (intptr_t)arg, left_here = coir_stack_left();
	must(left_here > size - 8 * KIB && left_here <= size, "%jd of %jd", (intmax_t)left_here, (intmax_t)size);
	must(use_stack((size_t)left_here - 6 * KIB) >= (size_t)left_here - 6 * KIB);
	must_ok(coir_coro_yield(self, 0, NULL));
	return 0;
}

fiber_test(coro_fiber, stack_left)
{
	for (size_t size = 32 * KIB; size <= 4 * MIB; size *= 8) {
		coir_coro_attr attr = COIR_CORO_ATTR_INIT;
		coir_coro *co;
		intptr_t outside = coir_stack_left();
		attr.stack_size = size;
		must_ok(coir_coro_create(&attr, left_inside, (void *)size, &co));
		must_ok(coir_coro_resume(co, 0, NULL));
		must_eq(coir_stack_left(), outside);
		must_eq(coir_coro_resume(co, 0, NULL), COIR_CORO_DONE);
		must_ok(coir_coro_destroy(co));
	}
}

static intptr_t yield_on_big_stack(void *arg)
{
	coir_coro *self = arg;
	must(use_stack(400 * KIB) >= 400 * KIB);
	must(coir_coro_self() == self);
	must_eq(coir_coro_status(self), COIR_CORO_RUNNING);
	must_ok(coir_coro_yield(self, 1, NULL));
	must(use_stack(400 * KIB) >= 400 * KIB);
	must(coir_coro_self() == self);
	return 5;
}

static intptr_t call_inside(coir_coro *self, void *arg)
{
	intptr_t out = (intptr_t)arg;
	must_ok(coir_call_with_stack(512 * KIB, yield_on_big_stack, self, &out));
	must(coir_coro_self() == self);
	must_ok(coir_coro_yield(self, out, NULL));
	return 9;
}

/* A yield inside a call on another stack; who resumes is another fiber or thread each time. */
workers_test(coro_fiber, call_with_stack_inside)
{
	start_workers(workers);
	for (int i = 0; i < 8; i++) {
		static const intptr_t expected[] = {1, 5, 9};
		coir_coro *co = must_make(call_inside, NULL);
		for (int k = 0; k < 3; k++)
			must_eq((i >> k) & 1 ? resume_it(co) : must_join(must_spawn(resume_it, co)), expected[k]);
		must_ok(coir_coro_destroy(co));
	}
	coir_coro *co = must_make(call_inside, NULL);
	must_eq(must_join(must_spawn(resume_it, co)), 1);
	stop_workers(); /* it stands in the call */
	must_eq(resume_it(co), 5);
	must_eq(resume_it(co), 9);
	must_ok(coir_coro_destroy(co));
	must_eq(coir_coro_count(), 0);
}

static intptr_t drive_on_big_stack(void *arg)
{
	intptr_t out = 0;
	must_ok(coir_call_with_stack(MIB, drive, arg, &out));
	must_ok(coir_call_with_stack(MIB, drive, arg, &out));
	return out;
}

fiber_test(coro_fiber, inside_call_with_stack)
{
	coir_fiber f[10];
	for (int i = 0; i < 10; i++)
		f[i] = must_spawn(drive_on_big_stack, (void *)3);
	must_eq(must_join_all(f, 10), 10 * 23);
}

/* ---- memory ---- */

static coir_stats stats_after_rounds(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		coir_coro *co[40];
		for (int k = 0; k < 40; k++)
			must_eq(resume_it(co[k] = must_make(count_up, NULL)), 1);
		for (int k = 0; k < 40; k++)
			must_ok(coir_coro_destroy(co[k]));
	}
	return must_stats();
}

fiber_test(coro_fiber, stacks_serve_again)
{
	uint64_t warm = stats_after_rounds(10).stacks;
	must(stats_after_rounds(200).stacks <= warm + 64, "stacks leak");
}
