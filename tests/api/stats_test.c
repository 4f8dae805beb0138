/* SPDX-License-Identifier: MIT
 *
 * api/stats_test.c - coir/stats.h: the counters agree with what was done; the info page.
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(stats, none_before_the_first_runtime)
{
	coir_stats s = {.size = sizeof s};
	cr_assert_eq(coir_get_stats(&s), -EPERM);
}

static void sizes(void)
{
	coir_stats s, pattern;
	must_eq(coir_get_stats(NULL), -EINVAL);
	s.size = 0;
	must_eq(coir_get_stats(&s), -EINVAL);
	s.size = 7;
	must_eq(coir_get_stats(&s), -EINVAL);
	s.size = sizeof s + 512;
	must_eq(coir_get_stats(&s), -EINVAL);
	memset(&s, 0xab, sizeof s);
	memset(&pattern, 0xab, sizeof pattern);
	s.size = offsetof(coir_stats, finished); /* an older program's */
	must_ok(coir_get_stats(&s));
	must_eq(s.workers, 2);
	must(memcmp(&s.finished, &pattern.finished, sizeof s - offsetof(coir_stats, finished)) == 0,
	     "wrote beyond the caller's bytes");
	must_eq(must_stats().size, sizeof s);
}

static intptr_t sizes_in_fiber(void *arg)
{
	sizes();
	return (intptr_t)arg;
}

Test(stats, sizes)
{
	with_workers(2, sizes_in_fiber, NULL);
	sizes(); /* the last one's figures */
}

enum { N = 500 };

static intptr_t do_some_of_everything(void *arg)
{
	coir_fiber f[N];
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(i % 2 ? fiber_give_back : fiber_yield_often, (void *)1);
	must_eq(must_join_all(f, N), N);
	for (int i = 0; i < N; i++)
		must_ok(coir_go(fiber_give_back, NULL));
	for (int i = 0; i < 10; i++)
		must_ok(coir_go(fiber_park_for_ever, NULL));
	return (intptr_t)arg;
}

workers_test(stats, add_up)
{
	for (int round = 0; round < 3; round++) { /* counted anew each time */
		with_workers(workers, do_some_of_everything, NULL);
		coir_stats s = must_stats();
		cr_assert_eq(s.workers, workers);
		cr_assert(s.spawned == 2 * N + 10 || s.spawned == 2 * N + 11, "%ju: with or without main",
			  (uintmax_t)s.spawned);
		cr_assert_eq(s.spawned, s.finished + s.abandoned);
		cr_assert(s.abandoned >= 10 && s.abandoned <= N + 10);
		cr_assert_leq(s.inlined, s.finished);
		cr_assert_gt(s.switches, 1000u * N / 2 / 2, "each yield beside others is a step");
		cr_assert_leq(s.timed_sleeps, s.sleeps);
		cr_assert_geq(s.stolen, s.steals);
		if (workers == 1)
			cr_assert_eq(s.steals, 0);
	}
}

static intptr_t inlined_joins(void *arg)
{
	for (int i = 0; i < N; i++)
		must_join(must_spawn(fiber_give_back, NULL));
	return (intptr_t)arg;
}

static intptr_t join_the_joiner(void *arg)
{
	return must_join(must_spawn(inlined_joins, arg));
}

Test(stats, inlined)
{
	with_workers(1, join_the_joiner, NULL);
	coir_stats s = must_stats();
	/* on one worker a join finds its child unstarted; now and then it goes the long way all the same, to be fair */
	cr_assert_geq(s.inlined, N - N / 30, "%ju of %d", (uintmax_t)s.inlined, N);
	cr_assert_lt(s.stacks, 100, "and needs no stack");
}

static intptr_t keep_busy(void *arg)
{
	coir_fiber f[N];
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(fiber_park_once, (void *)1);
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	coir_stats s = must_stats();
	must(s.stack_bytes >= s.stacks * COIR_STACK_PROMISE && s.stacks > 0);
	for (int i = 0; i < N; i++)
		must_ok(coir_unpark(f[i]));
	must_eq(must_join_all(f, N), N);
	return (intptr_t)arg;
}

Test(stats, stacks)
{
	with_workers(1, keep_busy, NULL);
	with_workers(4, keep_busy, NULL);
}

/* ---- coir_print_info ---- */

static void info_names_every_option(const coir_config *cfg)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	must(out != NULL);
	must_ok(coir_print_info(cfg, out));
	fclose(out);
	static const char *const options[] = {"COIR_WORKERS",        "COIR_PIN",   "COIR_STACK",
					      "COIR_MAIN_STACK",     "COIR_GUARD", "COIR_WIPE_STACKS",
					      "COIR_OVERFLOW_REPORT"};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		must(strstr(text, options[i]) != NULL, "no %s in the info page", options[i]);
	free(text);
}

static intptr_t info_in_fiber(void *arg)
{
	info_names_every_option(NULL);
	return (intptr_t)arg;
}

Test(stats, info)
{
	coir_config cfg = COIR_CONFIG_INIT;
	info_names_every_option(NULL);
	info_names_every_option(&cfg);
	cr_assert_eq(with_workers(2, info_in_fiber, (void *)1), 1);
	cr_assert_eq(coir_print_info(&cfg, NULL), -EINVAL);
}

static int info_of_bad_config(void *arg)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 10000;
	must_eq(coir_print_info(&cfg, stdout), -EINVAL);
	return (int)(intptr_t)arg;
}

Test(stats, info_of_a_bad_config)
{
	struct child c = run_child(info_of_bad_config, (void *)5);
	cr_assert(child_exited(&c, 5));
	cr_assert_eq(c.lines, 1, "%s", c.text);
}
