/* SPDX-License-Identifier: MIT
 *
 * unit/option_test.c - the table of options: what is read, what is refused and with which line, who wins. Needs the
 * library's internals.
 */
#include "support/test.h"

#include "base/option.h"
#include "support/child.h"

#include <coir/fiber.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char *const variables[] = {"COIR_WORKERS", "COIR_PIN",         "COIR_STACK",          "COIR_MAIN_STACK",
					"COIR_GUARD",   "COIR_WIPE_STACKS", "COIR_OVERFLOW_REPORT"};

static void clean(void)
{
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		unsetenv(variables[i]);
}

static coiri_options resolved(const coir_config *cfg)
{
	coiri_options o;
	must_ok(coiri_options_resolve(&o, cfg));
	return o;
}

static coiri_options with(const char *variable, const char *value)
{
	setenv(variable, value, 1);
	coiri_options o = resolved(NULL);
	unsetenv(variable);
	return o;
}

static int resolve_child(void *cfg)
{
	coiri_options o;
	return -coiri_options_resolve(&o, cfg);
}

/* Resolving must give -EINVAL and one line that contains both texts. */
static void refused(coir_config *cfg, const char *given, const char *allowed)
{
	struct child c = run_child(resolve_child, cfg);
	cr_assert(child_exited(&c, EINVAL), "%s: status %#x", given, (unsigned)c.status);
	cr_assert_eq(c.lines, 1, "%s: %d lines: %s", given, c.lines, c.text);
	cr_assert(strncmp(c.text, "coir: ", 6) == 0, "%s", c.text);
	cr_assert_not_null(strstr(c.text, given), "no %s in: %s", given, c.text);
	cr_assert_not_null(strstr(c.text, allowed), "no %s in: %s", allowed, c.text);
}

static void refuses(const char *variable, const char *value, const char *allowed)
{
	char given[128];
	snprintf(given, sizeof given, "%s=%s", variable, value);
	setenv(variable, value, 1);
	refused(NULL, given, allowed);
	unsetenv(variable);
}

Test(option, defaults, .init = clean)
{
	coiri_options o = resolved(NULL);
	cr_assert_eq(o.workers, 0);
	cr_assert_eq(o.pin, COIR_PIN_NONE);
	cr_assert_str_eq(o.pin_list, "");
	cr_assert_eq(o.stack_size, (size_t)128 << 10);
	cr_assert_eq(o.guard, COIR_GUARD_AUTO);
	cr_assert(!o.wipe_stacks);
	cr_assert(o.overflow_report);
	for (int i = 0; i < COIRI_OPTIONS; i++)
		cr_assert_eq(o.source[i], COIRI_FROM_DEFAULT);
}

Test(option, zero_config_means_default, .init = clean)
{
	coir_config cfg = COIR_CONFIG_INIT;
	coiri_options o = resolved(&cfg);
	cr_assert_eq(o.stack_size, (size_t)128 << 10);
	cr_assert_eq(o.source[COIRI_OPTION_STACK], COIRI_FROM_DEFAULT);
}

Test(option, empty_variable_is_unset, .init = clean)
{
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		setenv(variables[i], "", 1);
	coiri_options o = resolved(NULL);
	for (int i = 0; i < COIRI_OPTIONS; i++)
		cr_assert_eq(o.source[i], COIRI_FROM_DEFAULT);
}

static size_t main_stack_under(rlim_t soft)
{
	struct rlimit limit;
	must_ok(getrlimit(RLIMIT_STACK, &limit));
	limit.rlim_cur = soft;
	if (setrlimit(RLIMIT_STACK, &limit))
		cr_skip_test("the hard limit of RLIMIT_STACK is too low");
	return resolved(NULL).main_stack;
}

Test(option, main_stack_follows_rlimit, .init = clean)
{
	if (TESTS_EMULATED)
		cr_skip_test("the emulator keeps RLIMIT_STACK for itself");
	cr_assert_eq(main_stack_under(3 << 20), (size_t)3 << 20);
	cr_assert_eq(main_stack_under(4096), COIR_STACK_MIN);
	cr_assert_eq(main_stack_under((rlim_t)4 << 30), COIR_STACK_MAX);
	cr_assert_eq(main_stack_under(RLIM_INFINITY), (size_t)8 << 20);
}

