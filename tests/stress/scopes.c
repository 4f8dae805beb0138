/* SPDX-License-Identifier: MIT
 *
 * stress/scopes.c - storms of cancels on trees of scopes, from children, deadlines, owners and plain threads. Every
 * child that waits does so until it is cancelled: a lost cancel is a hang. Every child that was spawned has run, and
 * left, by the time its scope's wait returns.
 */
#include "support/bodies.h"
#include "support/stress.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

enum { THREADS = 2, SLOTS = 4 };

/* ---- trees ---- */

typedef struct node {
	uint64_t seed;
	int depth;
	atomic_long *spawned, *left;
} node;

static intptr_t grow(void *arg);

/* The ways to be cancelled while waiting, and to be somewhere else at that moment. */
static intptr_t be_a_leaf(node *n)
{
	switch (chance_below(&n->seed, 6)) {
	case 0:
		return coir_park();
	case 1:
		return coir_sleep(3600 * COIR_SECOND);
	case 2:
		while (coir_cancelled() == 0)
			must_ok(coir_yield());
		return -ECANCELED;
	case 3:
		must_ok(coir_shield_begin());
		must_ok(coir_sleep(1000));
		must_ok(coir_shield_end());
		return coir_park();
	case 4:
		must_ok(coir_yield());
		return coir_park_until(COIR_NEVER);
	default:
		chance_delay(&n->seed, 2000);
		return coir_sleep_until(COIR_NEVER - 1);
	}
}

static void left(void *counter)
{
	atomic_fetch_add((atomic_long *)counter, 1);
}

static intptr_t branch(node *n)
{
	node child[5];
	coir_scope s;
	atomic_long spawned = 0, gone = 0;
	must_ok(coir_scope_begin(&s, NULL));
	for (int i = 0; i < 5; i++) {
		child[i] = (node){chance(&n->seed), n->depth - 1, &spawned, &gone};
		int rc = coir_scope_spawn(&s, grow, &child[i]);
		must(rc == 0 || rc == -ECANCELED);
		spawned += rc == 0;
		chance_delay(&n->seed, 100);
	}
	if (chance_below(&n->seed, 4) == 0)
		must_eq(coir_park(), -ECANCELED);
	must_eq(coir_scope_wait(&s), -ECANCELED);
	must_eq(gone, spawned);
	return -ECANCELED;
}

static intptr_t grow(void *arg)
{
	node *n = arg;
	must_ok(coir_defer(left, n->left));
	intptr_t r = n->depth > 0 ? branch(n) : be_a_leaf(n);
	must_eq(r, -ECANCELED);
	must_eq(coir_cancelled(), -ECANCELED);
	return r;
}

/* ---- who cancels ---- */

typedef struct forest {
	coir_scope scope;
	atomic_bool asked; /* a thread shall cancel it, and keeps the scope from ending until it has: */
	atomic_bool done;
} forest;

static forest forests[SLOTS];
static atomic_bool over;

static void *cancel_on_request(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	while (!atomic_load(&over)) {
		forest *f = &forests[chance_below(&seed, SLOTS)];
		if (!atomic_exchange(&f->asked, false)) {
			sched_yield();
			continue;
		}
		chance_delay(&seed, 20000);
		must_ok(coir_scope_cancel(&f->scope));
		atomic_store(&f->done, true);
	}
	return NULL;
}

static intptr_t wait_for_the_thread(void *arg)
{
	forest *f = arg;
	while (!atomic_load(&f->done))
		must_ok(coir_yield());
	return 0;
}

static intptr_t fail_soon(void *arg)
{
	for (intptr_t i = (intptr_t)arg; i > 0; i--)
		must_ok(coir_yield());
	return -EDOM;
}

static int cancel_somehow(forest *f, uint64_t *seed)
{
	switch (chance_below(seed, 4)) {
	case 0:
		must_ok(coir_scope_spawn(&f->scope, wait_for_the_thread, f));
		atomic_store(&f->asked, true);
		return -ECANCELED;
	case 1:
		must_ok(coir_scope_spawn(&f->scope, fail_soon, (void *)(intptr_t)chance_below(seed, 20)));
		return -EDOM;
	case 2:
		must_ok(coir_scope_cancel(&f->scope));
		return -ECANCELED;
	default:
		return -ETIMEDOUT;
	}
}

typedef struct gardener {
	uint64_t seed;
	forest *forest;
	long rounds;
} gardener;

static intptr_t tend(void *arg)
{
	gardener *g = arg;
	for (long i = 0; i < g->rounds; i++) {
		forest *f = g->forest;
		uint64_t seed = chance(&g->seed), ways = seed;
		atomic_long spawned = 0, gone = 0;
		node root = {seed, (int)chance_below(&g->seed, 4), &spawned, &gone};
		atomic_store(&f->done, false);
		bool timed = chance_below(&ways, 4) == 3;
		ways = seed;
		must_ok(coir_scope_begin_until(&f->scope, timed ? coir_after((int64_t)(seed % 200000)) : COIR_NEVER));
		int rc = coir_scope_spawn(&f->scope, grow, &root);
		must(rc == 0 || (timed && rc == -ECANCELED));
		int expected = cancel_somehow(f, &ways);
		must_eq(coir_scope_wait(&f->scope), expected);
		must_eq(gone, rc == 0);
		must_eq(coir_cancelled(), 0);
	}
	return 1;
}

/* ---- an owner that is cancelled at any moment ---- */

static intptr_t own(void *arg)
{
	atomic_long spawned = 0, gone = 0;
	node root = {(uintptr_t)arg, 2, &spawned, &gone};
	return branch(&root) == -ECANCELED;
}

static intptr_t cancel_owners(void *arg)
{
	gardener *g = arg;
	for (long i = 0; i < g->rounds; i++) {
		coir_fiber f = must_spawn(own, (void *)(uintptr_t)chance(&g->seed));
		for (unsigned n = chance_below(&g->seed, 10); n > 0; n--)
			must_ok(coir_yield());
		chance_delay(&g->seed, 2000);
		must_ok(coir_cancel(f));
		must_eq(must_join(f), 1);
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 150);
	gardener g[SLOTS + 1];
	coir_fiber f[SLOTS + 1];
	pthread_t thread[THREADS];
	start_workers(s.workers);
	for (uintptr_t i = 0; i < THREADS; i++)
		thread[i] = thread_start(cancel_on_request, (void *)i);
	for (int i = 0; i <= SLOTS; i++) {
		g[i] = (gardener){(uint64_t)i, &forests[i % SLOTS], s.rounds};
		f[i] = must_spawn(i < SLOTS ? tend : cancel_owners, &g[i]);
	}
	must_eq(must_join_all(f, SLOTS + 1), SLOTS + 1);
	atomic_store(&over, true);
	for (int i = 0; i < THREADS; i++)
		thread_end(thread[i]);
	must_ok(coir_stop(COIR_STOP_FORCE));
	return 0;
}
