/* SPDX-License-Identifier: MIT
 *
 * stress/startstop.c - runtimes come and go: with nobody alive, with fibers to abandon in every state, with foreign
 * threads that keep calling. Every call is answered, every thread and stack comes back.
 */
#include "support/bodies.h"
#include "support/stress.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_bool over;

static intptr_t spawn_more(void *arg)
{
	uint64_t dice = (uintptr_t)arg;
	for (;;) {
		if (coir_go(fiber_give_back, NULL) != 0)
			return 1;
		if (chance_below(&dice, 3) == 0)
			must_eq(must_join(must_spawn(fiber_give_back, (void *)2)), 2);
		must_ok(coir_yield());
	}
}

static const coir_fn body[] = {fiber_give_back, fiber_park_for_ever, fiber_yield_for_ever, spawn_more,
			       fiber_yield_often};

static void fill(uint64_t *dice, coir_fiber *f, int n)
{
	for (int i = 0; i < n; i++)
		f[i] = (chance_below(dice, 4) ? must_spawn : must_spawn_sticky)(body[chance_below(dice, 5)], NULL);
}

enum { N = 30 };

static void quiet_life(const struct stress *s)
{
	start_workers(s->workers);
	coir_fiber f[N];
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(fiber_give_back, (void *)1);
	must_eq(must_join_all(f, N), N);
	stop_workers();
}

static void violent_end(const struct stress *s, uint64_t *dice)
{
	coir_fiber f[N];
	start_workers(s->workers);
	fill(dice, f, N);
	chance_delay(dice, 20000);
	must_ok(coir_stop(COIR_STOP_FORCE));
	coir_stats stats = must_stats();
	must_eq(stats.spawned, stats.finished + stats.abandoned);
}

struct left_behind {
	uint64_t dice;
};

static intptr_t leave(void *arg)
{
	struct left_behind *l = arg;
	coir_fiber f[N];
	fill(&l->dice, f, N);
	for (unsigned i = chance_below(&l->dice, 20); i > 0; i--)
		must_ok(coir_yield());
	return N;
}

/* Keeps calling whatever happens. Its own fibers may be abandoned under it, also while it waits for them. */
static void *caller(void *arg)
{
	(void)arg;
	while (!atomic_load(&over)) {
		coir_fiber f;
		int rc = coir_spawn(NULL, fiber_give_back, NULL, &f);
		must(rc == 0 || rc == -EPERM, "spawn: %d", rc);
		if (rc == 0) {
			rc = coir_unpark(f);
			must(rc == 0 || rc == -ESRCH || rc == -EPERM, "unpark: %d", rc);
			rc = coir_join(f, NULL);
			must(rc == 0 || rc == -ESRCH || rc == -EPERM, "join: %d", rc);
		}
		sched_yield();
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 300);
	uint64_t dice = 11;
	int threads = thread_count();
	for (long i = 0; i < s.rounds; i++) {
		quiet_life(&s);
		violent_end(&s, &dice);
		struct left_behind l = {chance(&dice)};
		must_eq(with_workers(s.workers, leave, &l), N);
	}
	thread_count_settles(threads);
	pthread_t t[2];
	for (int i = 0; i < 2; i++)
		t[i] = thread_start(caller, NULL);
	for (long i = 0; i < s.rounds; i++)
		violent_end(&s, &dice);
	atomic_store(&over, true);
	for (int i = 0; i < 2; i++)
		thread_end(t[i]);
	thread_count_settles(threads);
	return 0;
}