Test(option, workers, .init = clean)
{
	cr_assert_eq(with("COIR_WORKERS", "1").workers, 1);
	cr_assert_eq(with("COIR_WORKERS", "1024").workers, COIR_WORKERS_MAX);
	cr_assert_eq(with("COIR_WORKERS", "007").workers, 7);
	cr_assert_eq(with("COIR_WORKERS", "0").workers, 0);
	cr_assert_eq(with("COIR_WORKERS", "auto").workers, 0);
	cr_assert_eq(with("COIR_WORKERS", "3").source[COIRI_OPTION_WORKERS], COIRI_FROM_ENV);
}

Test(option, bad_workers, .init = clean)
{
	static const char *const bad[] = {"abc",
					  "-1",
					  "+1",
					  " 1",
					  "1 ",
					  "1x",
					  "1.5",
					  "0x4",
					  "1025",
					  "10000",
					  "4294967297",
					  "18446744073709551617",
					  "99999999999999999999999"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refuses("COIR_WORKERS", bad[i], "auto, or a number from 1 to 1024");
}

Test(option, sizes, .init = clean)
{
	static const struct {
		const char *text;
		size_t bytes;
	} good[] = {{"16384", 16384},          {"20001", 20001},        {"65536B", 65536},    {"64K", 64 << 10},
		    {"64k", 64 << 10},         {"128KiB", 128 << 10},   {"128KB", 128 << 10}, {"128kib", 128 << 10},
		    {"64M", 64 << 20},         {"64MB", 64 << 20},      {"1MiB", 1 << 20},    {"1G", (size_t)1 << 30},
		    {"1GiB", (size_t)1 << 30}, {"1GB", (size_t)1 << 30}};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		cr_assert_eq(with("COIR_STACK", good[i].text).stack_size, good[i].bytes, "%s", good[i].text);
		cr_assert_eq(with("COIR_MAIN_STACK", good[i].text).main_stack, good[i].bytes, "%s", good[i].text);
	}
}

Test(option, bad_sizes, .init = clean)
{
	static const char *const bad[] = {"4K",
					  "16383",
					  "0",
					  "-64K",
					  "K",
					  "64X",
					  "64KK",
					  "64K ",
					  "64iB",
					  "64KiBs",
					  "64Kix",
					  "1.5M",
					  "2G",
					  "1025M",
					  "abc",
					  "1T",
					  "18446744073709617152",
					  "18014398509482048K",
					  "17179869185G",
					  "9223372036854775807G"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		refuses("COIR_STACK", bad[i], "a size from 16K to 1G");
		refuses("COIR_MAIN_STACK", bad[i], "a size from 16K to 1G");
	}
}

Test(option, words, .init = clean)
{
	cr_assert_eq(with("COIR_GUARD", "auto").guard, COIR_GUARD_AUTO);
	cr_assert_eq(with("COIR_GUARD", "install").guard, COIR_GUARD_INSTALL);
	cr_assert_eq(with("COIR_GUARD", "MProtect").guard, COIR_GUARD_MPROTECT);
	cr_assert_eq(with("COIR_GUARD", "canary").guard, COIR_GUARD_CANARY);
	cr_assert_eq(with("COIR_PIN", "none").pin, COIR_PIN_NONE);
	cr_assert_eq(with("COIR_PIN", "compact").pin, COIR_PIN_COMPACT);
	cr_assert_eq(with("COIR_PIN", "SCATTER").pin, COIR_PIN_SCATTER);
	cr_assert(with("COIR_WIPE_STACKS", "1").wipe_stacks);
	cr_assert(with("COIR_WIPE_STACKS", "on").wipe_stacks);
	cr_assert(!with("COIR_WIPE_STACKS", "no").wipe_stacks);
	cr_assert(!with("COIR_OVERFLOW_REPORT", "0").overflow_report);
	cr_assert(!with("COIR_OVERFLOW_REPORT", "-1").overflow_report);
	cr_assert(!with("COIR_OVERFLOW_REPORT", "off").overflow_report);
	cr_assert(with("COIR_OVERFLOW_REPORT", "yes").overflow_report);
}

