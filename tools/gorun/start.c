/* SPDX-License-Identifier: MIT */
#include "start.h"

#include "util.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int start_runtime(const coir_config *config, coir_fn fn, void *arg)
{
	intptr_t result = 0;
	int failed = coir_run(config, fn, arg, &result);
	if (!failed)
		return (int)result;
	if (failed == -EINVAL)
		return EXIT_BAD_USAGE; /* the library said which option, and what it allows */
	complain("the runtime does not start: %s", strerror(-failed));
	return EXIT_OWN_FAILURE;
}

static void line(const char *name, uint64_t value, const char *meaning)
{
	fprintf(stderr, "%-15s %12" PRIu64 "  %s\n", name, value, meaning);
}

static void print_stats(void)
{
	coir_stats stats = {.size = sizeof stats};
	fflush(stdout);
	if (coir_get_stats(&stats)) {
		complain("no statistics: no runtime ran");
		return;
	}
	line("workers", stats.workers, "kernel threads that ran fibers");
	line("spawned", stats.spawned, "fibers made");
	line("finished", stats.finished, "fibers that ended");
	line("inlined", stats.inlined, "of them: ran inside the call that joined them");
	line("abandoned", stats.abandoned, "fibers left unfinished at the end");
	line("switches", stats.switches, "scheduling steps");
	line("steals", stats.steals, "times a worker took fibers from another");
	line("stolen", stats.stolen, "fibers so taken");
	line("searches", stats.searches, "rounds over the victims");
	line("sleeps", stats.sleeps, "futex waits of idle workers");
	line("timed sleeps", stats.timed_sleeps, "of them: with a time limit");
	line("wakes", stats.wakes, "futex wakes");
	line("stacks", stats.stacks, "stacks, in use or pooled");
	line("stack bytes", stats.stack_bytes, "address space reserved for them");
	line("stacks trimmed", stats.stacks_trimmed, "whose memory was given back");
}

void stats_at_exit(void)
{
	atexit(print_stats);
}
