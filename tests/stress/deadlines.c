/* SPDX-License-Identifier: MIT
 *
 * stress/deadlines.c - trigger against timeout against cancel, on parks and joins: each wait ends exactly once, the
 * outcomes add up on both sides, and nobody waits for ever.
 */
#include "support/bodies.h"
#include "support/stress.h"

#include <errno.h>
#include <stdatomic.h>

enum { PAIRS = 8 };

struct count {
	atomic_long done, late, cancelled;
};

static void note(struct count *c, int r)
{
	must(r == 0 || r == -ETIMEDOUT || r == -ECANCELED, "%d", r);
	atomic_fetch_add_explicit(r == 0            ? &c->done
				  : r == -ETIMEDOUT ? &c->late
						    : &c->cancelled,
				  1, memory_order_relaxed);
}

/* ---- parks: a permit that is given once, taken once ---- */

struct pair {
	coir_fiber parker;
	atomic_long given, taken; /* sequence numbers */
	long rounds;
	uint64_t dice;
};

static struct count parks;

/* Each round: the other gives one permit, which this side must get, be it after timeouts. */
static intptr_t take_permits(void *arg)
{
	struct pair *p = arg;
	uint64_t dice = p->dice;
	for (long i = 0; i < p->rounds; i++) {
		int r;
		atomic_store(&p->taken, i);
		do {
			int64_t span = (int64_t)chance_below(&dice, 30) * 1000 - 1000;
			note(&parks, r = coir_park_until(coir_after(span)));
		} while (r == -ETIMEDOUT);
		must_eq(r, 0);
		must_eq(atomic_load(&p->given), i + 1);
		must_eq(coir_try_park(), -EAGAIN); /* no second one */
	}
	return 0;
}

static intptr_t give_permits(void *arg)
{
	struct pair *p = arg;
	uint64_t dice = ~p->dice;
	for (long i = 0; i < p->rounds; i++) {
		while (atomic_load(&p->taken) != i)
			must_ok(coir_yield());
		chance_delay(&dice, 8000);
		atomic_store(&p->given, i + 1);
		must_ok(coir_unpark(p->parker));
	}
	return 0;
}

static void park_against_timeout(const struct stress *s)
{
	struct pair pairs[PAIRS];
	coir_fiber givers[PAIRS];
	for (int i = 0; i < PAIRS; i++) {
		struct pair *p = &pairs[i];
		*p = (struct pair){.rounds = s->rounds, .dice = (uint64_t)i};
		atomic_store(&p->taken, -1);
		p->parker = (i == 0 ? must_spawn_sticky : must_spawn)(take_permits, p);
		givers[i] = must_spawn(give_permits, p);
	}
	for (int i = 0; i < PAIRS; i++)
		must_eq(must_join(pairs[i].parker) + must_join(givers[i]), 0);
	must_eq(atomic_load(&parks.done), PAIRS * s->rounds);
	must_eq(atomic_load(&parks.cancelled), 0);
}

/* ---- all three at once, once a fiber ---- */

static struct count ends, joins, waits;

static intptr_t wait_once(void *arg)
{
	uint64_t dice = (uint64_t)(uintptr_t)arg;
	int64_t span = (int64_t)chance_below(&dice, 12) * 1000;
	chance_delay(&dice, 500);
	int r = chance_below(&dice, 2) ? coir_park_until(coir_after(span)) : coir_sleep(span);
	note(&waits, r);
	note(&ends, coir_cancelled());
	return 1;
}

/* A fiber that cancels and unparks another, which a third joins with deadlines, and is cancelled too. */
static intptr_t join_patiently(void *arg)
{
	uint64_t dice = (uint64_t)(uintptr_t)arg;
	intptr_t result = 0;
	coir_fiber f = must_spawn(wait_once, (void *)(uintptr_t)chance(&dice));
	if (chance_below(&dice, 2))
		must_ok(coir_yield());
	if (chance_below(&dice, 3) == 0)
		coir_unpark(f);
	chance_delay(&dice, 3000);
	if (chance_below(&dice, 2) == 0)
		coir_cancel(f);
	for (int tries = 0;; tries++) {
		int r = coir_join_until(f, &result, coir_after((int64_t)chance_below(&dice, 10) * 1000));
		note(&joins, r);
		if (r == 0)
			return result;
		must_eq(result, 0);
		if (r == -ECANCELED) {
			coir_unpark(f);
			coir_cancel(f);
			return must_join(f);
		}
	}
}

static void all_against_all(const struct stress *s)
{
	uint64_t dice = 9;
	coir_fiber f[PAIRS];
	for (long i = 0; i < s->rounds; i++) {
		for (int k = 0; k < PAIRS; k++)
			f[k] = must_spawn(join_patiently, (void *)(uintptr_t)chance(&dice));
		must_ok(coir_yield());
		chance_delay(&dice, 10000);
		for (int k = 0; k < PAIRS; k += 2)
			coir_cancel(f[k]);
		must_eq(must_join_all(f, PAIRS), PAIRS);
	}
	must_eq(atomic_load(&ends.done) + atomic_load(&ends.cancelled), PAIRS * s->rounds);
	must_eq(atomic_load(&waits.done) + atomic_load(&waits.late) + atomic_load(&waits.cancelled), PAIRS * s->rounds);
	must(atomic_load(&waits.cancelled) <= atomic_load(&ends.cancelled));
	must_eq(atomic_load(&joins.done) + atomic_load(&joins.cancelled), PAIRS * s->rounds);
}

/* ---- plain threads ---- */

static void *join_outside(void *arg)
{
	uint64_t dice = (uint64_t)(uintptr_t)arg;
	for (long i = 0; i < (long)(uintptr_t)arg; i++) {
		intptr_t result = 0;
		coir_fiber f = must_spawn(wait_once, (void *)(uintptr_t)chance(&dice));
		int r;
		do {
			r = coir_join_until(f, &result, coir_after((int64_t)chance_below(&dice, 20) * 1000));
			must(r == 0 || r == -ETIMEDOUT, "%d", r);
			if (r)
				must_ok(coir_sleep(chance_below(&dice, 5000)));
			if (r && chance_below(&dice, 4) == 0)
				coir_cancel(f);
		} while (r);
		must_eq(result, 1);
	}
	return NULL;
}

static intptr_t play(void *arg)
{
	const struct stress *s = arg;
	park_against_timeout(s);
	all_against_all(s);
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_spawn_arguments(argc, argv, 4000);
	must_eq(with_workers(s.workers, play, &s), 0);
	start_workers(s.workers);
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		threads[i] = thread_start(join_outside, (void *)(s.rounds / 4 + i));
	for (int i = 0; i < 2; i++)
		thread_end(threads[i]);
	stop_workers();
	return 0;
}
