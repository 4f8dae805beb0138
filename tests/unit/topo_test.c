/* SPDX-License-Identifier: MIT
 *
 * unit/topo_test.c - homes and victims on machines that hwloc makes up (HWLOC_SYNTHETIC). Needs the library's
 * internals; skipped without hwloc.
 */
#include "support/test.h"

#include "support/child.h"
#include "topo/machine.h"
#include "topo/topo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two nodes of two cores of two threads, numbered as Linux does on x86: second threads last. */
#define SMALL "pack:2 [numa] l3:1 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)"
/* Two nodes of two caches of four cores of two threads, numbered in order. */
#define LARGE "pack:2 [numa] l3:2 core:4 pu:2"

/* Nothing of the environment may stand in front of what the test sets. */
static void real_machine(void)
{
	unsetenv("HWLOC_SYNTHETIC");
	unsetenv("HWLOC_THISSYSTEM");
	unsetenv("HWLOC_XMLFILE");
	unsetenv("HWLOC_FSROOT");
}

static void made_up(const char *machine)
{
	setenv("HWLOC_SYNTHETIC", machine, 1);
	if (!coiri_table_overridden())
		cr_skip_test("built without hwloc");
}

static coiri_topo topo_of(unsigned workers, coir_pin pin, const char *list)
{
	coiri_topo t;
	must_ok(coiri_topo_init(&t, workers, pin, list));
	return t;
}

static void expect_homes(coir_pin pin, const char *list, unsigned workers, const int *os, const unsigned *node)
{
	coiri_topo t = topo_of(workers, pin, list);
	for (unsigned w = 0; w < workers; w++) {
		cr_assert_eq(t.place[w].home->os, os[w], "worker %u: %d, not %d", w, t.place[w].home->os, os[w]);
		cr_assert_eq(t.place[w].node, node[w], "worker %u: node %u, not %u", w, t.place[w].node, node[w]);
		cr_assert_eq(t.place[w].cpu, -1, "bound to a processor that does not exist");
	}
	coiri_topo_fini(&t);
}

Test(topo, compact_order, .init = real_machine)
{
	made_up(SMALL);
	expect_homes(COIR_PIN_COMPACT, NULL, 8, (int[]){0, 4, 1, 5, 2, 6, 3, 7}, (unsigned[]){0, 0, 0, 0, 1, 1, 1, 1});
	expect_homes(COIR_PIN_NONE, NULL, 3, (int[]){0, 4, 1}, (unsigned[]){0, 0, 0});
	expect_homes(COIR_PIN_DEFAULT, NULL, 3, (int[]){0, 4, 1}, (unsigned[]){0, 0, 0});
}

Test(topo, scatter_order, .init = real_machine)
{
	made_up(SMALL);
	expect_homes(COIR_PIN_SCATTER, NULL, 8, (int[]){0, 2, 1, 3, 4, 6, 5, 7}, (unsigned[]){0, 1, 0, 1, 0, 1, 0, 1});
}

Test(topo, scatter_order_with_caches, .init = real_machine)
{
	int os[32];
	unsigned node[32], n = 0;
	made_up(LARGE);
	for (int pu = 0; pu < 2; pu++)
		for (int core = 0; core < 4; core++)
			for (int cache = 0; cache < 2; cache++)
				for (int pack = 0; pack < 2; pack++, n++) {
					os[n] = pack * 16 + cache * 8 + core * 2 + pu;
					node[n] = (unsigned)pack;
				}
	expect_homes(COIR_PIN_SCATTER, NULL, 32, os, node);
}

/* Packages are farther apart than the nodes inside one. */
Test(topo, scatter_with_nodes_in_a_package, .init = real_machine)
{
	made_up("pack:2 group:2 [numa] core:2 pu:1");
	expect_homes(COIR_PIN_SCATTER, NULL, 8, (int[]){0, 4, 2, 6, 1, 5, 3, 7}, (unsigned[]){0, 2, 1, 3, 0, 2, 1, 3});
}

