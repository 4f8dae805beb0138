/* SPDX-License-Identifier: MIT
 *
 * topo/machine.c - see machine.h: the affinity mask, the table kept for the process, the machine made of both.
 */
#include "topo/machine.h"
#include "base/atomic.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>

/* The kernel refuses a mask smaller than its own, and does not tell its size: grow until it fits. */
#define MASK_CPUS_FIRST 1024
#define MASK_CPUS_LAST  (1 << 20)

typedef struct mask {
	cpu_set_t *set;
	int cpus;
	size_t size;
} mask;

/* The real machine's table once somebody loaded it: written once, never freed, so no lock is needed, and none can be
 * held across a fork. */
static coiri_atomic(coiri_table *) this_machine;

/* Where the kernel does not answer (a filter, an emulator) processor 0 is taken to be all there is. */
static int mask_get(mask *m)
{
	for (m->cpus = MASK_CPUS_FIRST;; m->cpus *= 2) {
		m->set = CPU_ALLOC(m->cpus);
		if (!m->set)
			return -ENOMEM;
		m->size = CPU_ALLOC_SIZE(m->cpus);
		CPU_ZERO_S(m->size, m->set);
		if (sched_getaffinity(0, m->size, m->set) == 0)
			return 0;
		if (errno != EINVAL || m->cpus >= MASK_CPUS_LAST)
			break;
		CPU_FREE(m->set);
	}
	CPU_SET_S(0, m->size, m->set);
	return 0;
}

static unsigned mask_count(const mask *m)
{
	return (unsigned)CPU_COUNT_S(m->size, m->set);
}

unsigned coiri_affinity_count(void)
{
	mask m;
	if (mask_get(&m))
		return 1;
	const unsigned count = mask_count(&m);
	CPU_FREE(m.set);
	return count;
}

/* *owned: the caller frees the table. */
static int table_take(coiri_table **out, bool *owned)
{
	*owned = coiri_table_overridden();
	/* acquire: pairs with the release that publishes the table below */
	coiri_table *t = *owned ? NULL : at_load_acquire(&this_machine);
	if (!t) {
		int rc = coiri_table_load(&t);
		if (rc)
			return rc;
		coiri_table *expected = NULL;
		/* release: publishes the table; acquire on failure: another thread's was first, and we read that one */
		if (!*owned && t && !at_cas_acq_rel(&this_machine, &expected, t)) {
			free(t);
			t = expected;
		}
	}
	*out = t;
	return 0;
}

/* Gives pu[i]'s raw group of one kind its dense number: that of an earlier processor with the same, else a new one. */
static void number_group(coiri_machine *m, const coiri_pu *raw, unsigned i, int kind)
{
	for (unsigned j = i; j-- > 0;) {
		if (raw[j].group[kind] == raw[i].group[kind]) {
			m->pu[i].group[kind] = m->pu[j].group[kind];
			return;
		}
	}
	if (kind == COIRI_NODE)
		m->node_os[m->groups[kind]] = raw[i].group[kind];
	m->pu[i].group[kind] = m->groups[kind]++;
}

/* A processor that the table does not know: a core of its own in the first package and node. */
static coiri_pu stranger(int cpu)
{
	const unsigned alone = UINT_MAX - (unsigned)cpu; /* far from the backend's numbers */
	return (coiri_pu){.os = cpu, .group = {[COIRI_CACHE] = alone, [COIRI_CORE] = alone}};
}

/* The allowed processors with the backend's group numbers: those of the table in its order, then those it lacks.
 * allowed NULL: all of the table; else what is used goes out of it. */
static unsigned select_allowed(const coiri_table *t, mask *allowed, coiri_pu *out)
{
	unsigned n = 0;
	for (unsigned i = 0; t && i < t->count; i++) {
		const int os = t->pu[i].os;
		if (allowed) {
			if (os >= allowed->cpus || !CPU_ISSET_S((size_t)os, allowed->size, allowed->set))
				continue;
			CPU_CLR_S((size_t)os, allowed->size, allowed->set);
		}
		out[n++] = t->pu[i];
	}
	for (int cpu = 0; allowed && cpu < allowed->cpus; cpu++)
		if (CPU_ISSET_S((size_t)cpu, allowed->size, allowed->set))
			out[n++] = stranger(cpu);
	return n;
}

static coiri_machine *machine_alloc(size_t capacity)
{
	coiri_machine *m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	m->pu = calloc(capacity, sizeof *m->pu);
	m->node_os = calloc(capacity, sizeof *m->node_os);
	if (m->pu && m->node_os)
		return m;
	coiri_machine_free(m);
	return NULL;
}

static int machine_build(const coiri_table *t, mask *allowed, coiri_machine **out)
{
	const size_t capacity = (t ? t->count : 0) + (allowed ? mask_count(allowed) : 0);
	coiri_pu *raw = calloc(capacity, sizeof *raw);
	coiri_machine *m = machine_alloc(capacity);
	if (!raw || !m) {
		free(raw);
		coiri_machine_free(m);
		return -ENOMEM;
	}
	m->native = allowed;
	m->count = select_allowed(t, allowed, raw);
	for (unsigned i = 0; i < m->count; i++) {
		m->pu[i].os = raw[i].os;
		for (int kind = 0; kind < COIRI_GROUPS; kind++)
			number_group(m, raw, i, kind);
	}
	free(raw);
	*out = m;
	return 0;
}

int coiri_machine_load(coiri_machine **out)
{
	coiri_table *table;
	mask allowed;
	bool owned;
	int rc = table_take(&table, &owned);
	if (rc)
		return rc;
	if (table && !table->native && table->count) {
		rc = machine_build(table, NULL, out);
	} else {
		rc = mask_get(&allowed);
		if (!rc) {
			rc = machine_build(table, &allowed, out);
			CPU_FREE(allowed.set);
		}
	}
	if (owned)
		free(table);
	return rc;
}

void coiri_machine_free(coiri_machine *m)
{
	if (!m)
		return;
	free(m->pu);
	free(m->node_os);
	free(m);
}

const coiri_pu *coiri_machine_find(const coiri_machine *m, int os)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->pu[i].os == os)
			return &m->pu[i];
	return NULL;
}