Test(option, bad_words, .init = clean)
{
	refuses("COIR_GUARD", "page", "one of auto, install, mprotect, canary");
	refuses("COIR_GUARD", "autox", "auto, install");
	refuses("COIR_GUARD", "1", "auto, install");
	refuses("COIR_PIN", "tight", "one of none, compact, scatter, or a list of processors");
	refuses("COIR_PIN", "list", "none, compact");
	refuses("COIR_WIPE_STACKS", "2", "one of on, off");
	refuses("COIR_OVERFLOW_REPORT", "maybe", "one of on, off");
}

Test(option, pin_list, .init = clean)
{
	static const char *const good[] = {"0", "0,2,4-7", "3-3", "7,7,0", "2147483647"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		coiri_options o = with("COIR_PIN", good[i]);
		cr_assert_eq(o.pin, COIR_PIN_LIST);
		cr_assert_str_eq(o.pin_list, good[i]);
		cr_assert_eq(o.source[COIRI_OPTION_PIN], COIRI_FROM_ENV);
	}
}

Test(option, bad_pin_lists, .init = clean)
{
	static const char *const bad[] = {"-1",  "0,",  ",0",  "0,,1",  "0-",  "4-2",        "0-3:2",
					  "0 1", "0;1", "0,x", "1-2-3", "0x1", "2147483648", "0,99999999999999999999"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refuses("COIR_PIN", bad[i], "or a list of processors such as 0,2,4-7");
}

Test(option, pin_list_length, .init = clean)
{
	char list[COIRI_PIN_LIST_SIZE + 2];
	for (size_t i = 0; i < sizeof list; i++)
		list[i] = i % 2 ? ',' : '0';
	list[COIRI_PIN_LIST_SIZE - 1] = '\0';
	cr_assert_str_eq(with("COIR_PIN", list).pin_list, list);
	list[COIRI_PIN_LIST_SIZE - 1] = ',';
	list[COIRI_PIN_LIST_SIZE + 1] = '\0';
	setenv("COIR_PIN", list, 1);
	refused(NULL, "COIR_PIN=0,0,", "at most 4095 characters");
}

Test(option, config_wins_over_environment, .init = clean)
{
	coir_config cfg = COIR_CONFIG_INIT;
	setenv("COIR_WORKERS", "5", 1);
	setenv("COIR_STACK", "nonsense that nobody looks at", 1);
	setenv("COIR_GUARD", "canary", 1);
	setenv("COIR_WIPE_STACKS", "1", 1);
	setenv("COIR_OVERFLOW_REPORT", "off", 1);
	setenv("COIR_PIN", "0,1", 1);
	cfg.workers = 3;
	cfg.stack_size = 1 << 20;
	cfg.guard = COIR_GUARD_MPROTECT;
	cfg.wipe_stacks = -1;
	cfg.overflow_report = 1;
	cfg.pin = COIR_PIN_COMPACT;
	cfg.main_stack = COIR_STACK_MIN;
	cfg.clock = COIR_CLOCK_REAL;
	cfg.seed = 9;
	coiri_options o = resolved(&cfg);
	cr_assert_eq(o.workers, 3);
	cr_assert_eq(o.stack_size, (size_t)1 << 20);
	cr_assert_eq(o.guard, COIR_GUARD_MPROTECT);
	cr_assert(!o.wipe_stacks);
	cr_assert(o.overflow_report);
	cr_assert_eq(o.pin, COIR_PIN_COMPACT);
	cr_assert_str_eq(o.pin_list, "");
	cr_assert_eq(o.main_stack, COIR_STACK_MIN);
	cr_assert_eq(o.clock, COIR_CLOCK_REAL);
	cr_assert_eq(o.seed, 9);
	for (int i = 0; i < COIRI_OPTIONS; i++)
		cr_assert_eq(o.source[i], COIRI_FROM_CONFIG, "option %d", i);
}

Test(option, environment_fills_what_config_leaves, .init = clean)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 3;
	setenv("COIR_PIN", "scatter", 1);
	coiri_options o = resolved(&cfg);
	cr_assert_eq(o.pin, COIR_PIN_SCATTER);
	cr_assert_eq(o.source[COIRI_OPTION_PIN], COIRI_FROM_ENV);
	cr_assert_eq(o.source[COIRI_OPTION_WORKERS], COIRI_FROM_CONFIG);
}

