/* SPDX-License-Identifier: MIT
 *
 * api/stack_test.c - stacks: coir_call_with_stack, coir_stack_left, the high-water mark. Overflows are in death/.
 */
#include "support/bodies.h"
#include "support/deep.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>

enum { KIB = 1 << 10, MIB = 1 << 20 };

/* ---- coir_call_with_stack ---- */

static intptr_t use(void *arg)
{
	size_t bytes = (size_t)arg;
	return (intptr_t)use_stack(bytes);
}

static intptr_t use_beyond_its_own(void *arg)
{
	intptr_t used = 0;
	must_ok(coir_call_with_stack(4 * MIB, use, arg, &used));
	return used;
}

fiber_test(stack, deeper_than_the_fibers_own)
{
	coir_fiber f[20];
	for (int i = 0; i < 20; i++)
		f[i] = must_spawn(use_beyond_its_own, (void *)(3 * (intptr_t)MIB));
	must(must_join_all(f, 20) >= 20 * 3 * (intptr_t)MIB);
}

static intptr_t nest(void *arg)
{
	intptr_t depth = (intptr_t)arg, below = 0;
	coir_fiber me = must_self();
	must(use_stack(100 * KIB) >= 100 * KIB);
	if (depth > 0)
		must_ok(coir_call_with_stack((size_t)(128 + 16 * (depth % 5)) * KIB, nest, (void *)(depth - 1),
					     &below));
	must_eq(coir_id(), me.seq);
	must(use_stack(100 * KIB) >= 100 * KIB);
	return below + 1;
}

fiber_test(stack, nested_calls)
{
	intptr_t depth = 0;
	for (int i = 0; i < 5; i++) {
		must_ok(coir_call_with_stack(256 * KIB, nest, (void *)50, &depth));
		must_eq(depth, 51);
	}
}

static intptr_t park_deep_down(void *arg)
{
	coir_fiber *me = arg;
	must(use_stack(200 * KIB) >= 200 * KIB);
	*me = must_self();
	must_ok(coir_yield());
	must_ok(coir_park());
	must_eq(must_join(must_spawn(fiber_yield_often, (void *)3)), 3);
	must_eq(coir_id(), me->seq);
	return 21;
}

static intptr_t park_on_big_stack(void *arg)
{
	intptr_t out = 0;
	must_ok(coir_call_with_stack(MIB, park_deep_down, arg, &out));
	return out;
}

fiber_test(stack, waits_inside_a_call)
{
	enum { N = 30 };
	coir_fiber f[N], self[N];
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(park_on_big_stack, &self[i]);
	for (int i = 0; i < N; i++)
		must_ok(coir_unpark(f[i]));
	must_eq(must_join_all(f, N), 21 * N);
	for (int i = 0; i < N; i++)
		must_eq(self[i].seq, f[i].seq); /* fn runs as the calling fiber */
}

static intptr_t spawn_inside(void *arg)
{
	coir_fiber f[10];
	for (int i = 0; i < 10; i++)
		f[i] = must_spawn(use_beyond_its_own, (void *)(intptr_t)MIB);
	must(must_join_all(f, 10) >= 10 * (intptr_t)MIB);
	return (intptr_t)arg;
}

fiber_test(stack, results)
{
	intptr_t out = 0;
	must_ok(coir_call_with_stack(64 * KIB, fiber_give_back, (void *)INTPTR_MIN, &out));
	must_eq(out, INTPTR_MIN);
	must_ok(coir_call_with_stack(64 * KIB, fiber_give_back, (void *)-1, NULL));
	must_ok(coir_call_with_stack(COIR_STACK_MIN, fiber_give_back, (void *)4, &out));
	must_eq(out, 4);
	must_ok(coir_call_with_stack(256 * MIB, use, (void *)(intptr_t)(8 * MIB), &out));
	must(out >= 8 * MIB);
	must_ok(coir_call_with_stack(256 * KIB, spawn_inside, (void *)8, &out));
	must_eq(out, 8);
}

static void bad_calls(void)
{
	intptr_t out = 99;
	must_eq(coir_call_with_stack(MIB, NULL, NULL, &out), -EINVAL);
	must_eq(coir_call_with_stack(0, fiber_give_back, NULL, &out), -EINVAL);
	must_eq(coir_call_with_stack(COIR_STACK_MIN - 1, fiber_give_back, NULL, &out), -EINVAL);
	must_eq(coir_call_with_stack(COIR_STACK_MAX + 1, fiber_give_back, NULL, &out), -EINVAL);
	must_eq(coir_call_with_stack(SIZE_MAX, fiber_give_back, NULL, &out), -EINVAL);
	must_eq(out, 99);
}

fiber_test(stack, bad_arguments)
{
	bad_calls();
}