/* One node over two packages, as where the firmware hides the nodes. */
Test(topo, one_node_for_all, .init = real_machine)
{
	made_up("pack:2 l3:2 core:4 pu:2");
	expect_homes(COIR_PIN_SCATTER, NULL, 4, (int[]){0, 16, 8, 24}, (unsigned[]){0, 0, 0, 0});
	coiri_topo t = topo_of(2, COIR_PIN_NONE, NULL);
	cr_assert_eq(t.nodes, 1);
	coiri_topo_fini(&t);
}

Test(topo, more_workers_than_processors, .init = real_machine)
{
	made_up("pack:2 [numa] core:1 pu:1");
	expect_homes(COIR_PIN_COMPACT, NULL, 5, (int[]){0, 1, 0, 1, 0}, (unsigned[]){0, 1, 0, 1, 0});
	expect_homes(COIR_PIN_SCATTER, NULL, 3, (int[]){0, 1, 0}, (unsigned[]){0, 1, 0});
	expect_homes(COIR_PIN_NONE, NULL, 3, (int[]){0, 1, 0}, (unsigned[]){0, 1, 0});
}

Test(topo, list_order, .init = real_machine)
{
	made_up(SMALL);
	expect_homes(COIR_PIN_LIST, "7,2-4,0", 5, (int[]){7, 2, 3, 4, 0}, (unsigned[]){1, 1, 1, 0, 0});
	expect_homes(COIR_PIN_LIST, "7,2-4,0", 2, (int[]){7, 2}, (unsigned[]){1, 1});
	expect_homes(COIR_PIN_LIST, "6,1", 5, (int[]){6, 1, 6, 1, 6}, (unsigned[]){1, 0, 1, 0, 1});
	expect_homes(COIR_PIN_LIST, "3", 1, (int[]){3}, (unsigned[]){1});
}

static int init_child(void *list)
{
	coiri_topo t;
	return -coiri_topo_init(&t, 2, COIR_PIN_LIST, list);
}

static void refused(char *list, const char *why)
{
	struct child c = run_child(init_child, list);
	cr_assert(child_exited(&c, EINVAL), "%s: status %#x", list, (unsigned)c.status);
	cr_assert_eq(c.lines, 1, "%s", c.text);
	cr_assert_not_null(strstr(c.text, why), "no %s in: %s", why, c.text);
}

Test(topo, bad_lists, .init = real_machine)
{
	made_up("core:4 pu:1(indexes=0,1,3,8)");
	char stranger[] = "1,3,2", range[] = "0-2000000000", empty[] = "", junk[] = "0,,1", beyond[] = "0,1,9";
	refused(stranger, "processor 2 is not one of those the process may use, 0-1,3,8");
	refused(range, "processor 2 is");
	refused(beyond, "processor 9 is");
	refused(empty, "malformed");
	refused(junk, "malformed");
	refused(NULL, "malformed");
}

Test(topo, cores_of_a_made_up_machine, .init = real_machine)
{
	made_up(LARGE);
	cr_assert_eq(coiri_topo_cores(), 32);
	made_up("core:2000 pu:1");
	cr_assert_eq(coiri_topo_cores(), COIR_WORKERS_MAX);
}

Test(topo, nodes_are_counted, .init = real_machine)
{
	made_up(LARGE);
	coiri_topo t = topo_of(2, COIR_PIN_NONE, NULL);
	cr_assert_eq(t.nodes, 2);
	cr_assert_eq(t.workers, 2);
	coiri_topo_fini(&t);
}

static void expect_victims(const coiri_topo *t, unsigned worker, const unsigned *order, const unsigned *level_end)
{
	unsigned got[64], ends[COIRI_LEVELS];
	coiri_topo_victims(t, worker, got, ends);
	for (int l = 0; l < COIRI_LEVELS; l++)
		cr_assert_eq(ends[l], level_end[l], "worker %u: level %d ends at %u", worker, l, ends[l]);
	for (unsigned i = 0; i + 1 < t->workers; i++)
		cr_assert_eq(got[i], order[i], "worker %u: victim %u is %u, not %u", worker, i, got[i], order[i]);
}

/* A run of worker numbers. */
static unsigned *count_up(unsigned *to, unsigned first, unsigned last)
{
	while (first <= last)
		*to++ = first++;
	return to;
}

