/* SPDX-License-Identifier: MIT
 *
 * api/config_test.c - options: what is refused, with one line on stderr; which of field and environment wins.
 */
#include "support/bodies.h"
#include "support/child.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- bad options, from the config and from the environment ---- */

struct bad {
	coir_config cfg;
	const char *variable, *value;
};

/* In the child: coir_run and coir_start refuse alike, and a good start works afterwards. */
static int run_is_refused(void *arg)
{
	const struct bad *bad = arg;
	if (bad->variable)
		setenv(bad->variable, bad->value, 1);
	must_eq(coir_run(&bad->cfg, fiber_give_back, NULL, NULL), -EINVAL);
	return 0;
}

static int start_is_refused_then_works(void *arg)
{
	const struct bad *bad = arg;
	if (bad->variable)
		setenv(bad->variable, bad->value, 1);
	must_eq(coir_start(&bad->cfg), -EINVAL);
	must_eq(coir_workers(), -EPERM);
	if (bad->variable)
		unsetenv(bad->variable);
	with_workers(2, fiber_give_back, NULL);
	return 0;
}

static void refused_in(const struct bad *bad, const char *what, int (*form)(void *arg))
{
	struct child c = run_child(form, (void *)bad);
	cr_assert(child_exited(&c, 0), "%s: status %#x: %s", what, c.status, c.text);
	cr_assert_eq(c.lines, 1, "%s: exactly one line, not %d: %s", what, c.lines, c.text);
	cr_assert_eq(strncmp(c.text, "coir: ", 6), 0, "%s: %s", what, c.text);
	if (bad->variable)
		cr_assert_not_null(strstr(c.text, bad->variable), "%s: the line names the variable: %s", what, c.text);
}

static void refused(const struct bad *bad, const char *what)
{
	refused_in(bad, what, run_is_refused);
	refused_in(bad, what, start_is_refused_then_works);
}

static void refused_value(const char *variable, const char *value)
{
	struct bad bad = {COIR_CONFIG_INIT, variable, value};
	char what[80];
	snprintf(what, sizeof what, "%s=%s", variable, value);
	refused(&bad, what);
}

Test(config, too_many_workers)
{
	struct bad bad = {COIR_CONFIG_INIT, NULL, NULL};
	bad.cfg.workers = 10000;
	refused(&bad, "10000 workers");
	bad.cfg.workers = COIR_WORKERS_MAX + 1;
	refused(&bad, "one worker too many");
}

Test(config, bad_size)
{
	struct bad bad = {COIR_CONFIG_INIT, NULL, NULL};
	bad.cfg.size = 0;
	refused(&bad, "size 0");
	bad.cfg.size = sizeof bad.cfg + 512;
	refused(&bad, "a size from the future");
}

Test(config, bad_stack_sizes)
{
	struct bad bad = {COIR_CONFIG_INIT, NULL, NULL};
	bad.cfg.stack_size = 100;
	refused(&bad, "stack_size 100");
	bad.cfg.stack_size = COIR_STACK_MAX + 1;
	refused(&bad, "stack_size above the maximum");
	bad.cfg.stack_size = SIZE_MAX;
	refused(&bad, "stack_size SIZE_MAX");
	bad.cfg.stack_size = 0;
	bad.cfg.main_stack = 100;
	refused(&bad, "main_stack 100");
	bad.cfg.main_stack = SIZE_MAX;
	refused(&bad, "main_stack SIZE_MAX");
}

Test(config, bad_choices)
{
	struct bad bad = {COIR_CONFIG_INIT, NULL, NULL};
	bad.cfg.guard = (coir_guard)99;
	refused(&bad, "guard 99");
	bad.cfg.guard = COIR_GUARD_DEFAULT;
	bad.cfg.pin = (coir_pin)99;
	refused(&bad, "pin 99");
}