static intptr_t outside(void *arg)
{
	must_eq(coir_id(), 0); /* a plain thread stays one */
	must_eq(coir_yield(), -EPERM);
	must_eq(coir_park(), -EPERM);
	must_eq(coir_stack_left(), -EPERM);
	must(use_stack(3 * MIB) >= 3 * MIB);
	must_eq(must_join(must_spawn(fiber_yield_often, (void *)5)), 5);
	intptr_t out = 0;
	must_ok(coir_call_with_stack(512 * KIB, use, (void *)(intptr_t)(400 * KIB), &out));
	must(out >= 400 * KIB);
	return (intptr_t)arg;
}

static void *call_in_thread(void *arg)
{
	intptr_t out = 0;
	must_ok(coir_call_with_stack(4 * MIB, outside, (void *)6, &out));
	must_eq(out, 6);
	bad_calls();
	return arg;
}

workers_test(stack, calls_in_plain_threads)
{
	start_workers(workers);
	call_in_thread(NULL);
	pthread_t t[3];
	for (int i = 0; i < 3; i++)
		t[i] = thread_start(call_in_thread, NULL);
	for (int i = 0; i < 3; i++)
		thread_end(t[i]);
	stop_workers();
}

/* ---- coir_stack_left ---- */

static intptr_t left_by_depth(void *arg)
{
	intptr_t before = coir_stack_left();
	must(before >= (intptr_t)COIR_STACK_PROMISE - KIB, "%jd left of the promise", (intmax_t)before);
	intptr_t deep = stack_left_after(32 * KIB);
	must(deep <= before - 32 * KIB && deep >= before - 40 * KIB, "%jd, then %jd", (intmax_t)before, (intmax_t)deep);
	must_ok(coir_yield());
	must(coir_stack_left() <= before + 256 && coir_stack_left() >= before - 256);
	return (intptr_t)arg;
}

/* What is said to be left can be used. */
static intptr_t use_what_is_left(void *arg)
{
	intptr_t left = coir_stack_left();
	must(use_stack((size_t)left - 6 * KIB) >= (size_t)left - 6 * KIB);
	return (intptr_t)arg;
}

static intptr_t left_of_call(void *arg)
{
	intptr_t size = (intptr_t)arg, left = coir_stack_left();
	must(left >= size - 4 * KIB, "%jd of %jd", (intmax_t)left, (intmax_t)size);
	must(use_stack((size_t)left - 6 * KIB) >= (size_t)left - 6 * KIB);
	return 0;
}

fiber_test(stack, left)
{
	coir_fiber f[40];
	for (int i = 0; i < 40; i++)
		f[i] = must_spawn(i % 2 ? left_by_depth : use_what_is_left, (void *)1);
	must_eq(must_join_all(f, 10), 10);
	for (int i = 0; i < 5; i++)
		must_ok(coir_yield());
	must_eq(must_join_all(f + 10, 30), 30);
	must_ok(coir_call_with_stack(MIB, left_of_call, (void *)(intptr_t)MIB, NULL));
	must_ok(coir_call_with_stack(64 * KIB, left_of_call, (void *)(intptr_t)(64 * KIB), NULL));
}

/* ---- high water ---- */

static size_t high_water_of(coir_fn fn, void *arg, size_t stack_size, bool start_first)
{
	size_t high = 1; /* no possible answer */
	coir_attr attr = COIR_ATTR_INIT;
	attr.stack_high_water = &high;
	attr.stack_size = stack_size;
	coir_fiber f;
	must_ok(coir_spawn(&attr, fn, arg, &f));
	while (start_first && coir_unpark(f) == 0)
		must_ok(coir_yield());
	must_ok(coir_join(f, NULL)); /* stored before a join returns */
	return high;
}

fiber_test(stack, high_water)
{
	static const size_t uses[] = {0, 4 * KIB, 20 * KIB, 60 * KIB, 100 * KIB, 8 * KIB, 0};
	for (size_t i = 0; i < 2 * sizeof uses / sizeof *uses; i++) {
		size_t bytes = uses[i / 2];
		size_t high = high_water_of(use, (void *)bytes, 0, i % 2);
		/* at most: what use_stack needs beyond the bytes, and rounding to pages; not what the stack's last
		 * fiber used */
		must(high >= bytes && high <= bytes + 24 * KIB, "%zu for %zu", high, bytes);
		high = high_water_of(use, (void *)(bytes + 900 * KIB), MIB, i % 2);
		must(high >= bytes + 900 * KIB && high <= 2 * MIB, "%zu", high);
	}
}

fiber_test(stack, high_water_of_one_that_waits)
{
	must(high_water_of(fiber_yield_often, NULL, 0, true) > 0);
	must(high_water_of(fiber_yield_often, NULL, 0, true) < 24 * KIB);
}
