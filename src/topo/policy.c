/* SPDX-License-Identifier: MIT
 *
 * topo/policy.c - see policy.h.
 *
 * Compact is the table's own order. Scatter reads a processor's position as a number whose digits are its package, its
 * node within the package, its cache within the node, its core within the cache, and itself within the core, and sorts
 * by the digits in reverse: the outermost level changes with every step, the innermost last.
 */
#include "topo/policy.h"
#include "base/fault.h"
#include "base/option.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS (COIRI_GROUPS + 1) /* the groups, and the processor within its core */

typedef struct position {
	unsigned digit[DIGITS];
	const coiri_pu *pu;
} position;

/* The outermost level at which two processors differ. */
static int first_difference(const coiri_pu *a, const coiri_pu *b)
{
	int kind = 0;
	while (kind < COIRI_GROUPS && a->group[kind] == b->group[kind])
		kind++;
	return kind;
}

/* Siblings stand next to each other, so one walk counts all digits, as an odometer does. */
static void read_positions(const coiri_machine *m, position *out)
{
	out[0] = (position){.pu = &m->pu[0]};
	for (unsigned i = 1; i < m->count; i++) {
		const int level = first_difference(&m->pu[i - 1], &m->pu[i]);
		out[i] = (position){.pu = &m->pu[i]};
		for (int d = 0; d <= level; d++)
			out[i].digit[d] = out[i - 1].digit[d] + (d == level);
	}
}

static int compare_reversed(const void *left, const void *right)
{
	const position *a = left, *b = right;
	for (int d = DIGITS - 1; d >= 0; d--)
		if (a->digit[d] != b->digit[d])
			return a->digit[d] < b->digit[d] ? -1 : 1;
	return 0;
}

static int scatter(const coiri_machine *m, const coiri_pu **home, unsigned workers)
{
	position *order = calloc(m->count, sizeof *order);
	if (!order)
		return -ENOMEM;
	read_positions(m, order);
	qsort(order, m->count, sizeof *order, compare_reversed);
	for (unsigned w = 0; w < workers; w++)
		home[w] = order[w % m->count].pu;
	free(order);
	return 0;
}

static void compact(const coiri_machine *m, const coiri_pu **home, unsigned workers)
{
	for (unsigned w = 0; w < workers; w++)
		home[w] = &m->pu[w % m->count];
}

void coiri_policy_allowed_text(const coiri_machine *m, char *buf, size_t size)
{
	int last = 0;
	size_t used = 0;
	for (unsigned i = 0; i < m->count; i++)
		last = m->pu[i].os > last ? m->pu[i].os : last;
	buf[0] = '\0';
	for (int cpu = 0; cpu <= last; cpu++) {
		const int first = cpu;
		if (!coiri_machine_find(m, cpu))
			continue;
		while (coiri_machine_find(m, cpu + 1))
			cpu++;
		if (used + 32 > size) { /* a range and the mark of the cut always fit below */
			snprintf(buf + used, size - used, ",...");
			return;
		}
		used += (size_t)snprintf(buf + used, size - used, used ? ",%d" : "%d", first);
		if (cpu > first)
			used += (size_t)snprintf(buf + used, size - used, "-%d", cpu);
	}
}

static int refuse_processor(const coiri_machine *m, const char *text, unsigned cpu)
{
	char allowed[512];
	coiri_policy_allowed_text(m, allowed, sizeof allowed);
	coiri_complain("pin list %.80s (COIR_PIN or coir_config.pin_list): processor %u is not one of those "
		       "the process may use, %s",
		       text, cpu, allowed);
	return -EINVAL;
}

/* All of the list is checked, also what lies beyond the last worker. */
static int from_list(const coiri_machine *m, const char *text, const coiri_pu **home, unsigned workers)
{
	const char *cursor = text ? text : "";
	unsigned first, last, used = 0;
	int rc;
	while ((rc = coiri_cpu_list_next(&cursor, &first, &last)) > 0) {
		for (unsigned cpu = first; cpu <= last; cpu++) {
			const coiri_pu *pu = coiri_machine_find(m, (int)cpu);
			if (!pu)
				return refuse_processor(m, text, cpu);
			if (used < workers)
				home[used++] = pu;
		}
	}
	if (rc < 0 || used == 0) {
		coiri_complain("pin list \"%.80s\" (COIR_PIN or coir_config.pin_list) is malformed: write it as "
			       "0,2,4-7",
			       text ? text : "");
		return -EINVAL;
	}
	for (unsigned w = used; w < workers; w++)
		home[w] = home[w % used];
	return 0;
}

int coiri_policy_homes(const coiri_machine *m, coir_pin pin, const char *list, const coiri_pu **home, unsigned workers)
{
	switch (pin) {
	case COIR_PIN_LIST:
		return from_list(m, list, home, workers);
	case COIR_PIN_SCATTER:
		return scatter(m, home, workers);
	default:
		compact(m, home, workers);
		return 0;
	}
}
