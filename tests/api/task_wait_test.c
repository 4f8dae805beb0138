/* SPDX-License-Identifier: MIT
 *
 * api/task_wait_test.c - tasks that wait, and forkers that wait for what their tasks do: on one worker, too.
 */
#include "support/bodies.h"

#include "support/tasks.h"
#include "support/test.h"

#include <errno.h>
#include <sched.h>

/* ---- a task that waits, taken and inlined, for what a fiber does ---- */

struct meeting {
	coir_chan *chan;
	coir_mutex mutex;
	coir_event event;
	atomic_int locked;
};

static intptr_t recv_one(void *arg)
{
	struct meeting *m = arg;
	int value = 0;
	must_ok(coir_chan_recv(m->chan, &value));
	return value;
}

static intptr_t send_one(void *arg)
{
	struct meeting *m = arg;
	return coir_chan_send(m->chan, &(int){5});
}

static intptr_t lock_once(void *arg)
{
	struct meeting *m = arg;
	must_ok(coir_mutex_lock(&m->mutex));
	must_eq(atomic_fetch_add(&m->locked, 1), 0);
	must_ok(coir_yield());
	must_eq(atomic_fetch_sub(&m->locked, 1), 1);
	must_ok(coir_mutex_unlock(&m->mutex));
	return 5;
}

static intptr_t wait_event(void *arg)
{
	struct meeting *m = arg;
	must_ok(coir_event_wait(&m->event));
	return 5;
}

static intptr_t set_event(void *arg)
{
	struct meeting *m = arg;
	return coir_event_set(&m->event);
}

static intptr_t sleep_a_little(void *arg)
{
	(void)arg;
	must_ok(coir_sleep(100 * COIR_MICROSECOND));
	return 5;
}

static intptr_t join_a_fiber(void *arg)
{
	(void)arg;
	coir_fiber f = must_spawn(fiber_yield_often, (void *)3), g = must_spawn(fiber_give_back, (void *)2);
	return must_join(g) + must_join(f);
}

static intptr_t select_one(void *arg)
{
	struct meeting *m = arg;
	int value = 0;
	coir_case cases[] = {coir_case_recv(m->chan, &value), coir_case_timeout(coir_after(3600 * COIR_SECOND))};
	must_eq(coir_select(cases, 2, COIR_NEVER), 0);
	return value;
}

static void meet(enum way way, coir_fn task, coir_fn fiber, struct meeting *m)
{
	coir_fiber f = must_spawn(fiber, m);
	struct probe p;
	if (way == TAKEN) {
		probe_give(&p, task, m);
		must_eq(probe_take(&p), 5);
	} else {
		probe_fork(&p, task, m);
		must_eq(probe_join(&p), 5);
	}
	must_join(f);
}

fiber_test(task_wait, in_a_task)
{
	struct meeting m;
	must_ok(coir_chan_create(sizeof(int), 0, &m.chan));
	must_ok(coir_mutex_init(&m.mutex, 0));
	atomic_init(&m.locked, 0);
	for (enum way way = 0; way < WAYS; way++) {
		for (int i = 0; i < 50; i++) {
			must_ok(coir_event_init(&m.event));
			meet(way, recv_one, send_one, &m);
			meet(way, select_one, send_one, &m);
			meet(way, lock_once, lock_once, &m);
			meet(way, wait_event, set_event, &m);
			meet(way, sleep_a_little, fiber_give_back, &m);
			meet(way, join_a_fiber, fiber_yield_often, &m);
			must_ok(coir_event_destroy(&m.event));
		}
	}
	must_ok(coir_chan_destroy(m.chan));
	must_ok(coir_mutex_destroy(&m.mutex));
}

/* ---- a forker that waits for what its task does ---- */

static intptr_t raise_flag(void *arg)
{
	atomic_store((atomic_int *)arg, 1);
	return 0;
}

