/* SPDX-License-Identifier: MIT
 *
 * support/standin.c - runs the tests of one program: each in a forked child that an alarm ends when its time is up.
 * Says the outcome as TAP, which meson counts case by case.
 *
 * usage: program [--list] [FILTER]      FILTER: a shell pattern over "suite/name"
 * COIR_TEST_TIMEOUT is the time limit of a case in seconds, unless it has one of its own.
 */
#include "support/standin.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child tells the runner, in memory both see. */
struct verdict {
	bool failed;
	bool skipped;
	char reason[256];
};

static struct standin_test *first, **last = &first;
static struct verdict *verdict;

void standin_add(struct standin_test *test)
{
	*last = test;
	last = &test->next;
}

void standin_fail(const char *file, int line, const char *what, const char *format, ...)
{
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "%s:%d: assertion failed: %s%s\n", file, line, what, text);
	verdict->failed = true;
	_exit(1);
}

void standin_skip(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(verdict->reason, sizeof verdict->reason, format, args);
	va_end(args);
	verdict->skipped = true;
	_exit(0);
}

static void run_in_child(const struct standin_test *test, unsigned limit)
{
	alarm(limit);
	if (test->options->init)
		test->options->init();
	test->body();
	if (test->options->fini)
		test->options->fini();
	exit(0); /* not _exit: a leak checker looks now */
}

static bool as_wanted(const struct standin_test *test, int status)
{
	if (verdict->failed)
		return false;
	if (test->options->signal)
		return WIFSIGNALED(status) && WTERMSIG(status) == test->options->signal;
	return WIFEXITED(status) && WEXITSTATUS(status) == test->options->exit_code;
}

static bool run(const struct standin_test *test, int number, unsigned limit)
{
	if (test->options->timeout > 0)
		limit = (unsigned)test->options->timeout + 1;
	*verdict = (struct verdict){.failed = false};
	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		run_in_child(test, limit);
	int status = -1;
	bool passed = child > 0 && waitpid(child, &status, 0) == child && (verdict->skipped || as_wanted(test, status));
	printf("%sok %d %s::%s", passed ? "" : "not ", number, test->suite, test->name);
	if (verdict->skipped)
		printf(" # SKIP%s", verdict->reason);
	putchar('\n');
	if (!passed && WIFSIGNALED(status))
		printf("# %s\n", WTERMSIG(status) == SIGALRM ? "time is up" : strsignal(WTERMSIG(status)));
	else if (!passed && WIFEXITED(status))
		printf("# exit code %d\n", WEXITSTATUS(status));
	return passed;
}

static bool selected(const struct standin_test *test, const char *filter)
{
	char full[256];
	snprintf(full, sizeof full, "%s/%s", test->suite, test->name);
	return !filter || fnmatch(filter, full, 0) == 0;
}

int main(int argc, char **argv)
{
	const char *seconds = getenv("COIR_TEST_TIMEOUT");
	unsigned limit = seconds && atoi(seconds) > 0 ? (unsigned)atoi(seconds) : 60;
	bool list = false;
	const char *filter = NULL;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--list") == 0)
			list = true;
		else
			filter = argv[i];
	}
	verdict = mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (verdict == MAP_FAILED)
		return 1;
	int count = 0, failed = 0;
	for (struct standin_test *t = first; t; t = t->next)
		count += selected(t, filter);
	if (!list)
		printf("TAP version 13\n1..%d\n", count);
	int number = 0;
	for (struct standin_test *t = first; t; t = t->next) {
		if (!selected(t, filter))
			continue;
		if (list)
			printf("%s/%s\n", t->suite, t->name);
		else
			failed += !run(t, ++number, limit);
	}
	if (!list)
		printf("# %d passed, %d failed\n", count - failed, failed);
	return failed > 0;
}
