/* SPDX-License-Identifier: MIT
 *
 * coir/stats.h - what the runtime counted and what it runs on.
 */
#ifndef COIR_STATS_H
#define COIR_STATS_H

#include <coir/base.h>
#include <stdio.h>

COIR_BEGIN_DECLS

/* Counters of one runtime, from its start. Read without stopping the workers: each is exact once they are
 * idle, and a little behind while they run. */
typedef struct coir_stats {
	uint64_t size;           /* sizeof(coir_stats); the caller sets it */
	uint64_t workers;        /* workers */
	uint64_t spawned;        /* fibers made */
	uint64_t finished;       /* fibers that ended */
	uint64_t abandoned;      /* fibers that a shutdown left unfinished; of the last runtime once it stopped */
	uint64_t inlined;        /* of the finished: ran inside the call that joined them */
	uint64_t switches;       /* scheduling steps: a fiber chosen and run; to about 60 for each worker */
	uint64_t steals;         /* times a worker took fibers from another */
	uint64_t stolen;         /* fibers so taken */
	uint64_t searches;       /* rounds over the victims */
	uint64_t sleeps;         /* futex waits of idle workers */
	uint64_t wakes;          /* futex wakes, made by anyone */
	uint64_t timed_sleeps;   /* of the sleeps: with a time limit, to watch over busy workers (not for a timer) */
	uint64_t stacks;         /* stacks that exist, in use or pooled */
	uint64_t stack_bytes;    /* address space reserved for them */
	uint64_t stacks_trimmed; /* stacks whose memory was given back to the kernel */
	uint64_t futex_calls; /* all futex calls of coir: sleeps and wakes of workers, joins by plain threads, locks */
} coir_stats;

/* Fills *out, of which out->size bytes are the caller's. After the runtime stopped: the last one's figures.
 * Any thread. Errors: -EINVAL (NULL, or a size below 8 or above what the library knows), -EPERM (there was none). */
COIR_API int coir_get_stats(coir_stats *out);

/* Writes what `gorun --info` shows to a stream: processors and quota, topology, workers and where they are bound,
 * the guard rung in force, every option with its value and where the value came from. Works with and without a
 * runtime (cfg: what would be started; NULL: the defaults). Errors: -EINVAL (a bad option, or stream NULL), -ENOMEM. */
struct coir_config;
COIR_API int coir_print_info(const struct coir_config *cfg, FILE *stream);

COIR_END_DECLS

#endif
