/* SPDX-License-Identifier: MIT
 *
 * support/tasks.h - tasks that are certain to have been taken, or not to be, when a test looks at them.
 */
#ifndef TESTS_SUPPORT_TASKS_H
#define TESTS_SUPPORT_TASKS_H

#include "support/run.h"

#include <coir/task.h>
#include <stdatomic.h>

/* A task that counts how often it runs, tells that it has begun, and calls fn(arg). */
struct probe {
	coir_task task;
	coir_fn fn;
	void *arg;
	intptr_t result;
	atomic_int runs;
};

static inline void probe_run(coir_task *task)
{
	struct probe *p = (struct probe *)task;
	must_eq(atomic_fetch_add(&p->runs, 1), 0);
	if (p->fn)
		p->result = p->fn(p->arg);
}

static inline void probe_fork(struct probe *p, coir_fn fn, void *arg)
{
	p->fn = fn;
	p->arg = arg;
	p->result = 0;
	atomic_init(&p->runs, 0);
	coir_task_fork(&p->task, probe_run);
}

/* Forks it and waits until somebody has it: it runs, or has run, as a fiber of its own. */
static inline void probe_give(struct probe *p, coir_fn fn, void *arg)
{
	probe_fork(p, fn, arg);
	while (atomic_load(&p->runs) == 0)
		must_ok(coir_yield());
}

static inline intptr_t probe_join(struct probe *p)
{
	if (coir_task_join(&p->task))
		probe_run(&p->task);
	must_eq(atomic_load(&p->runs), 1);
	return p->result;
}

/* Joins one that was given. */
static inline intptr_t probe_take(struct probe *p)
{
	must(!coir_task_join(&p->task));
	must_eq(atomic_load(&p->runs), 1);
	return p->result;
}

/* The ways for a test's task to run: taken by another fiber, or called by its join (with several workers that may be
 * a theft all the same). */
enum way { TAKEN, INLINED, WAYS };

static inline intptr_t run_probe(enum way way, coir_fn fn, void *arg)
{
	struct probe p;
	if (way == TAKEN) {
		probe_give(&p, fn, arg);
		return probe_take(&p);
	}
	probe_fork(&p, fn, arg);
	return probe_join(&p);
}

#endif