Test(config, bad_pin_lists)
{
	struct bad bad = {COIR_CONFIG_INIT, NULL, NULL};
	bad.cfg.pin = COIR_PIN_LIST;
	refused(&bad, "no list");
	static const char *const lists[] = {"", "x", "0,,1", "0-", "1-0", "-1", "0,99999"};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		bad.cfg.pin_list = lists[i];
		refused(&bad, lists[i]);
	}
}

Test(config, bad_environment)
{
	static const char *const bad[][2] = {
		{"COIR_WORKERS", "abc"},
		{"COIR_WORKERS", "-3"},
		{"COIR_WORKERS", "2x"},
		{"COIR_WORKERS", "10000"},
		{"COIR_WORKERS", "99999999999999999999999"},
		{"COIR_STACK", "bogus"},
		{"COIR_STACK", "100"},
		{"COIR_STACK", "99999999999999999999999"},
		{"COIR_MAIN_STACK", "bogus"},
		{"COIR_MAIN_STACK", "100"},
		{"COIR_GUARD", "moat"},
		{"COIR_PIN", "somewhere"},
		{"COIR_PIN", "0,,1"},
		{"COIR_WIPE_STACKS", "perhaps"},
		{"COIR_OVERFLOW_REPORT", "perhaps"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused_value(bad[i][0], bad[i][1]);
}

Test(config, null_entry)
{
	cr_assert_eq(coir_run(NULL, NULL, NULL, NULL), -EINVAL);
	cr_assert_eq(coir_workers(), -EPERM);
}

/* ---- what wins ---- */

static intptr_t count_workers(void *arg)
{
	(void)arg;
	return coir_workers();
}

Test(config, environment_is_read_at_each_start)
{
	coir_config cfg = COIR_CONFIG_INIT;
	intptr_t n = 0;
	setenv("COIR_WORKERS", "3", 1);
	must_ok(coir_run(&cfg, count_workers, NULL, &n));
	cr_assert_eq(n, 3);
	must_ok(coir_run(NULL, count_workers, NULL, &n));
	cr_assert_eq(n, 3, "NULL reads the environment as well");
	setenv("COIR_WORKERS", "5", 1);
	must_ok(coir_run(&cfg, count_workers, NULL, &n));
	cr_assert_eq(n, 5);
}

Test(config, a_field_wins_over_the_environment)
{
	setenv("COIR_WORKERS", "3", 1);
	cr_assert_eq(with_workers(2, count_workers, NULL), 2);
}

static intptr_t stack_left(void *arg)
{
	(void)arg;
	return coir_stack_left();
}

static intptr_t stack_left_of_child(void *arg)
{
	coir_fiber f = must_spawn(stack_left, arg);
	while (must_stats().finished == 0) /* starts on a stack of its own, not inlined */
		must_ok(coir_yield());
	return must_join(f);
}

Test(config, stack_sizes)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 1;
	cfg.stack_size = 1 << 20;
	cfg.main_stack = 32 << 20;
	intptr_t left = 0;
	must_ok(coir_run(&cfg, stack_left, NULL, &left));
	cr_assert_geq(left, (32 << 20) - 16384, "main_stack: %jd", (intmax_t)left);
	must_ok(coir_run(&cfg, stack_left_of_child, NULL, &left));
	cr_assert_geq(left, (1 << 20) - 16384, "stack_size: %jd", (intmax_t)left);
	cr_assert_lt(left, 32 << 20);
	setenv("COIR_STACK", "524288", 1);
	cfg.stack_size = 0;
	must_ok(coir_run(&cfg, stack_left_of_child, NULL, &left));
	cr_assert_geq(left, 524288 - 16384, "COIR_STACK: %jd", (intmax_t)left);
	setenv("COIR_MAIN_STACK", "16777216", 1);
	cfg.main_stack = 0;
	must_ok(coir_run(&cfg, stack_left, NULL, &left));
	cr_assert_geq(left, 16777216 - 16384, "COIR_MAIN_STACK: %jd", (intmax_t)left);
}
