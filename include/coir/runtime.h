/* SPDX-License-Identifier: MIT
 *
 * coir/runtime.h - starting and stopping the runtime.
 *
 * A process has at most one runtime at a time. Two forms:
 *   coir_run    start, run one main fiber, shut down, hand back its result;
 *   coir_start / coir_stop    beside a program's own threads, which spawn into it.
 *
 * Every call returns 0 or a negative errno value and leaves errno itself alone as far as it can;
 * errno is not preserved across a call that may park, because the compiler may keep its address
 * while the fiber moves to another kernel thread. Nothing in this API needs errno.
 */
#ifndef COIR_RUNTIME_H
#define COIR_RUNTIME_H

#include <coir/base.h>

COIR_BEGIN_DECLS

/* The most workers a runtime may have. */
#define COIR_WORKERS_MAX 1024

/* Where workers are bound. */
typedef enum coir_pin {
	COIR_PIN_DEFAULT = 0, /* what COIR_PIN says, else none */
	COIR_PIN_NONE,        /* the kernel moves workers as it likes */
	COIR_PIN_COMPACT,     /* neighbours first: SMT siblings, then cores that share a cache, then a node */
	COIR_PIN_SCATTER,     /* far apart first: nodes, then caches, then cores, SMT siblings last */
	COIR_PIN_LIST,        /* pin_list names one processor for each worker */
} coir_pin;

/* How the end of a stack is guarded. A rung that the kernel refuses falls to the next one. */
typedef enum coir_guard {
	COIR_GUARD_DEFAULT = 0, /* what COIR_GUARD says, else auto */
	COIR_GUARD_AUTO,        /* install, else mprotect while maps last, else refuse: the fiber waits
	                         * for a stack, and spawning gives -ENOMEM meanwhile */
	COIR_GUARD_INSTALL,     /* MADV_GUARD_INSTALL (Linux 6.13): no mapping for each stack */
	COIR_GUARD_MPROTECT,    /* a PROT_NONE page for each stack; each costs a mapping */
	COIR_GUARD_CANARY,      /* auto, and where no page guard can be had a canary word, checked when the
	                         * fiber ends: finds an overflow late, or not at all */
} coir_guard;

/* What time is: see coir/time.h. */
typedef enum coir_clock {
	COIR_CLOCK_DEFAULT = 0, /* what COIR_CLOCK says, else real */
	COIR_CLOCK_REAL,        /* CLOCK_MONOTONIC */
	COIR_CLOCK_VIRTUAL,     /* jumps to the next timer when all fibers wait; one worker */
	COIR_CLOCK_MANUAL,      /* moves by coir_clock_advance only; one worker */
} coir_clock;

/* What a runtime is made of. Zero in a field means: what the environment variable says, else the
 * default. A field that is not zero wins over the environment. `gorun --info` prints every option. */
typedef struct coir_config {
	size_t size;          /* sizeof(coir_config), for binary compatibility; COIR_CONFIG_INIT sets it */
	unsigned workers;     /* COIR_WORKERS: kernel threads that run fibers; default: one for each processor the
	                       * process may use (affinity mask, cgroup quota); at most COIR_WORKERS_MAX */
	coir_pin pin;         /* COIR_PIN: none, compact, scatter, or a list such as 0,2,4-7 */
	const char *pin_list; /* processors (OS numbers) for COIR_PIN_LIST, "0,2,4-7" */
	size_t stack_size;    /* COIR_STACK: bytes of stack for a fiber that asks for none; default 128 KiB */
	size_t main_stack;    /* COIR_MAIN_STACK: bytes of stack for coir_run's fiber; default RLIMIT_STACK, or 8 MiB
	                       * where that is unlimited */
	coir_guard guard;     /* COIR_GUARD: auto, install, mprotect, canary */
	int wipe_stacks;      /* COIR_WIPE_STACKS: 1 clears a stack at its fiber's exit; -1 off whatever the environment
	                       * says */
	int overflow_report;  /* COIR_OVERFLOW_REPORT: -1 leaves SIGSEGV and SIGBUS alone: no overflow message */
	coir_clock clock;     /* COIR_CLOCK: real, virtual, manual */
	uint64_t seed;        /* COIR_SEED: of everything that coir chooses by chance; default 1 */
} coir_config;

#define COIR_CONFIG_INIT                                                                                              \
	{                                                                                                             \
		sizeof(coir_config), 0, COIR_PIN_DEFAULT, NULL, 0, 0, COIR_GUARD_DEFAULT, 0, 0, COIR_CLOCK_DEFAULT, 0 \
	}

/* Starts a runtime, runs fn(arg) as its main fiber on a stack of main_stack bytes, shuts down when that
 * returns and stores its result in *out (out may be NULL). Fibers that still live then are abandoned, as
 * goroutines are: no handler runs, their memory is taken back, their handles give -ESRCH. A fiber that
 * computes, or spawns, without ever yielding, parking or joining delays the shutdown until it does.
 *
 * cfg may be NULL. May be called again after it returned. The calling thread sleeps meanwhile.
 * Errors: -EINVAL (fn is NULL, or a bad option: one line on stderr says which), -EBUSY (a runtime runs
 * already, or the caller is a fiber), -ENOMEM, -EAGAIN (no thread could be made), -ENOTSUP (the kernel's pages are not
 * of 4096 bytes: one line on stderr). */
COIR_API int coir_run(const coir_config *cfg, coir_fn fn, void *arg, intptr_t *out);

/* Starts a runtime beside the caller's threads, which may spawn, join, detach, unpark from then on.
 * cfg may be NULL. Errors as coir_run's. */
COIR_API int coir_start(const coir_config *cfg);

#define COIR_STOP_FORCE 1u /* abandon the fibers that still live */

/* Stops the runtime that coir_start started: waits for the workers to reach the scheduler and ends them.
 * Without COIR_STOP_FORCE it gives -EBUSY, and stops nothing, while a fiber lives (it waits two milliseconds for those
 * that are just ending). From a plain thread only.
 * A plain thread that is inside coir_call_with_stack is waited for; one that joins an abandoned fiber gets -ESRCH.
 * Errors: -EBUSY, -EINVAL (unknown flag), -EPERM (no runtime, one that coir_run owns, or called in a fiber or inside
 * coir_call_with_stack). */
COIR_API int coir_stop(unsigned flags);

/* The number of workers of the running runtime, or -EPERM. Any thread. */
COIR_API int coir_workers(void);

COIR_END_DECLS

#endif
