/* SPDX-License-Identifier: MIT
 *
 * stress/sleepers.c - many that sleep at a time, beside fibers that keep their workers busy: all wake, none early.
 */
#include "support/stress.h"

#include <stdatomic.h>

static atomic_long woken;

static intptr_t sleep_once(void *arg)
{
	coir_time deadline = coir_after((intptr_t)arg);
	must_ok(coir_sleep_until(deadline));
	must(coir_now() >= deadline);
	atomic_fetch_add_explicit(&woken, 1, memory_order_relaxed);
	return 1;
}

static void crowd(long n)
{
	uint64_t dice = 3;
	coir_fiber *f = zeros((size_t)n, sizeof *f);
	for (long i = 0; i < n; i++)
		f[i] = must_spawn(sleep_once, (void *)(uintptr_t)chance_below(&dice, 100000000));
	long sum = 0;
	for (long i = 0; i < n; i++)
		sum += must_join(f[i]);
	must_eq(sum, n);
	must_eq(atomic_load(&woken), n);
	free(f);
}

static intptr_t sleep_often(void *arg)
{
	uint64_t dice = (uintptr_t)arg;
	for (long i = 0; i < 50; i++)
		sleep_once((void *)(uintptr_t)chance_below(&dice, 200000));
	return 50;
}

/* Waits for the sleepers without ever letting its worker go: somebody else must fire the timers there. */
static intptr_t sleep_and_hog(void *arg)
{
	atomic_long *left = arg;
	must_ok(coir_sleep(300000));
	while (atomic_load(left) > 0)
		;
	return 0;
}

static atomic_long left;

static intptr_t storm(void *arg)
{
	intptr_t n = sleep_often(arg);
	atomic_fetch_sub(&left, 1);
	return n;
}

static void *sleep_outside(void *arg)
{
	return (void *)sleep_often(arg);
}

static void storms(const struct stress *s)
{
	enum { FIBERS = 60 };
	coir_fiber f[FIBERS], hog = {0};
	atomic_store(&left, FIBERS);
	for (intptr_t i = 0; i < FIBERS; i++)
		f[i] = must_spawn(storm, (void *)i);
	if (s->workers > 1)
		hog = must_spawn(sleep_and_hog, &left);
	pthread_t thread = thread_start(sleep_outside, NULL);
	must_eq(must_join_all(f, FIBERS), FIBERS * 50);
	if (s->workers > 1)
		must_join(hog);
	must_eq((intptr_t)thread_end(thread), 50);
}

static intptr_t play(void *arg)
{
	const struct stress *s = arg;
	crowd(scaled_fibers(s->rounds));
	for (int i = 0; i < 10; i++)
		storms(s);
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = {.workers = argc > 1 ? (unsigned)atoi(argv[1]) : 2};
	s.rounds = argc > 2 ? atol(argv[2]) : 100000;
	return (int)with_workers(s.workers, play, &s);
}
