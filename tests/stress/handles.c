/* SPDX-License-Identifier: MIT
 *
 * stress/handles.c - many join, detach and unpark one handle at once, from fibers and foreign threads: exactly one of
 * the joins and detaches wins, the rest is refused, nobody hangs, and no stale call reaches the fiber that has the
 * descriptor next.
 */
#include "support/bodies.h"
#include "support/stress.h"

#include <errno.h>
#include <stdatomic.h>

enum { THREADS = 3, FIBERS = 3, ACTORS = THREADS + FIBERS };

/* One round: the coordinator publishes a fiber, all actors act on it once, the coordinator counts. The barrier is the
 * plain threads'; the fibers of the round are told by their permits. */
static struct {
	pthread_barrier_t begin, end;
	atomic_int wins;
	atomic_int detached;
	atomic_int refused;
	coir_fiber target;
	intptr_t result;
	long rounds;
} game;

static void refused(int rc)
{
	must(rc == -ESRCH || rc == -EINVAL, "%d", rc);
	atomic_fetch_add(&game.refused, 1);
}

static void try_join(coir_fiber f)
{
	intptr_t out = -1;
	int rc = coir_join(f, &out);
	if (rc != 0) {
		refused(rc);
		return;
	}
	must_eq(out, game.result);
	atomic_fetch_add(&game.wins, 1);
}

static void try_detach(coir_fiber f)
{
	int rc = coir_detach(f);
	if (rc != 0) {
		refused(rc);
		return;
	}
	atomic_fetch_add(&game.wins, 1);
	atomic_fetch_add(&game.detached, 1);
}

static void act(uint64_t *dice)
{
	coir_fiber f = game.target;
	chance_delay(dice, 2000);
	for (int i = 0; i < 2; i++) {
		int rc = coir_unpark(f);
		must(rc == 0 || rc == -ESRCH, "%d", rc);
	}
	if (chance_below(dice, 3))
		try_join(f);
	else
		try_detach(f);
}

static void *actor_thread(void *arg)
{
	uint64_t dice = (uintptr_t)arg;
	for (long i = 1; i <= game.rounds; i++) {
		pthread_barrier_wait(&game.begin);
		act(&dice);
		pthread_barrier_wait(&game.end);
	}
	return NULL;
}

static intptr_t actor_fiber(void *arg)
{
	uint64_t dice = (uintptr_t)arg;
	must_ok(coir_park());
	act(&dice);
	return 1;
}

static intptr_t park_twice(void *arg)
{
	must_ok(coir_park());
	must_ok(coir_yield());
	return (intptr_t)arg;
}

static const coir_fn victim[] = {fiber_give_back, fiber_park_once, park_twice};

/* Each actor unparks before it joins or detaches, so the fiber ends in any case. */
static void one_round(long i)
{
	coir_fiber actor[FIBERS];
	atomic_store(&game.wins, 0);
	atomic_store(&game.refused, 0);
	game.result = i;
	for (intptr_t k = 0; k < FIBERS; k++)
		actor[k] = must_spawn(actor_fiber, (void *)(i * FIBERS + k));
	game.target = (i % 5 ? must_spawn : must_spawn_sticky)(victim[i % 3], (void *)i);
	for (int k = 0; k < FIBERS; k++)
		must_ok(coir_unpark(actor[k]));
	pthread_barrier_wait(&game.begin);
	must_eq(must_join_all(actor, FIBERS), FIBERS);
	pthread_barrier_wait(&game.end);
	must_eq(atomic_load(&game.wins), 1);
	must_eq(atomic_load(&game.refused), ACTORS - 1);
}

static bool all_ended(void *arg)
{
	(void)arg;
	coir_stats s = must_stats();
	return s.finished == s.spawned;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 15000);
	game.rounds = s.rounds;
	start_workers(s.workers);
	pthread_t thread[THREADS];
	must_ok(pthread_barrier_init(&game.begin, NULL, THREADS + 1));
	must_ok(pthread_barrier_init(&game.end, NULL, THREADS + 1));
	for (intptr_t i = 0; i < THREADS; i++)
		thread[i] = thread_start(actor_thread, (void *)(i + 1));
	for (long i = 1; i <= s.rounds; i++)
		one_round(i);
	for (int i = 0; i < THREADS; i++)
		thread_end(thread[i]);
	poll_until(all_ended, NULL);
	stop_workers();
	must(atomic_load(&game.detached) > 0 || s.rounds < 20);
	return 0;
}
