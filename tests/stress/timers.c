/* SPDX-License-Identifier: MIT
 *
 * stress/timers.c - timers that are started, started anew, stopped and drained by fibers and a plain thread at once.
 * The law: each start either fires once, or is taken back by a start or a stop that says so. And frames: each fiber sees
 * all numbers, in order.
 */
#include "support/stress.h"

#include <pthread.h>
#include <stdatomic.h>

enum { TIMERS = 40, FIBERS = 8 };

static struct alarm {
	coir_timer timer;
	atomic_long started, taken_back, fired;
	atomic_bool inside; /* its function runs: once at a time */
} alarms[TIMERS];
static long rounds;
static atomic_bool over;

static void ring(void *arg)
{
	struct alarm *a = arg;
	must(!atomic_exchange(&a->inside, true));
	long n = atomic_fetch_add(&a->fired, 1);
	if (n % 16 == 15 && !atomic_load(&over)) { /* starts itself now and then */
		atomic_fetch_add(&a->started, 1);
		int r = coir_timer_start(&a->timer, coir_after(5000));
		must(r == 0 || r == 1);
		atomic_fetch_add(&a->taken_back, r);
	}
	atomic_store(&a->inside, false);
}

static void start(struct alarm *a, int64_t ns)
{
	atomic_fetch_add(&a->started, 1);
	int r = coir_timer_start(&a->timer, coir_after(ns));
	must(r == 0 || r == 1);
	atomic_fetch_add(&a->taken_back, r);
}

static void stop(struct alarm *a)
{
	int r = coir_timer_stop(&a->timer);
	must(r == 0 || r == 1);
	atomic_fetch_add(&a->taken_back, r);
}

static void act(uint64_t *dice)
{
	struct alarm *a = &alarms[chance_below(dice, TIMERS)];
	if (chance_below(dice, 4) == 0)
		stop(a);
	else
		start(a, chance_below(dice, 3) ? chance_below(dice, 30000) : 100000000);
}

static intptr_t play(void *arg)
{
	uint64_t dice = (uintptr_t)arg;
	for (long i = 0; i < rounds; i++) {
		act(&dice);
		if (chance_below(&dice, 16) == 0)
			must_ok(coir_yield());
		if (chance_below(&dice, 64) == 0)
			must_ok(coir_sleep(chance_below(&dice, 20000)));
	}
	return 1;
}

static void *play_outside(void *arg)
{
	uint64_t dice = (uintptr_t)arg;
	for (long i = 0; i < rounds; i++)
		act(&dice);
	return NULL;
}

static void settle_accounts(void)
{
	atomic_store(&over, true);
	for (int i = 0; i < TIMERS; i++) {
		while (atomic_load(&alarms[i].inside)) /* one that may still start itself: a drain would not tell */
			must_ok(coir_yield());
		stop(&alarms[i]);
		must_ok(coir_timer_drain(&alarms[i].timer));
		must(!atomic_load(&alarms[i].inside));
		must_eq(alarms[i].fired + alarms[i].taken_back, alarms[i].started);
	}
}

/* Left alone, each fires. */
static void fire_all(void)
{
	for (int i = 0; i < TIMERS; i++) {
		long before = atomic_load(&alarms[i].fired);
		start(&alarms[i], 1000);
		while (atomic_load(&alarms[i].fired) == before)
			must_ok(coir_sleep(10000));
		must_ok(coir_timer_drain(&alarms[i].timer));
	}
}

static void play_with_timers(void)
{
	coir_fiber f[FIBERS];
	pthread_t thread;
	for (int i = 0; i < TIMERS; i++)
		must_ok(coir_timer_init(&alarms[i].timer, ring, &alarms[i]));
	for (uintptr_t i = 0; i < FIBERS; i++)
		f[i] = must_spawn(play, (void *)(i + 1));
	must_eq(pthread_create(&thread, NULL, play_outside, (void *)99), 0);
	must_eq(must_join_all(f, FIBERS), FIBERS);
	must_eq(pthread_join(thread, NULL), 0);
	settle_accounts();
	fire_all();
}

/* ---- frames ---- */

static coir_frames frames = COIR_FRAMES_INIT;
static atomic_long waits;

static intptr_t walk(void *arg)
{
	long steps = (intptr_t)arg, last = 0;
	for (long i = 0; i < steps; i++) {
		atomic_fetch_add(&waits, 1);
		int64_t number = coir_frames_wait(&frames);
		must(number > last, "%ld after %ld", (long)number, last);
		last = number;
	}
	return 1;
}

static void play_with_frames(void)
{
	enum { STEPS = 500 };
	coir_fiber f[FIBERS];
	long woken = 0;
	for (int i = 0; i < FIBERS; i++)
		f[i] = must_spawn(walk, (void *)(intptr_t)STEPS);
	while (woken < FIBERS * STEPS) {
		int n = coir_frames_advance(&frames);
		must(n >= 0);
		woken += n;
		must_ok(coir_yield());
	}
	must_eq(must_join_all(f, FIBERS), FIBERS);
	must_eq(woken, FIBERS * STEPS);
	must_eq(atomic_load(&waits), FIBERS * STEPS);
}

static intptr_t play_all(void *arg)
{
	(void)arg;
	play_with_timers();
	play_with_frames();
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 200000);
	rounds = s.rounds;
	must_eq(with_workers(s.workers, play_all, NULL), 0);
	return 0;
}
