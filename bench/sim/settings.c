/* SPDX-License-Identifier: MIT
 *
 * settings.c - the defaults, and access to them by name.
 *
 * Costs marked "measured" are coir's on two cores of a Zen server under KVM; those by distance beyond the shared cache
 * and for many processors are assumptions in the order of what is published for such machines, and there to be varied.
 */
#include "settings.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct settings settings_default = {
	.policy = {.most = 0}, /* the product's, put in by main */
	.costs = {.fork = 2.5,
		  .pop_fence = 4.7,
		  .fiber = 60,
		  .park = 22,
		  .resume = 3,
		  .late_join = 20,
		  .claim = 100,
		  .look = {30, 50, 120, 200},
		  .look_again = 10,
		  .theft = 400,
		  .distance = {0, 0, 300, 800},
		  .fence = 800,
		  .fence_each = 10,
		  .interrupt = 500,
		  .poll = 0,
		  .grant = 60,
		  .lock = 60,
		  .wake = 6000,
		  .latency = 26000,
		  .doze = 1500},
	.machine_wide = true,
	.seed = 1,
};

struct knob {
	const char *name, *help;
	size_t offset;
	enum { KNOB_DOUBLE, KNOB_INT64, KNOB_UNSIGNED } kind;
};

#define COST(name, field, help)                                                 \
	{                                                                       \
		name, help, offsetof(struct settings, costs.field), KNOB_DOUBLE \
	}
#define TIME(field, help)                                                         \
	{                                                                         \
#field, help, offsetof(struct settings, policy.field), KNOB_INT64 \
	}
#define COUNT(field, help)                                                           \
	{                                                                            \
#field, help, offsetof(struct settings, policy.field), KNOB_UNSIGNED \
	}

static const struct knob costs[] = {
	COST("fork", fork, "fork and join of a task that nobody stole (measured)"),
	COST("pop_fence", pop_fence, "a full fence in a pop (measured), with --theft fence"),
	COST("fiber", fiber, "what a stolen task costs more: a fiber and its stack (measured)"),
	COST("park", park, "a joiner parks (measured, with resume)"),
	COST("resume", resume, "the switch to a joiner whose child has ended (measured)"),
	COST("late_join", late_join, "join of a stolen task that has ended"),
	COST("claim", claim, "join of a stolen task that nobody has begun"),
	COST("look_smt", look[COIRI_NEAR_SMT],
	     "a look at a victim's changed deque; the victim pays it too: SMT sibling"),
	COST("look_cache", look[COIRI_NEAR_CACHE], "same last-level cache"),
	COST("look_node", look[COIRI_NEAR_NODE], "same node"),
	COST("look_far", look[COIRI_FAR], "another node"),
	COST("look_again", look_again, "a look at a deque that has not changed since"),
	COST("theft", theft, "a theft without its fence (measured)"),
	COST("theft_node", distance[COIRI_NEAR_NODE], "more, within a node"),
	COST("theft_far", distance[COIRI_FAR], "more, between nodes"),
	COST("data_cache", data[COIRI_NEAR_CACHE],
	     "what the thief's first look at the task's data costs: same last-level cache"),
	COST("data_node", data[COIRI_NEAR_NODE], "same node"),
	COST("data_far", data[COIRI_FAR], "another node"),
	COST("fence", fence, "membarrier for the thief (measured)"),
	COST("fence_each", fence_each, "more, for each processor that it interrupts"),
	COST("interrupt", interrupt, "for each that is interrupted (measured)"),
	COST("poll", poll, "a look whether somebody asks for work, which is no look of its own in the product"),
	COST("grant", grant, "giving leave, for the owner"),
	COST("lock", lock, "holding the lock of the idle state"),
	COST("wake", wake, "a futex wake, for the waker (measured)"),
	COST("latency", latency, "until the woken, or a watcher after its time, runs (measured)"),
	COST("doze", doze, "going to sleep"),
};

static const struct knob numbers[] = {
	COUNT(most, "tasks in one theft, at most half of what there is"),
	COUNT(sample, "the same after loot that was not worth it"),
	TIME(patience, "how long a thief waits for an answer"),
	TIME(worth, "loot must have run for this,"),
	TIME(worth_each, "and this for each task"),
	TIME(backoff_min, "wait after loot that was not worth it"),
	TIME(backoff_max, "the longest of these"),
	TIME(drowsy, "from this wait on a thief sleeps instead"),
	COUNT(stray, "of 100 looks so many more are at anyone, however far"),
	COUNT(searchers_divisor, "the share of the workers that may search"),
	TIME(spin, "how long they do"),
	COUNT(wakers_divisor, "a sleeper is woken while fewer than running / so many search"),
	COUNT(quick_rounds, "rounds of a search, with"),
	TIME(quick_pause, "between them, then"),
	TIME(spin_pause, "this"),
	TIME(watch_min, "a watcher's first sleep"),
	TIME(watch_max, "its longest"),
	TIME(watch_drowsy, "a drowsy one's"),
};

#define LENGTH(a) (sizeof(a) / sizeof(a)[0])

static bool assign(struct settings *s, const struct knob *k, const char *text)
{
	char *end, *field = (char *)s + k->offset;
	double value = strtod(text, &end);
	if (end == text || *end || value < 0)
		return false;
	switch (k->kind) {
	case KNOB_DOUBLE:
		*(double *)field = value;
		break;
	case KNOB_INT64:
		*(int64_t *)field = (int64_t)value;
		break;
	case KNOB_UNSIGNED:
		if (value < 1 && strstr(k->name, "divisor"))
			return false;
		*(unsigned *)field = (unsigned)value;
		break;
	}
	return true;
}

static bool assign_by_name(struct settings *s, const struct knob *table, size_t n, const char *text)
{
	const char *equals = strchr(text, '=');
	for (size_t i = 0; equals && i < n; i++)
		if (strlen(table[i].name) == (size_t)(equals - text) &&
		    !strncmp(table[i].name, text, (size_t)(equals - text)))
			return assign(s, &table[i], equals + 1);
	return false;
}

bool settings_cost(struct settings *s, const char *text)
{
	return assign_by_name(s, costs, LENGTH(costs), text);
}

bool settings_policy(struct settings *s, const char *text)
{
	return assign_by_name(s, numbers, LENGTH(numbers), text);
}

static double value_of(const struct settings *s, const struct knob *k)
{
	const char *field = (const char *)s + k->offset;
	switch (k->kind) {
	case KNOB_DOUBLE:
		return *(const double *)field;
	case KNOB_INT64:
		return (double)*(const int64_t *)field;
	default:
		return *(const unsigned *)field;
	}
}

static void print_table(const struct settings *s, const char *title, const struct knob *table, size_t n)
{
	printf("%s\n", title);
	for (size_t i = 0; i < n; i++)
		printf("  %-18s %9.1f  %s\n", table[i].name, value_of(s, &table[i]), table[i].help);
}

void settings_print(const struct settings *s)
{
	print_table(s, "--cost, ns", costs, LENGTH(costs));
	print_table(s, "--policy, counts and ns", numbers, LENGTH(numbers));
}