fiber_test(task_wait, forker_receives)
{
	struct meeting m;
	must_ok(coir_chan_create(sizeof(int), 0, &m.chan));
	for (int i = 0; i < 200; i++) {
		struct probe p;
		int value = 0;
		probe_fork(&p, send_one, &m);
		must_ok(coir_chan_recv(m.chan, &value));
		must_eq(value, 5);
		must_ok(probe_take(&p));
	}
	must_ok(coir_chan_destroy(m.chan));
}

fiber_test(task_wait, forker_yields)
{
	for (int i = 0; i < 200; i++) {
		atomic_int flag = 0;
		struct probe p;
		probe_fork(&p, raise_flag, &flag);
		while (!atomic_load(&flag))
			must_ok(coir_yield());
		must_ok(probe_take(&p));
	}
}

/* Two tasks wait for each other, and the forker for one of them by polling a join. */
static intptr_t pass_on(void *arg)
{
	struct meeting *m = arg;
	int value = 0;
	must_ok(coir_chan_recv(m->chan, &value));
	return value;
}

fiber_test(task_wait, forker_polls_a_join)
{
	struct meeting m;
	must_ok(coir_chan_create(sizeof(int), 0, &m.chan));
	for (int i = 0; i < 50; i++) {
		coir_fiber f = must_spawn(pass_on, &m);
		struct probe p;
		intptr_t out = 0;
		probe_fork(&p, send_one, &m);
		int r;
		while ((r = i % 2 ? coir_try_join(f, &out) : coir_join_until(f, &out, 0)) != 0) {
			must_eq(r, i % 2 ? -EAGAIN : -ETIMEDOUT);
			if (i % 2)
				must_ok(coir_yield());
		}
		must_eq(out, 5);
		must_ok(probe_take(&p));
	}
	must_ok(coir_chan_destroy(m.chan));
}

/* A condition that only the task makes true, by a mutex alone. */
struct guarded {
	coir_mutex mutex;
	int value;
};

static intptr_t set_guarded(void *arg)
{
	struct guarded *g = arg;
	must_ok(coir_mutex_lock(&g->mutex));
	g->value = 1;
	return coir_mutex_unlock(&g->mutex);
}

fiber_test(task_wait, forker_looks_under_a_mutex)
{
	for (int i = 0; i < 20; i++) {
		struct guarded g = {.value = 0};
		must_ok(coir_mutex_init(&g.mutex, 0));
		struct probe p;
		probe_fork(&p, set_guarded, &g);
		for (bool done = false; !done;) {
			must_ok(coir_mutex_lock(&g.mutex));
			done = g.value;
			must_ok(coir_mutex_unlock(&g.mutex));
			if (!done)
				must_ok(coir_yield());
		}
		must_ok(probe_take(&p));
		must_ok(coir_mutex_destroy(&g.mutex));
	}
}

fiber_test(task_wait, forker_sleeps)
{
	for (int i = 0; i < 20; i++) {
		atomic_int flag = 0;
		struct probe p;
		probe_fork(&p, raise_flag, &flag);
		while (!atomic_load(&flag))
			must_ok(coir_sleep(50 * COIR_MICROSECOND));
		must_ok(probe_take(&p));
	}
}

/* It does not even wait, but computes: another worker takes the task, also if all others sleep. */
crowd_test(task_wait, forker_computes)
{
	for (int i = 0; i < 50; i++) {
		atomic_int flag = 0;
		struct probe p;
		if (i % 5 == 0) /* the others go to bed */
			must_ok(coir_sleep(3 * COIR_MILLISECOND));
		probe_fork(&p, raise_flag, &flag);
		while (!atomic_load(&flag))
			sched_yield();
		must_ok(probe_take(&p));
	}
}

/* ---- forks, spawns and joins mixed ---- */

static intptr_t raise_and_look(void *arg)
{
	return fiber_give_back(arg);
}

