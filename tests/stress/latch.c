/* SPDX-License-Identifier: MIT
 *
 * stress/latch.c - the latch: many latches, each used by one thread for long, so that it becomes biased, and then by
 * all. What is done under a latch is plain arithmetic: no turn may be lost, and nobody else may be there.
 */
#include "base/latch.h"
#include "support/stress.h"

#include <pthread.h>
#include <string.h>

enum { LATCHES = 64, THREADS_MAX = 16 };

static struct {
	struct {
		coiri_latch latch;
		unsigned holder; /* 0: nobody */
		long turns;
	} at[LATCHES];
	long rounds;
	unsigned threads;
} play;

static struct player {
	pthread_t thread;
	unsigned who; /* 0: says nobody, as plain threads do */
	uint64_t dice;
	long turns;
} players[THREADS_MAX];

static void turn(struct player *p, unsigned i)
{
	if (chance_below(&p->dice, 4096) == 0)
		coiri_latch_acquire(&play.at[i].latch);
	else
		coiri_latch_acquire_as(&play.at[i].latch, p->who);
	must_eq(play.at[i].holder, 0);
	play.at[i].holder = p->who + 1;
	play.at[i].turns++;
	if (chance_below(&p->dice, 8) == 0)
		chance_delay(&p->dice, 50);
	must_eq(play.at[i].holder, p->who + 1);
	play.at[i].holder = 0;
	coiri_latch_release(&play.at[i].latch);
	p->turns++;
}

/* Most of the time at its own latches, so that these are biased to it just when another comes. */
static void *run(void *arg)
{
	struct player *p = arg;
	for (long round = 0; round < play.rounds; round++) {
		unsigned i = chance_below(&p->dice, LATCHES);
		if (i % play.threads == p->who % play.threads)
			for (unsigned n = chance_below(&p->dice, 3 << COIRI_LATCH_STREAK_BITS); n > 0; n--)
				turn(p, i);
		else if (chance_below(&p->dice, 4) == 0)
			turn(p, i);
	}
	return NULL;
}

static long game(uint64_t seed)
{
	long sum = 0, turns = 0;
	memset(&play.at, 0, sizeof play.at);
	for (unsigned i = 0; i < play.threads; i++) {
		players[i] = (struct player){.who = i, .dice = seed * 1000 + i};
		must_eq(pthread_create(&players[i].thread, NULL, run, &players[i]), 0);
	}
	for (unsigned i = 0; i < play.threads; i++) {
		must_eq(pthread_join(players[i].thread, NULL), 0);
		sum += players[i].turns;
	}
	for (unsigned i = 0; i < LATCHES; i++)
		turns += play.at[i].turns;
	must_eq(turns, sum);
	return sum;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 300);
	long sum = 0;
	play.threads = s.workers + 1 < THREADS_MAX ? s.workers + 1 : THREADS_MAX; /* one of them is nobody */
	play.rounds = 200;
	coiri_fence_setup();
	for (long game_number = 0; game_number < s.rounds; game_number++)
		sum += game((uint64_t)game_number + 1);
	printf("%ld turns\n", sum);
	return 0;
}
