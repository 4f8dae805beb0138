/* SPDX-License-Identifier: MIT
 *
 * settings.h - what a simulation varies: costs, the policy's numbers, and the ways that stealing could go.
 */
#ifndef SIM_SETTINGS_H
#define SIM_SETTINGS_H

#include "sched/policy.h"
#include "topo/topo.h"

/* What things cost, in ns. Where each figure comes from is said in the table in settings.c. */
struct costs {
	double fork, pop_fence, fiber, park, resume, late_join, claim;
	double look[COIRI_LEVELS], look_again;
	double theft, distance[COIRI_LEVELS], data[COIRI_LEVELS];
	double fence, fence_each, interrupt;
	double poll, grant;
	double lock, wake, latency, doze;
};

/* In which order a thief looks at its victims. */
enum order {
	ORDER_NEAREST, /* the product's: coiri_tour_next */
	ORDER_UNIFORM, /* all alike */
};

/* How a thief and the owner of a deque agree. */
enum theft {
	THEFT_ASK,        /* the product's: the owner sees at a fork or join that it was asked; else, after a while, */
	THEFT_MEMBARRIER, /* at once a membarrier, which interrupts all that run */
	THEFT_TARGETED,   /* a membarrier for the victim's processor alone */
	THEFT_FENCE,      /* no membarrier, but a full fence in each of the owner's pops */
};

struct settings {
	coiri_policy policy;
	struct costs costs;
	enum order order;
	unsigned looks; /* at most, at victims of one distance in a round; 0: at all */
	enum theft theft;
	bool half; /* a theft takes half of a deque, at most what the policy says; else one, as of the product's tasks */
	bool machine_wide; /* one membarrier at a time, as in Linux since 6.8 */
	bool awake;        /* the workers have just had other work, instead of sleeping */
	bool fault;        /* seeded, for the test of the checks: a theft leaves what it took where it was */
	uint64_t seed;
};

extern const struct settings settings_default;

/* "NAME=NUMBER", a cost or a number of the policy. False: there is no such name, or it is no number. */
bool settings_cost(struct settings *s, const char *text);
bool settings_policy(struct settings *s, const char *text);

/* The names, their values, and what they mean. */
void settings_print(const struct settings *s);

#endif
