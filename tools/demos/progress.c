/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include "demo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_NS 500000000
#define EVERY_NS 100000000

/* One write, so that lines of two workers do not mix. Nobody is told when it fails. */
static void put(const char *line)
{
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
}

void progress_start(struct progress *progress, const char *name, const char *unit, uint64_t total)
{
	const char *term = getenv("TERM");
	*progress = (struct progress){.name = name, .unit = unit, .total = total};
	progress->on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	atomic_store_explicit(&progress->due, demo_now() + FIRST_NS, memory_order_relaxed);
}

static void show(struct progress *progress, uint64_t done)
{
	char line[160];
	if (progress->total)
		snprintf(line, sizeof line, "\r\033[K%s: %" PRIu64 " %% of %" PRIu64 " %s", progress->name,
			 done * 100 / progress->total, progress->total, progress->unit);
	else
		snprintf(line, sizeof line, "\r\033[K%s: %" PRIu64 " %s", progress->name, done, progress->unit);
	atomic_store_explicit(&progress->shown, true, memory_order_relaxed);
	put(line);
}

void progress_add(struct progress *progress, uint64_t count)
{
	if (!progress->on)
		return;
	uint64_t done = atomic_fetch_add_explicit(&progress->done, count, memory_order_relaxed) + count;
	int64_t now = demo_now();
	int64_t due = atomic_load_explicit(&progress->due, memory_order_relaxed);
	if (now >= due && atomic_compare_exchange_strong_explicit(&progress->due, &due, now + EVERY_NS,
								  memory_order_relaxed, memory_order_relaxed))
		show(progress, done);
}

void progress_hide(struct progress *progress)
{
	if (atomic_exchange_explicit(&progress->shown, false, memory_order_relaxed))
		put("\r\033[K");
}
