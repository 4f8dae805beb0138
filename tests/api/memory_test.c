/* SPDX-License-Identifier: MIT
 *
 * api/memory_test.c - a burst of fibers gives its memory back: stacks are kept only as far as they are needed.
 */
#include "support/bodies.h"
#include "support/deep.h"
#include "support/run.h"
#include "support/test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static long resident_bytes(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	must(statm != NULL);
	long total = 0, resident = 0;
	must_eq(fscanf(statm, "%ld %ld", &total, &resident), 2);
	fclose(statm);
	return resident * sysconf(_SC_PAGESIZE);
}

static atomic_long started;
static long wanted;

static intptr_t touch_and_park(void *arg)
{
	use_stack(6 << 10);
	atomic_fetch_add(&started, 1);
	must_ok(coir_park());
	return (intptr_t)arg;
}

static bool all_started(void *arg)
{
	(void)arg;
	return atomic_load(&started) >= wanted;
}

struct fall {
	long before, peak;
};

/* Near the start: a quarter of the growth may stay. */
static bool fell_back(void *arg)
{
	const struct fall *f = arg;
	return resident_bytes() <= f->before + (f->peak - f->before) / 4;
}

static void burst(coir_fiber *f)
{
	atomic_store(&started, 0);
	for (long i = 0; i < wanted; i++)
		f[i] = must_spawn(touch_and_park, (void *)1);
	poll_until(all_started, NULL);
}

static void release(coir_fiber *f)
{
	for (long i = 0; i < wanted; i++)
		must_ok(coir_unpark(f[i]));
	must_eq(must_join_all(f, (int)wanted), wanted);
}

workers_test(memory, falls_after_a_burst)
{
	wanted = scaled_fibers(20000);
	coir_fiber *f = zeros((size_t)wanted, sizeof *f);
	for (long i = 0; i < wanted; i++)
		f[i].seq = 1; /* our own memory is there before we measure */
	start_workers(workers);
	must_join(must_spawn(fiber_yield_often, NULL));
	for (int round = 0; round < 2; round++) {
		struct fall fall = {.before = resident_bytes()};
		burst(f);
		fall.peak = resident_bytes();
		cr_assert_gt(fall.peak - fall.before, wanted * 4096, "they do use their stacks");
		release(f);
		poll_until(fell_back, &fall);
		cr_assert_gt(must_stats().stacks_trimmed, 0);
	}
	stop_workers();
	free(f);
}

/* Stacks are shared by the workers: those who spawn and those who finish need not be the same. */
workers_test(memory, stacks_do_not_pile_up)
{
	wanted = scaled_fibers(1000);
	coir_fiber *f = zeros((size_t)wanted, sizeof *f);
	start_workers(workers);
	for (int round = 0; round < 20; round++) {
		burst(f);
		release(f);
	}
	coir_stats s = must_stats();
	stop_workers();
	free(f);
	cr_assert_lt(s.stacks, (uint64_t)wanted * 2 + 256u * workers, "%ju stacks for %ld fibers", (uintmax_t)s.stacks,
		     wanted);
}
