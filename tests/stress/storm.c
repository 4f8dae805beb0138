/* SPDX-License-Identifier: MIT
 *
 * stress/storm.c - storms of unparks on a few fibers, from fibers, sticky fibers and foreign threads. Every message
 * that was put into a box before an unpark is taken out after a park; a lost wake-up is a hang.
 */
#include "support/bodies.h"
#include "support/stress.h"

#include <errno.h>
#include <stdatomic.h>

enum { BOXES = 8, FIBERS = 6, THREADS = 2, SENDERS = FIBERS + THREADS };

static struct box {
	atomic_long letters;
	coir_fiber owner;
	long expected;
	long parks;
} box[BOXES];

struct sender {
	uint64_t seed;
	long first;
	long rounds;
	bool foreign;
};

static intptr_t empty_box(void *arg)
{
	struct box *b = arg;
	for (long taken = 0; taken < b->expected;) {
		long found = atomic_exchange(&b->letters, 0);
		taken += found;
		if (found == 0) {
			must_ok(coir_park());
			b->parks++;
		}
	}
	must_eq(atomic_load(&b->letters), 0);
	return b->expected;
}

/* The owner of a full box may have ended by the time it is unparked: then the handle is stale. */
static void send_all(struct sender *s)
{
	for (long i = 0; i < s->rounds * BOXES; i++) {
		struct box *b = &box[(s->first + i) % BOXES];
		atomic_fetch_add(&b->letters, 1);
		int rc = coir_unpark(b->owner);
		must(rc == 0 || rc == -ESRCH, "%d", rc);
		chance_delay(&s->seed, 200);
		if (!s->foreign && chance_below(&s->seed, 8) == 0)
			must_ok(coir_yield());
	}
}

static intptr_t send_from_fiber(void *arg)
{
	send_all(arg);
	return 1;
}

static void *send_from_thread(void *arg)
{
	send_all(arg);
	return NULL;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 200000);
	struct sender sender[SENDERS];
	coir_fiber fiber[FIBERS];
	pthread_t thread[THREADS];
	start_workers(s.workers);
	for (int i = 0; i < BOXES; i++) {
		box[i].expected = s.rounds * SENDERS;
		box[i].owner = (i % 3 ? must_spawn : must_spawn_sticky)(empty_box, &box[i]);
	}
	for (int i = 0; i < SENDERS; i++)
		sender[i] = (struct sender){(uint64_t)i, i, s.rounds, i >= FIBERS};
	for (int i = 0; i < FIBERS; i++)
		fiber[i] = (i % 3 ? must_spawn : must_spawn_sticky)(send_from_fiber, &sender[i]);
	for (int i = 0; i < THREADS; i++)
		thread[i] = thread_start(send_from_thread, &sender[FIBERS + i]);
	for (int i = 0; i < BOXES; i++)
		must_eq(must_join(box[i].owner), s.rounds * SENDERS);
	must_eq(must_join_all(fiber, FIBERS), FIBERS);
	for (int i = 0; i < THREADS; i++)
		thread_end(thread[i]);
	stop_workers();
	return 0;
}