/* Its task is open while it ends a join inline and outside; and it is one of those itself. */
static intptr_t mix(void *arg)
{
	intptr_t depth = (intptr_t)arg;
	if (depth == 0)
		return 1;
	struct probe a, b;
	probe_fork(&a, mix, (void *)(depth - 1));
	coir_fiber f = must_spawn(mix, (void *)(depth - 1));
	probe_fork(&b, raise_and_look, (void *)1);
	coir_fiber g = must_spawn(fiber_yield_often, (void *)1);
	intptr_t sum = must_join(f); /* inline, if nobody has it */
	sum += probe_join(&b);
	sum += must_join(g);
	return sum + probe_join(&a);
}

fiber_test(task_wait, spawns_and_forks)
{
	must_eq(mix((void *)6), 190);
	must_eq(must_join(must_spawn(mix, (void *)5)), 94);
	must_eq(run_probe(TAKEN, mix, (void *)5), 94);
}

/* The child forks and joins below the joiner, whose own task is open. */
static intptr_t fork_below(void *arg)
{
	struct probe p;
	probe_fork(&p, fiber_give_back, arg);
	if (arg == (void *)2)
		must_ok(coir_yield());
	return probe_join(&p);
}

fiber_test(task_wait, inlined_join_above_an_open_fork)
{
	for (intptr_t i = 1; i <= 2; i++) {
		struct probe p;
		probe_fork(&p, fiber_give_back, (void *)10);
		must_eq(must_join(must_spawn(fork_below, (void *)i)), i);
		must_eq(probe_join(&p), 10);
	}
}

/* ---- coroutines ---- */

static intptr_t fork_in_coro(coir_coro *self, void *arg)
{
	struct probe a, b;
	intptr_t sent = 0;
	probe_fork(&a, fork_below, (void *)2);
	must_ok(coir_coro_yield(self, 1, &sent));
	must_eq(sent, 1);
	probe_give(&b, fiber_yield_often, (void *)3);
	must_ok(coir_coro_yield(self, 2, &sent));
	must_eq(probe_take(&b), 3);
	return probe_join(&a) + (intptr_t)arg;
}

fiber_test(task_wait, forks_in_a_coroutine)
{
	for (int i = 0; i < 20; i++) {
		coir_coro *co;
		struct probe p;
		intptr_t out = 0;
		probe_fork(&p, fiber_give_back, (void *)4);
		must_ok(coir_coro_create(NULL, fork_in_coro, (void *)100, &co));
		must_eq(coir_coro_resume(co, 0, &out), 0);
		must_eq(out, 1);
		must_eq(coir_coro_resume(co, 1, &out), 0);
		must_eq(out, 2);
		must_ok(coir_yield());
		must_eq(coir_coro_resume(co, 1, &out), COIR_CORO_DONE);
		must_eq(out, 102);
		must_ok(coir_coro_destroy(co));
		must_eq(probe_join(&p), 4);
	}
}

/* A coroutine that lives inside a task, and one that forks while its own resumer is a task. */
static intptr_t count_up(coir_coro *self, void *arg)
{
	for (intptr_t i = 1; i <= (intptr_t)arg; i++) {
		struct probe p;
		probe_fork(&p, fiber_give_back, (void *)i);
		if (i % 2)
			must_ok(coir_yield());
		must_ok(coir_coro_yield(self, probe_join(&p), NULL));
	}
	return 0;
}

static intptr_t sum_up(void *arg)
{
	coir_coro *co;
	intptr_t sum = 0, out = 0;
	must_ok(coir_coro_create(NULL, count_up, arg, &co));
	while (coir_coro_resume(co, 0, &out) == 0)
		sum += out;
	must_ok(coir_coro_destroy(co));
	return sum;
}

fiber_test(task_wait, coroutines_in_tasks)
{
	for (enum way way = 0; way < WAYS; way++)
		must_eq(run_probe(way, sum_up, (void *)10), 55);
}