Test(topo, victims_nearest_first, .init = real_machine)
{
	unsigned order[31];
	made_up(LARGE);
	coiri_topo t = topo_of(32, COIR_PIN_NONE, NULL);
	const unsigned ends[] = {1, 7, 15, 31};

	count_up(order, 1, 31);
	expect_victims(&t, 0, order, ends);

	unsigned *next = count_up(order, 16, 16);
	next = count_up(next, 18, 31);
	count_up(next, 0, 15);
	expect_victims(&t, 17, order, ends);

	next = count_up(order, 11, 11);
	next = count_up(next, 12, 15);
	next = count_up(next, 8, 9);
	next = count_up(next, 0, 7);
	count_up(next, 16, 31);
	expect_victims(&t, 10, order, ends);
	coiri_topo_fini(&t);
}

Test(topo, victims_follow_the_policy, .init = real_machine)
{
	made_up(SMALL); /* scatter: 0 2 1 3 4 6 5 7, so worker 0's sibling is worker 4, its node has the even ones */
	coiri_topo t = topo_of(8, COIR_PIN_SCATTER, NULL);
	expect_victims(&t, 0, (unsigned[]){4, 2, 6, 1, 3, 5, 7}, (unsigned[]){1, 3, 3, 7});
	expect_victims(&t, 3, (unsigned[]){7, 5, 1, 4, 6, 0, 2}, (unsigned[]){1, 3, 3, 7});
	coiri_topo_fini(&t);
}

Test(topo, victims_when_workers_share_a_home, .init = real_machine)
{
	made_up(SMALL);
	coiri_topo t = topo_of(10, COIR_PIN_COMPACT, NULL); /* 8 and 9 live with 0 and 1 on one core */
	expect_victims(&t, 0, (unsigned[]){1, 8, 9, 2, 3, 4, 5, 6, 7}, (unsigned[]){3, 5, 5, 9});
	expect_victims(&t, 9, (unsigned[]){0, 1, 8, 2, 3, 4, 5, 6, 7}, (unsigned[]){3, 5, 5, 9});
	coiri_topo_fini(&t);
}

Test(topo, shared_l2_is_a_cache_where_there_is_no_l3, .init = real_machine)
{
	made_up("l2:2 core:2 pu:1");
	coiri_topo t = topo_of(4, COIR_PIN_NONE, NULL);
	expect_victims(&t, 2, (unsigned[]){3, 0, 1}, (unsigned[]){0, 1, 3, 3});
	coiri_topo_fini(&t);
}

Test(topo, machine_without_caches, .init = real_machine)
{
	made_up("pack:1 core:2 pu:2");
	coiri_topo t = topo_of(4, COIR_PIN_NONE, NULL);
	expect_victims(&t, 1, (unsigned[]){0, 2, 3}, (unsigned[]){1, 1, 3, 3});
	coiri_topo_fini(&t);
	expect_homes(COIR_PIN_SCATTER, NULL, 4, (int[]){0, 2, 1, 3}, (unsigned[]){0, 0, 0, 0});
}

Test(topo, nothing_is_bound_on_a_made_up_machine, .init = real_machine)
{
	made_up(LARGE);
	const unsigned before = coiri_affinity_count();
	coiri_topo t = topo_of(4, COIR_PIN_COMPACT, NULL);
	cr_assert_eq(coiri_topo_bind_self(&t, 3), 0);
	cr_assert_eq(coiri_affinity_count(), before);
	coiri_topo_bind_memory(&t, 1, NULL, 4096);
	coiri_topo_fini(&t);
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

Test(topo, print_made_up, .init = real_machine)
{
	made_up("pack:2 [numa] l3:2 core:4 pu:2(indexes=8-9,0-7,10-31)");
	coiri_topo t = topo_of(2, COIR_PIN_SCATTER, NULL);
	char *text = printed(&t);
	cr_assert_not_null(strstr(text, "processors       32 (0-31)\n"), "%s", text);
	cr_assert_not_null(strstr(text, "packages 2, nodes 2, shared caches 4, cores 16"), "%s", text);
	cr_assert_not_null(strstr(text, "not the machine this runs on"), "%s", text);
	cr_assert_not_null(strstr(text, "worker 1         for processor 16, node 1; not bound"), "%s", text);
	free(text);
	coiri_topo_fini(&t);
}
