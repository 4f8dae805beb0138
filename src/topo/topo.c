/* SPDX-License-Identifier: MIT
 *
 * topo/topo.c - see topo.h: making a topology, binding, the order of victims.
 *
 * The machine comes from machine.c, the homes from policy.c; binding is left to the kernel's own calls, which need no
 * more than the numbers in the table.
 */
#include "topo/topo.h"
#include "topo/cgroup.h"
#include "topo/machine.h"
#include "topo/policy.h"

#include <errno.h>
#include <limits.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned at_most(unsigned n, unsigned limit)
{
	return n < limit ? n : limit;
}

/* The processors of a machine that is not ours, or 0 if it is. */
static unsigned foreign_cores(void)
{
	coiri_machine *m;
	unsigned count = 0;
	if (!coiri_table_overridden() || coiri_machine_load(&m))
		return 0;
	if (!m->native)
		count = m->count;
	coiri_machine_free(m);
	return count;
}

unsigned coiri_topo_cores(void)
{
	unsigned cores = foreign_cores();
	if (cores == 0) {
		coiri_quota quota;
		cores = coiri_affinity_count();
		coiri_cgroup_quota("", &quota);
		if (quota.period)
			cores = at_most(cores, coiri_quota_cores(&quota));
	}
	return at_most(cores, COIR_WORKERS_MAX);
}

static int place_all(coiri_topo *t, const char *pin_list)
{
	const bool bound = t->pin != COIR_PIN_NONE && t->machine->native;
	const coiri_pu **home = calloc(t->workers, sizeof *home);
	if (!home)
		return -ENOMEM;
	int rc = coiri_policy_homes(t->machine, t->pin, pin_list, home, t->workers);
	for (unsigned w = 0; w < t->workers && !rc; w++)
		t->place[w] = (coiri_place){
			.cpu = bound ? home[w]->os : -1, .node = home[w]->group[COIRI_NODE], .home = home[w]};
	free(home);
	return rc;
}

int coiri_topo_init(coiri_topo *topo, unsigned workers, coir_pin pin, const char *pin_list)
{
	*topo = (coiri_topo){.workers = workers, .nodes = 1, .pin = pin == COIR_PIN_DEFAULT ? COIR_PIN_NONE : pin};
	topo->place = calloc(workers, sizeof *topo->place);
	if (!topo->place)
		return -ENOMEM;
	if (workers == 1 && topo->pin == COIR_PIN_NONE) {
		topo->place[0].cpu = -1;
		return 0;
	}
	int rc = coiri_machine_load(&topo->machine);
	if (!rc)
		rc = place_all(topo, pin_list);
	if (rc) {
		coiri_topo_fini(topo);
		return rc;
	}
	topo->nodes = topo->machine->groups[COIRI_NODE];
	return 0;
}

void coiri_topo_fini(coiri_topo *topo)
{
	coiri_machine_free(topo->machine);
	free(topo->place);
	*topo = (coiri_topo){.nodes = 1};
}

int coiri_topo_bind_self(const coiri_topo *topo, unsigned worker)
{
	const int cpu = topo->place[worker].cpu;
	if (cpu < 0)
		return 0;
	const size_t size = CPU_ALLOC_SIZE(cpu + 1);
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(size, set);
	CPU_SET_S((size_t)cpu, size, set);
	int rc = sched_setaffinity(0, size, set) ? -errno : 0;
	CPU_FREE(set);
	return rc;
}

#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)
#define PUS_MAX   8192 /* the kernel's own limit (CONFIG_NR_CPUS on x86-64) */

/* By raw calls: the C library's hide how long the kernel's mask is. */
void coiri_topo_visit_home(const coiri_topo *topo, unsigned worker)
{
	const coiri_pu *home = topo->place[worker].home;
	unsigned long allowed[PUS_MAX / WORD_BITS], here[PUS_MAX / WORD_BITS] = {0};
	if (!home || !topo->machine->native || topo->place[worker].cpu >= 0 || home->os >= PUS_MAX)
		return;
	const long size = syscall(SYS_sched_getaffinity, 0, sizeof allowed, allowed);
	if (size <= 0 || sched_getcpu() == (int)home->os)
		return;
	here[home->os / WORD_BITS] = 1ul << home->os % WORD_BITS;
	if (syscall(SYS_sched_setaffinity, 0, (size_t)size, here) == 0)
		syscall(SYS_sched_setaffinity, 0, (size_t)size, allowed);
}

#define NODES_MAX 1024 /* the kernel's own limit (CONFIG_NODES_SHIFT is 10 at most) */

void coiri_topo_bind_memory(const coiri_topo *topo, unsigned node, void *addr, size_t len)
{
	unsigned long nodes[NODES_MAX / WORD_BITS] = {0};
	if (topo->nodes < 2 || topo->pin == COIR_PIN_NONE || !topo->machine->native || node >= topo->nodes)
		return;
	const unsigned os = topo->machine->node_os[node];
	if (os >= NODES_MAX)
		return;
	nodes[os / WORD_BITS] = 1ul << os % WORD_BITS;
	/* Best effort: a refusal (a seccomp filter, memory nodes not allowed) leaves the kernel's own choice. The count
	 * of bits is one more than there are: the kernel takes one off. */
	syscall(SYS_mbind, addr, len, MPOL_PREFERRED, nodes, (unsigned long)NODES_MAX + 1, 0u);
}

static unsigned distance(const coiri_pu *a, const coiri_pu *b)
{
	if (a->group[COIRI_CORE] == b->group[COIRI_CORE])
		return COIRI_NEAR_SMT;
	if (a->group[COIRI_CACHE] == b->group[COIRI_CACHE])
		return COIRI_NEAR_CACHE;
	return a->group[COIRI_NODE] == b->group[COIRI_NODE] ? COIRI_NEAR_NODE : COIRI_FAR;
}

void coiri_topo_victims(const coiri_topo *topo, unsigned worker, unsigned *order, unsigned level_end[COIRI_LEVELS])
{
	unsigned n = 0;
	for (unsigned level = 0; level < COIRI_LEVELS; level++) {
		for (unsigned i = 1; i < topo->workers; i++) {
			const unsigned other = (worker + i) % topo->workers;
			if (distance(topo->place[worker].home, topo->place[other].home) == level)
				order[n++] = other;
		}
		level_end[level] = n;
	}
}