Test(option, config_pin_list, .init = clean)
{
	coir_config cfg = COIR_CONFIG_INIT;
	setenv("COIR_PIN", "compact", 1);
	cfg.pin_list = "1,0";
	coiri_options o = resolved(&cfg); /* the list alone is enough */
	cr_assert_eq(o.pin, COIR_PIN_LIST);
	cr_assert_str_eq(o.pin_list, "1,0");
	cr_assert_eq(o.source[COIRI_OPTION_PIN], COIRI_FROM_CONFIG);
	cfg.pin = COIR_PIN_LIST;
	cr_assert_str_eq(resolved(&cfg).pin_list, "1,0");
}

Test(option, bad_config, .init = clean)
{
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = COIR_WORKERS_MAX + 1;
	refused(&cfg, "coir_config.workers=1025", "1 to 1024");
	cfg = (coir_config)COIR_CONFIG_INIT;
	cfg.stack_size = 4096;
	refused(&cfg, "coir_config.stack_size=4K", "16K to 1G");
	cfg.stack_size = SIZE_MAX;
	refused(&cfg, "coir_config.stack_size=18446744073709551615", "16K to 1G");
	cfg = (coir_config)COIR_CONFIG_INIT;
	cfg.main_stack = COIR_STACK_MAX + 1;
	refused(&cfg, "coir_config.main_stack=1073741825", "16K to 1G");
	cfg = (coir_config)COIR_CONFIG_INIT;
	cfg.pin = (coir_pin)5;
	refused(&cfg, "coir_config.pin=5", "none, compact, scatter");
	cfg.pin = COIR_PIN_LIST;
	refused(&cfg, "coir_config.pin_list=", "such as 0,2,4-7");
	cfg.pin_list = "0,,1";
	refused(&cfg, "coir_config.pin_list=0,,1", "such as 0,2,4-7");
	cfg = (coir_config)COIR_CONFIG_INIT;
	cfg.guard = (coir_guard)9;
	refused(&cfg, "coir_config.guard=9", "auto, install, mprotect, canary");
	cfg = (coir_config)COIR_CONFIG_INIT;
	cfg.wipe_stacks = 2;
	refused(&cfg, "coir_config.wipe_stacks=2", "on, off");
}

Test(option, config_sizes, .init = clean)
{
	static const size_t bad[] = {0, 7, 8, 17, sizeof(coir_config) - 1, sizeof(coir_config) + 8, SIZE_MAX};
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = 2;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cfg.size = bad[i];
		refused(&cfg, "coir_config.size=", "COIR_CONFIG_INIT");
	}
	cfg.size = offsetof(coir_config, stack_size); /* as if the struct had ended there once */
	cfg.stack_size = 1;                           /* not the caller's */
	coiri_options o = resolved(&cfg);
	cr_assert_eq(o.workers, 2);
	cr_assert_eq(o.stack_size, (size_t)128 << 10);
}

Test(option, print, .init = clean)
{
	char *text = NULL;
	size_t size = 0;
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.stack_size = 256 << 10;
	setenv("COIR_PIN", "0,0", 1);
	setenv("COIR_MAIN_STACK", "20001", 1);
	coiri_options o = resolved(&cfg);
	FILE *f = open_memstream(&text, &size);
	coiri_options_print(&o, f);
	fclose(f);
	cr_assert_not_null(strstr(text, "workers          auto       default               kernel"), "%s", text);
	cr_assert_not_null(strstr(text, "\npin              0,0        COIR_PIN              where"), "%s", text);
	cr_assert_not_null(strstr(text, "\nstack_size       256K       config                stack"), "%s", text);
	cr_assert_not_null(strstr(text, "\nmain_stack       20001      COIR_MAIN_STACK "), "%s", text);
	cr_assert_not_null(strstr(text, "(COIR_STACK, default 128K)\n"), "%s", text);
	cr_assert_not_null(strstr(text, "(COIR_MAIN_STACK, default RLIMIT_STACK)\n"), "%s", text);
	cr_assert_not_null(strstr(text, "(COIR_WORKERS, default auto)\n"), "%s", text);
	cr_assert_not_null(strstr(text, "\noverflow_report  on         default "), "%s", text);
	free(text);
}
