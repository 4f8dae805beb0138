/* SPDX-License-Identifier: MIT
 *
 * gorun - runs a program of fibers, as `go run` does: a demo, a C file, a shared object.
 */
#include "../demos/demo.h"
#include "help.h"
#include "options.h"
#include "program.h"
#include "start.h"
#include "util.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct demo_call {
	const struct demo *demo;
	int argc;
	char **argv;
	struct demo_report report;
};

static intptr_t call_demo(void *arg)
{
	struct demo_call *call = arg;
	return call->demo->run(&call->report, call->argc, call->argv);
}

/* The figures are those of the whole run: exact, now that the workers are gone. */
static void print_report(const struct demo_report *report)
{
	coir_stats stats = {.size = sizeof stats};
	printf("%-8s %s\n", "result", report->result);
	printf("%-8s %.4f s\n", "time", (double)report->ns * 1e-9);
	if (coir_get_stats(&stats))
		return;
	printf("%-8s %" PRIu64 "\n", "fibers", stats.spawned);
	printf("%-8s %" PRIu64 " (%" PRIu64 " fibers)\n", "steals", stats.steals, stats.stolen);
	printf("%-8s %" PRIu64 "\n", "workers", stats.workers);
}

static int run_demo(const struct options *options, const struct demo *demo, int argc, char **argv)
{
	struct demo_call call = {.demo = demo, .argc = argc, .argv = argv};
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		printf("usage: gorun %s %s\n%s\n", demo->name, demo->arguments, demo->details);
		return 0;
	}
	if (options->stats)
		stats_at_exit();
	int code = start_runtime(&options->config, call_demo, &call);
	if (call.report.result[0])
		print_report(&call.report);
	return code;
}

static int run_named(const struct options *options, int argc, char **argv)
{
	if (program_is_file(argv[0]))
		return program_run(options, argc, argv);
	for (const struct demo *const *at = demos; *at; at++) {
		if (strcmp((*at)->name, argv[0]) == 0)
			return run_demo(options, *at, argc, argv);
	}
	complain("there is no demo '%s' (gorun --list); a file's name has a '/' in it or ends in .c or .so", argv[0]);
	return EXIT_NOT_FOUND;
}

/* What needs no program. Returns true when that was all. */
static bool answer(const struct options *options)
{
	if (options->help)
		help_print();
	else if (options->version)
		printf("gorun and libcoir %s\n", coir_version());
	else if (options->list)
		help_list();
	else
		return false;
	return true;
}

static int launch(int argc, char **argv)
{
	struct options options;
	if (options_read(&options, argc, argv))
		return EXIT_BAD_USAGE;
	if (answer(&options))
		return 0;
	bool named = options.program < argc;
	if (options.info) {
		int code = help_info(&options, named ? stderr : stdout);
		if (code || !named)
			return code;
	}
	if (!named) {
		complain_usage("no program given: a demo, a C file or a shared object");
		return EXIT_BAD_USAGE;
	}
	return run_named(&options, argc - options.program, argv + options.program);
}

int main(int argc, char **argv)
{
	int code = launch(argc, argv);
	/* Output that could not be written is a failure, as for any tool. */
	if (fflush(stdout) && code == 0) {
		complain("cannot write the output: %s", strerror(errno));
		code = EXIT_OWN_FAILURE;
	}
	return code;
}
