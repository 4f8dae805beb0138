/* SPDX-License-Identifier: MIT
 *
 * demos/ring.c - fibers in a ring pass a token on, by park and unpark.
 *
 * There is one token, so a place is written by the fiber before it and emptied by its own, in turn. The handles of
 * all fibers are stored before the token enters the ring, and its release stores carry them round.
 */
#include "demo.h"
#include "progress.h"

#include <coir/coir.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_FIBERS 100000
#define MOST_PASSES 1000000000
#define TOLD_PASSES 10000

struct ring;

struct place {
	_Atomic uint64_t token; /* 0: not here; else the passes that are left, plus one */
	uint64_t passes;        /* made by this fiber; read after the join */
	coir_fiber fiber;
	struct ring *ring;
};

struct ring {
	struct place *place;
	uint64_t count;
	uint64_t passes;
	_Atomic bool done;
	struct progress progress;
};

/* Puts the token in a place. */
static void hand(struct place *place, uint64_t token)
{
	/* release: pairs with the acquire in wait_token; carries the handles and the counts */
	atomic_store_explicit(&place->token, token, memory_order_release);
	coir_unpark(place->fiber);
}

/* Takes the token when it comes; 0 when none will come any more. */
static uint64_t wait_token(struct place *place)
{
	for (;;) {
		/* acquire: pairs with the release in hand */
		uint64_t token = atomic_load_explicit(&place->token, memory_order_acquire);
		if (token) {
			atomic_store_explicit(&place->token, 0, memory_order_relaxed); /* ours until it comes round */
			return token;
		}
		/* relaxed: the unpark that follows the store makes it visible after the park at the latest */
		if (atomic_load_explicit(&place->ring->done, memory_order_relaxed))
			return 0;
		coir_park();
	}
}

static void end_ring(struct ring *ring)
{
	atomic_store_explicit(&ring->done, true, memory_order_relaxed);
	for (uint64_t i = 0; i < ring->count; i++)
		coir_unpark(ring->place[i].fiber);
}

static intptr_t pass_token(void *arg)
{
	struct place *place = arg;
	struct ring *ring = place->ring;
	struct place *next = place + 1 == ring->place + ring->count ? ring->place : place + 1;
	uint64_t token;
	while ((token = wait_token(place))) {
		if (token == 1) {
			end_ring(ring);
			break;
		}
		place->passes++;
		if (token % TOLD_PASSES == 0)
			progress_add(&ring->progress, TOLD_PASSES);
		hand(next, token - 1);
	}
	return 0;
}

/* Spawns the ring, sends the token round, joins. Returns 0 or -errno. */
static int turn(struct ring *ring)
{
	uint64_t spawned = 0;
	int failed = 0;
	for (; spawned < ring->count && !failed; spawned += !failed)
		failed = coir_spawn(NULL, pass_token, &ring->place[spawned], &ring->place[spawned].fiber);
	if (failed)
		end_ring(ring);
	else
		hand(&ring->place[0], ring->passes + 1);
	for (uint64_t i = 0; i < spawned; i++) {
		int other = coir_join(ring->place[i].fiber, NULL);
		failed = failed ? failed : other;
	}
	return failed;
}

/* Every fiber must have passed the token as often as its turn came. */
static bool is_right(const struct ring *ring)
{
	for (uint64_t i = 0; i < ring->count; i++) {
		uint64_t turns = ring->passes / ring->count + (i < ring->passes % ring->count);
		if (ring->place[i].passes != turns)
			return false;
	}
	return true;
}

static int run_ring(struct demo_report *report, struct ring *ring)
{
	progress_start(&ring->progress, "ring", "passes", ring->passes);
	int64_t start = demo_now();
	int failed = turn(ring);
	report->ns = demo_now() - start;
	progress_hide(&ring->progress);
	if (failed)
		return demo_failed("ring", "cannot make the ring", failed);
	bool right = is_right(ring);
	snprintf(report->result, sizeof report->result,
		 "%" PRIu64 " passes, %s: round %" PRIu64 " fibers, %.1f ns each", ring->passes,
		 right ? "right" : "WRONG", ring->count, (double)report->ns / (double)ring->passes);
	return !right;
}

static int run(struct demo_report *report, int argc, char **argv)
{
	struct ring ring = {.count = 1000, .passes = 1000000};
	if (!demo_count(argc, argv, 2) || !demo_number(argc, argv, 1, "FIBERS", 1, MOST_FIBERS, &ring.count) ||
	    !demo_number(argc, argv, 2, "PASSES", 1, MOST_PASSES, &ring.passes))
		return 2;
	ring.place = calloc(ring.count, sizeof *ring.place);
	if (!ring.place)
		return demo_failed("ring", "cannot make the ring", ENOMEM);
	for (uint64_t i = 0; i < ring.count; i++)
		ring.place[i].ring = &ring;
	int code = run_ring(report, &ring);
	free(ring.place);
	return code;
}

const struct demo demo_ring = {
	.name = "ring",
	.arguments = "[FIBERS [PASSES]]",
	.summary = "fibers in a ring pass a token on",
	.details = "FIBERS fibers (up to 100000; default 1000) pass a token round, PASSES times in all (up\n"
		   "to 1000000000; default 1000000), each pass an unpark and a park. Every fiber's count is\n"
		   "checked.",
	.run = run,
};
