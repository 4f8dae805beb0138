/* SPDX-License-Identifier: MIT
 *
 * support/stress.h - what the stress programs share: their arguments, and a generator of repeatable chance.
 *
 * usage of each: program WORKERS [ROUNDS]; without ROUNDS its own number, divided by COIR_TEST_SCALE. No clock decides
 * anything: what is checked are counts, and a hang is ended by whoever started the program.
 */
#ifndef TESTS_SUPPORT_STRESS_H
#define TESTS_SUPPORT_STRESS_H

#include "support/must.h"
#include "support/run.h"

#include <stdlib.h>

struct stress {
	unsigned workers;
	long rounds;
};

static inline struct stress stress_arguments(int argc, char **argv, long rounds)
{
	struct stress s = {.workers = argc > 1 ? (unsigned)atoi(argv[1]) : 2};
	s.rounds = argc > 2 ? atol(argv[2]) : scaled(rounds);
	must(s.workers > 0 && s.rounds > 0);
	return s;
}

/* For programs that do little else than spawn. */
static inline struct stress stress_spawn_arguments(int argc, char **argv, long rounds)
{
	return stress_arguments(argc, argv, rounds * scaled_spawns(100000) / scaled(100000));
}

/* SplitMix64 (Steele, Lea, Flood 2014): any seed will do, and one seed makes one sequence. */
static inline uint64_t chance(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline unsigned chance_below(uint64_t *state, unsigned limit)
{
	return (unsigned)(chance(state) >> 32) % limit;
}

/* Computes for a while, up to some microseconds: so that idle workers are met in every state. */
static inline void chance_delay(uint64_t *state, unsigned limit)
{
	for (unsigned i = chance_below(state, limit); i > 0; i--)
		__asm__ volatile("" : : : "memory");
}

#endif
