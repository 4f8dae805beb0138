/* SPDX-License-Identifier: MIT
 *
 * unit/topo_bind_test.c - the affinity mask and binding on the real machine. Needs the library's internals.
 */
#include "support/test.h"

#include "topo/machine.h"
#include "topo/topo.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void real_machine(void)
{
	unsetenv("HWLOC_SYNTHETIC");
	unsetenv("HWLOC_THISSYSTEM");
	unsetenv("HWLOC_XMLFILE");
	unsetenv("HWLOC_FSROOT");
}

/* A made-up machine that passes for ours: its processors are bound to. Without hwloc nothing changes. */
static void pretend(const char *machine)
{
	setenv("HWLOC_SYNTHETIC", machine, 1);
	setenv("HWLOC_THISSYSTEM", "1", 1);
}

static coiri_topo topo_of(unsigned workers, coir_pin pin, const char *list)
{
	coiri_topo t;
	must_ok(coiri_topo_init(&t, workers, pin, list));
	return t;
}

Test(topo_bind, one_worker_has_no_victims, .init = real_machine)
{
	unsigned ends[COIRI_LEVELS] = {9, 9, 9, 9};
	coiri_topo t = topo_of(1, COIR_PIN_NONE, NULL);
	coiri_topo_victims(&t, 0, NULL, ends);
	for (int l = 0; l < COIRI_LEVELS; l++)
		cr_assert_eq(ends[l], 0);
	cr_assert_null(t.machine, "the machine was looked up for nothing");
	cr_assert_eq(t.nodes, 1);
	cr_assert_eq(t.place[0].cpu, -1);
	cr_assert_eq(t.place[0].node, 0);
	cr_assert_eq(coiri_topo_bind_self(&t, 0), 0);
	coiri_topo_fini(&t);
}

