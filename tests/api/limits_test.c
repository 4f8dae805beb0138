/* SPDX-License-Identifier: MIT
 *
 * api/limits_test.c - when the kernel gives no more: memory, threads, mappings. coir reports it, cleans up and goes on,
 * or ends with one clear line of its own; it never crashes, hangs, or loses a fiber.
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MIB = 1 << 20, OUT_OF_MEMORY = 12, OUT_OF_THREADS = 11, FINE = 0 };

static void set_soft_limit(__rlimit_resource_t what, rlim_t soft)
{
	struct rlimit limit;
	must_ok(getrlimit(what, &limit));
	limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
	must_ok(setrlimit(what, &limit));
}

static rlim_t address_space(void)
{
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY);
	must(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
	close(fd);
	return (rlim_t)atol(text) * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* ---- address space ---- */

static atomic_long started;

static intptr_t count_and_park(void *arg)
{
	atomic_fetch_add(&started, 1);
	must_ok(coir_park());
	return (intptr_t)arg;
}

enum { MANY = 40000 };

static coir_fiber fibers[MANY];

/* Spawns until there is no more; those without a stack wait for one. Then ends them all. */
static long run_as_many_as_go(long wanted)
{
	long made = 0;
	for (; made < wanted; made++) {
		int rc = coir_spawn(NULL, count_and_park, (void *)1, &fibers[made]);
		if (rc != 0) {
			must_eq(rc, -ENOMEM);
			break;
		}
	}
	for (long before = -1, idle = 0; atomic_load(&started) < made && idle < 1000; idle++) {
		if (atomic_load(&started) != before)
			idle = 0;
		before = atomic_load(&started);
		must_ok(coir_yield());
	}
	for (long i = 0; i < made; i++)
		must_ok(coir_unpark(fibers[i]));
	must_eq(must_join_all(fibers, (int)made), made); /* nothing lost */
	must_eq(atomic_load(&started), made);
	return made;
}

static intptr_t crowd(void *arg)
{
	return run_as_many_as_go((long)(intptr_t)arg);
}

/* What one run may come to. */
static int outcome(int rc)
{
	if (rc == -ENOMEM)
		return OUT_OF_MEMORY;
	if (rc == -EAGAIN)
		return OUT_OF_THREADS;
	must_eq(rc, 0);
	return FINE;
}

static int run_in_little_memory(void *arg)
{
	rlim_t room = (rlim_t)(intptr_t)arg;
	int threads = thread_count();
	set_soft_limit(RLIMIT_AS, address_space() + room);
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 4;
	int rc = coir_run(&cfg, crowd, (void *)(intptr_t)4000, NULL);
	must_eq(coir_workers(), -EPERM);
	thread_count_settles(threads);
	set_soft_limit(RLIMIT_AS, RLIM_INFINITY);
	atomic_store(&started, 0);
	must_eq(with_workers(4, crowd, (void *)100), 100); /* none the worse */
	return outcome(rc);
}

Test(limits, address_space)
{
	int starved = 0;
	for (intptr_t room = MIB / 4; room < (intptr_t)4096 * MIB; room *= 2) {
		struct child c = run_child(run_in_little_memory, (void *)room);
		bool fine = child_exited(&c, FINE),
		     told = child_exited(&c, OUT_OF_MEMORY) || child_exited(&c, OUT_OF_THREADS);
		cr_assert(fine || told || child_refused(&c), "%jd bytes: status %#x: %s", (intmax_t)room, c.status,
			  c.text);
		starved += !fine;
	}
	cr_assert_gt(starved, 0, "memory never ran out: this test tests nothing");
}

/* A stack that is larger than what is left is refused; the fiber that asked goes on. */
static intptr_t ask_for_much(void *arg)
{
	int rc = coir_call_with_stack(COIR_STACK_MAX, fiber_give_back, arg, NULL);
	must(rc == -ENOMEM, "%d", rc);
	intptr_t out = 0;
	must_ok(coir_call_with_stack(64 << 10, fiber_give_back, (void *)3, &out));
	return out;
}

static int call_with_too_large_a_stack(void *arg)
{
	(void)arg;
	start_workers(2);
	must_join(must_spawn(fiber_yield_often, NULL));
	must_ok(coir_call_with_stack(64 << 10, fiber_give_back, NULL, NULL)); /* what that needs is there now */
	set_soft_limit(RLIMIT_AS, address_space() + 64 * MIB);
	must_eq(must_join(must_spawn(ask_for_much, NULL)), 3);
	set_soft_limit(RLIMIT_AS, RLIM_INFINITY);
	stop_workers();
	return FINE;
}

Test(limits, call_with_stack)
{
	struct child c = run_child(call_with_too_large_a_stack, NULL);
	cr_assert(child_exited(&c, FINE), "status %#x: %s", c.status, c.text);
}

/* ---- threads ---- */

static int run_with_few_threads(void *arg)
{
	(void)arg;
	if (geteuid() == 0) { /* root may have as many as it likes */
		must_ok(setgroups(0, NULL));
		must_ok(setgid(65534));
		must_ok(setuid(65534));
	}
	struct rlimit old;
	must_ok(getrlimit(RLIMIT_NPROC, &old));
	int threads = thread_count();
	set_soft_limit(RLIMIT_NPROC, 3);
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 8;
	must_eq(coir_start(&cfg), -EAGAIN);
	must_eq(coir_workers(), -EPERM);
	must_eq(coir_run(&cfg, crowd, NULL, NULL), -EAGAIN);
	thread_count_settles(threads);
	set_soft_limit(RLIMIT_NPROC, old.rlim_cur);
	return (int)with_workers(8, fiber_yield_often, (void *)19);
}

Test(limits, threads)
{
	struct child c = run_child(run_with_few_threads, NULL);
	cr_assert(child_exited(&c, 19), "status %#x: %s", c.status, c.text);
	cr_assert_leq(c.lines, 2, "at most one line for each refusal: %s", c.text);
}

/* ---- mappings: with mprotect guards each stack costs some ---- */

static int run_with_mprotect_guards(void *arg)
{
	(void)arg;
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 4;
	cfg.guard = COIR_GUARD_MPROTECT;
	intptr_t made = 0;
	int rc = coir_run(&cfg, crowd, (void *)(intptr_t)MANY, &made);
	if (rc == 0)
		must(made > 1000, "only %jd fibers", (intmax_t)made);
	return outcome(rc);
}

Test(limits, mappings)
{
	struct child c = run_child(run_with_mprotect_guards, NULL);
	cr_assert(child_exited(&c, FINE) || child_refused(&c), "status %#x: %s", c.status, c.text);
}

/* Without a limit in the way, far more than that: one mapping holds many stacks. */
Test(limits, as_many_by_default)
{
	long wanted = scaled_fibers(MANY);
	cr_assert_eq(with_workers(4, crowd, (void *)wanted), wanted);
}
