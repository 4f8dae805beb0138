/* SPDX-License-Identifier: MIT
 *
 * demos/progress.h - one line on the terminal that says how far a long run is.
 *
 * It appears when a run has lasted half a second, changes at most ten times a second, and is gone at the end. If
 * stderr is no terminal there is none. Any fiber may report progress; whoever finds that a tenth of a second has
 * gone by writes the line, so there is no fiber or thread for it.
 */
#ifndef DEMOS_PROGRESS_H
#define DEMOS_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *name;
	const char *unit;
	uint64_t total; /* 0: unknown */
	bool on;
	/* All relaxed: the figures order nothing, and the fibers that report are joined before the end. */
	_Atomic uint64_t done;
	_Atomic int64_t due; /* when the line may next be written */
	_Atomic bool shown;
};

void progress_start(struct progress *progress, const char *name, const char *unit, uint64_t total);

/* `count` more units are done. Costs an atomic addition and a look at the clock: not for every leaf of a tree. */
void progress_add(struct progress *progress, uint64_t count);

/* Takes the line away: before something else is written to stderr, and at the end. It may come again. */
void progress_hide(struct progress *progress);

#endif