/* The processors of the real machine that this process may use. */
static int allowed_cpus(int *cpus, int size)
{
	cpu_set_t set;
	int n = 0;
	must_ok(sched_getaffinity(0, sizeof set, &set));
	for (int cpu = 0; cpu < CPU_SETSIZE && n < size; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = cpu;
	return n;
}

static void allow_only(int cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must_ok(sched_setaffinity(0, sizeof set, &set));
}

Test(topo_bind, workers_are_bound, .init = real_machine)
{
	int before[CPU_SETSIZE], after[CPU_SETSIZE];
	const int n = allowed_cpus(before, CPU_SETSIZE);
	coiri_topo t = topo_of((unsigned)n, COIR_PIN_COMPACT, NULL);
	bool seen[CPU_SETSIZE] = {false};
	for (unsigned w = 0; w < (unsigned)n; w++) {
		cr_assert_eq(coiri_topo_bind_self(&t, w), 0);
		cr_assert_eq(allowed_cpus(after, CPU_SETSIZE), 1);
		cr_assert_eq(after[0], t.place[w].cpu);
		cr_assert(!seen[after[0]], "two workers on processor %d", after[0]);
		seen[after[0]] = true;
	}
	coiri_topo_fini(&t);
}

Test(topo_bind, unpinned_workers_are_not_bound, .init = real_machine)
{
	const unsigned before = coiri_affinity_count();
	coiri_topo t = topo_of(2, COIR_PIN_NONE, NULL);
	cr_assert_eq(t.place[1].cpu, -1);
	cr_assert_not_null(t.place[1].home);
	cr_assert_eq(coiri_topo_bind_self(&t, 1), 0);
	cr_assert_eq(coiri_affinity_count(), before);
	coiri_topo_fini(&t);
}

Test(topo_bind, single_pinned_worker_is_bound, .init = real_machine)
{
	coiri_topo t = topo_of(1, COIR_PIN_COMPACT, NULL);
	cr_assert_geq(t.place[0].cpu, 0);
	cr_assert_eq(coiri_topo_bind_self(&t, 0), 0);
	cr_assert_eq(coiri_affinity_count(), 1);
	coiri_topo_fini(&t);
}

/* The machine is looked up once in a process, the mask at each start. */
Test(topo_bind, follows_the_affinity_mask, .init = real_machine)
{
	int cpus[CPU_SETSIZE];
	const int n = allowed_cpus(cpus, CPU_SETSIZE), last = cpus[n - 1];
	coiri_topo t = topo_of(2, COIR_PIN_COMPACT, NULL);
	coiri_topo_fini(&t);
	allow_only(last);
	cr_assert_eq(coiri_topo_cores(), 1);
	t = topo_of(3, COIR_PIN_SCATTER, NULL);
	for (int w = 0; w < 3; w++)
		cr_assert_eq(t.place[w].cpu, last);
	coiri_topo_fini(&t);
	if (n > 1) {
		char list[16];
		snprintf(list, sizeof list, "%d", cpus[0]);
		cr_assert_eq(coiri_topo_init(&t, 1, COIR_PIN_LIST, list), -EINVAL);
	}
}

Test(topo_bind, cores_stay_within_the_mask, .init = real_machine)
{
	cr_assert_geq(coiri_topo_cores(), 1);
	cr_assert_leq(coiri_topo_cores(), coiri_affinity_count());
}

/* A table that knows fewer processors than the mask allows: the others follow, each a core of its own. */
Test(topo_bind, processors_nobody_knows, .init = real_machine)
{
	int cpus[CPU_SETSIZE];
	const int n = allowed_cpus(cpus, CPU_SETSIZE);
	pretend("l3:1 core:1 pu:1");
	if (n < 2 || cpus[0] != 0)
		cr_skip_test("needs processor 0 and one more");
	coiri_topo t = topo_of((unsigned)n, COIR_PIN_COMPACT, NULL);
	unsigned order[CPU_SETSIZE], ends[COIRI_LEVELS];
	for (int w = 0; w < n; w++)
		cr_assert_eq(t.place[w].cpu, cpus[w]);
	coiri_topo_victims(&t, 0, order, ends);
	cr_assert_eq(ends[COIRI_NEAR_CACHE], 0);
	cr_assert_eq(ends[COIRI_NEAR_NODE], (unsigned)n - 1);
	coiri_topo_fini(&t);
}

#define LENGTH ((size_t)16 * 4096)

static int policy_of(void *addr)
{
	int mode = -1;
	syscall(SYS_get_mempolicy, &mode, NULL, 0ul, addr, (unsigned long)MPOL_F_ADDR);
	return mode;
}

Test(topo_bind, memory_is_bound_to_nodes, .init = real_machine)
{
	pretend("pack:2 [numa] core:1 pu:1");
	char *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(memory != MAP_FAILED);
	if (policy_of(memory) != MPOL_DEFAULT || coiri_affinity_count() < 2 || !coiri_table_overridden())
		cr_skip_test("needs hwloc, a kernel with memory policies, and two processors");
	coiri_topo t = topo_of(2, COIR_PIN_NONE, NULL);
	cr_assert_eq(t.nodes, 2);
	coiri_topo_bind_memory(&t, 0, memory, LENGTH);
	cr_assert_eq(policy_of(memory), MPOL_DEFAULT, "memory bound for workers that are not");
	coiri_topo_fini(&t);
	t = topo_of(2, COIR_PIN_COMPACT, NULL);
	coiri_topo_bind_memory(&t, 0, memory, LENGTH);
	cr_assert_eq(policy_of(memory), MPOL_PREFERRED);
	coiri_topo_fini(&t);
	munmap(memory, LENGTH);
}

static void *init_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++) {
		coiri_topo t = topo_of(2, COIR_PIN_NONE, NULL);
		must(t.place[0].home != NULL);
		coiri_topo_fini(&t);
	}
	return NULL;
}

Test(topo_bind, first_look_from_many_threads, .init = real_machine)
{
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		must_ok(pthread_create(&threads[i], NULL, init_thread, NULL));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static char *printed(const coiri_topo *t)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	coiri_topo_print(t, f);
	fclose(f);
	return text;
}

Test(topo_bind, print_real, .init = real_machine)
{
	char line[64];
	coiri_topo t = topo_of(1, COIR_PIN_NONE, NULL);
	char *text = printed(&t);
	snprintf(line, sizeof line, "processors       %u (", coiri_affinity_count());
	cr_assert_not_null(strstr(text, line), "%s", text);
	cr_assert_not_null(strstr(text, "quota            "), "%s", text);
	cr_assert_not_null(strstr(text, "worker 0         not bound\n"), "%s", text);
	free(text);
	coiri_topo_fini(&t);
	t = topo_of(1, COIR_PIN_COMPACT, NULL);
	text = printed(&t);
	snprintf(line, sizeof line, "worker 0         bound to processor %d, node 0\n", t.place[0].cpu);
	cr_assert_not_null(strstr(text, line), "%s", text);
	free(text);
	coiri_topo_fini(&t);
}
