/* SPDX-License-Identifier: MIT
 *
 * demos/skynet.c - a tree of fibers, ten children each; a leaf returns its number, every other fiber the sum of its
 * children's results. After: github.com/atemerev/skynet.
 */
#include "demo.h"
#include "progress.h"

#include <coir/coir.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#define CHILDREN    10
#define MOST_LEAVES 100000000
#define TOLD_LEAVES 10000 /* a subtree of this size reports its progress */

static struct progress progress;
static _Atomic int failure; /* relaxed: read after the joins */

/* The leaves from `first` on, `count` of them, a power of ten. */
struct subtree {
	uint64_t first;
	uint64_t count;
};

static intptr_t sum(void *arg)
{
	const struct subtree *tree = arg;
	struct subtree part[CHILDREN];
	coir_fiber fiber[CHILDREN];
	intptr_t total = 0;
	int spawned = 0;
	if (tree->count == 1)
		return (intptr_t)tree->first;
	for (; spawned < CHILDREN; spawned++) {
		uint64_t count = tree->count / CHILDREN;
		part[spawned] = (struct subtree){tree->first + (uint64_t)spawned * count, count};
		int failed = coir_spawn(NULL, sum, &part[spawned], &fiber[spawned]);
		if (failed) {
			atomic_store_explicit(&failure, failed, memory_order_relaxed);
			break;
		}
	}
	for (int i = 0; i < spawned; i++) {
		intptr_t result = 0;
		int failed = coir_join(fiber[i], &result);
		if (failed)
			atomic_store_explicit(&failure, failed, memory_order_relaxed);
		total += result;
	}
	if (tree->count == TOLD_LEAVES)
		progress_add(&progress, TOLD_LEAVES);
	return total;
}

static bool is_power_of_ten(uint64_t count)
{
	while (count % CHILDREN == 0)
		count /= CHILDREN;
	return count == 1;
}

static int run(struct demo_report *report, int argc, char **argv)
{
	struct subtree root = {0, 1000000};
	if (!demo_count(argc, argv, 1) || !demo_number(argc, argv, 1, "LEAVES", 1, MOST_LEAVES, &root.count))
		return 2;
	if (!is_power_of_ten(root.count))
		return demo_refused(argv, "LEAVES", "a power of ten", argv[1]);
	progress_start(&progress, "skynet", "leaves", root.count);
	int64_t start = demo_now();
	intptr_t total = sum(&root);
	report->ns = demo_now() - start;
	progress_hide(&progress);
	int failed = atomic_load_explicit(&failure, memory_order_relaxed);
	if (failed)
		return demo_failed("skynet", "cannot spawn and join the tree", failed);
	intptr_t right = (intptr_t)(root.count * (root.count - 1) / 2);
	snprintf(report->result, sizeof report->result, "%" PRIdPTR ", %s: the sum of %" PRIu64 " leaves", total,
		 total == right ? "right" : "WRONG", root.count);
	return total != right;
}

const struct demo demo_skynet = {
	.name = "skynet",
	.arguments = "[LEAVES]",
	.summary = "a tree of fibers sums its leaves' numbers",
	.details = "A fiber spawns ten, each of them ten, down to LEAVES leaves (a power of ten up to\n"
		   "100000000; default 1000000). A leaf returns its number; the sums are joined upwards\n"
		   "and checked.",
	.run = run,
};
