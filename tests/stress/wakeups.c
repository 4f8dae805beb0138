/* SPDX-License-Identifier: MIT
 *
 * stress/wakeups.c - the hunt for a lost wake-up: handshakes where each side waits for the other, across workers and
 * foreign threads, with pauses that meet the idle workers searching, in a timed sleep and in a long one. A lost one is
 * a hang.
 */
#include "support/bodies.h"
#include "support/stress.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

enum { PAIRS = 3 };

/* Sides 0 and 1 take turns; a side that waits parks (a fiber), or looks again (a foreign thread). */
struct pair {
	coir_fiber side[2];
	atomic_long turn;
	long rounds;
	unsigned delay;
};

static void wait_for_turn(struct pair *p, long mine)
{
	while (atomic_load(&p->turn) != mine)
		must_ok(coir_park());
}

static void pass_on(struct pair *p, long turn)
{
	coir_fiber other = p->side[turn % 2];
	atomic_store(&p->turn, turn);
	int rc = coir_unpark(other);
	must(rc == 0 || (rc == -ESRCH && turn >= 2 * p->rounds), "%d", rc);
}

/* Main unparks both once the pair is complete. */
static intptr_t play(struct pair *p, int side)
{
	uint64_t dice = (uint64_t)side + (uintptr_t)p;
	must_ok(coir_park());
	for (long i = side; i < 2 * p->rounds; i += 2) {
		wait_for_turn(p, i);
		chance_delay(&dice, p->delay);
		pass_on(p, i + 1);
	}
	return p->rounds;
}

static intptr_t play_first(void *arg)
{
	return play(arg, 0);
}

static intptr_t play_second(void *arg)
{
	return play(arg, 1);
}

static void fibers_against_fibers(const struct stress *s)
{
	struct pair p[PAIRS] = {{.rounds = 0}};
	for (int i = 0; i < PAIRS; i++) {
		p[i].rounds = s->rounds;
		p[i].delay = i == 0 ? 1 : i == 1 ? 300 : 30000; /* the last lets the others' workers fall asleep */
		if (i == 2)
			p[i].rounds = s->rounds / 50 + 1;
		p[i].side[0] = (i == 1 ? must_spawn_sticky : must_spawn)(play_first, &p[i]);
		p[i].side[1] = (i == 1 ? must_spawn_sticky : must_spawn)(play_second, &p[i]);
	}
	for (int i = 0; i < PAIRS; i++)
		for (int k = 0; k < 2; k++) {
			int rc = coir_unpark(p[i].side[k]);
			must(rc == 0 || rc == -ESRCH, "%d", rc); /* the first may have woken the second already */
		}
	for (int i = 0; i < PAIRS; i++)
		must_eq(must_join_all(p[i].side, 2), 2 * p[i].rounds);
}

/* The fiber is side 1; this thread is side 0, which nobody has to wake. */
static void *play_outside(void *arg)
{
	struct pair *p = arg;
	uint64_t dice = (uintptr_t)p;
	for (long i = 0; i < 2 * p->rounds; i += 2) {
		while (atomic_load(&p->turn) != i)
			sched_yield();
		chance_delay(&dice, p->delay);
		atomic_store(&p->turn, i + 1);
		int rc = coir_unpark(p->side[1]);
		must(rc == 0 || (rc == -ESRCH && i + 2 >= 2 * p->rounds), "%d", rc);
	}
	return NULL;
}

static intptr_t play_inside(void *arg)
{
	struct pair *p = arg;
	for (long i = 1; i < 2 * p->rounds; i += 2) {
		wait_for_turn(p, i);
		atomic_store(&p->turn, i + 1);
	}
	return p->rounds;
}

static void threads_against_fibers(const struct stress *s)
{
	struct pair p[PAIRS] = {{.rounds = 0}};
	pthread_t thread[PAIRS];
	for (int i = 0; i < PAIRS; i++) {
		p[i].rounds = s->rounds / 10 + 1;
		p[i].delay = i == 0 ? 1 : i == 1 ? 3000 : 60000;
		p[i].side[1] = (i == 1 ? must_spawn_sticky : must_spawn)(play_inside, &p[i]);
		thread[i] = thread_start(play_outside, &p[i]);
	}
	for (int i = 0; i < PAIRS; i++) {
		must_eq(must_join(p[i].side[1]), p[i].rounds);
		thread_end(thread[i]);
	}
}

/* One wake and one futex join a round, from a runtime that is about to fall asleep. */
static void joins_from_outside(const struct stress *s)
{
	uint64_t dice = 5;
	for (long i = 0; i < s->rounds / 10 + 1; i++) {
		must_eq(must_join(must_spawn(fiber_give_back, (void *)i)), i);
		chance_delay(&dice, i % 4 ? 100 : 60000);
	}
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 100000);
	start_workers(s.workers);
	fibers_against_fibers(&s);
	threads_against_fibers(&s);
	joins_from_outside(&s);
	stop_workers();
	return 0;
}
