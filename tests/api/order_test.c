/* SPDX-License-Identifier: MIT
 *
 * api/order_test.c - SEMANTICS, "Order and fairness", on one worker, where the order can be told. Distances are counted
 * in steps that other fibers made, never in time.
 *
 * The bound of SEMANTICS.md is c x (runnable fibers + 1) steps. The scheduler looks at its three queues in turn every
 * 61st step, so c is 3 x 61 at least; what is asked here is STEPS_EACH.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <stdatomic.h>

enum { STEPS_EACH = 256 };

/* ---- newest first ---- */

enum { CHILDREN = 10 };

static int order[CHILDREN], order_count;
static coir_fiber spawner;

static intptr_t note_order(void *arg)
{
	order[order_count++] = (int)(intptr_t)arg;
	if (order_count == CHILDREN)
		must_ok(coir_unpark(spawner));
	return 0;
}

solo_test(order, newest_first)
{
	spawner = must_self();
	for (int i = 0; i < CHILDREN; i++)
		must_ok(coir_go(note_order, (void *)(intptr_t)i));
	must_ok(coir_park());
	int older_after_newer = 0;
	for (int i = 1; i < CHILDREN; i++)
		older_after_newer += order[i] < order[i - 1];
	/* one of ten may be the step that takes the oldest, which spoils two neighbours */
	must(older_after_newer >= CHILDREN - 1 - 2, "only %d", older_after_newer);
}

/* ---- round robin ---- */

enum { YIELDERS = 100, ROUNDS = 300 };

static int count[YIELDERS], yielding;

static void spread_is_small(void)
{
	int least = count[0], most = count[0];
	for (int i = 1; i < YIELDERS; i++) {
		least = count[i] < least ? count[i] : least;
		most = count[i] > most ? count[i] : most;
	}
	must(most - least <= 2, "from %d to %d", least, most);
}

static intptr_t yield_and_count(void *arg)
{
	int *mine = arg;
	for (yielding++; yielding < YIELDERS;)
		must_ok(coir_yield());
	while (*mine < ROUNDS) {
		++*mine;
		spread_is_small();
		must_ok(coir_yield());
	}
	return 0;
}

solo_test(order, yielding_fibers_take_turns)
{
	coir_fiber f[YIELDERS];
	for (int i = 0; i < YIELDERS; i++)
		f[i] = must_spawn(yield_and_count, &count[i]);
	must_join_all(f, YIELDERS);
	spread_is_small();
}

/* ---- nobody starves ---- */

/* A crowd keeps the worker busy and counts its steps; then comes a victim, which must get its turn. */
struct contest {
	atomic_long steps;     /* of the crowd */
	atomic_long victim_at; /* the count when the victim ran; 0: not yet */
	atomic_bool over;
	coir_fiber player[2];
	coir_fiber victim, watcher;
	atomic_bool victim_parked;
};

static void victim_runs(struct contest *c)
{
	atomic_store(&c->victim_at, atomic_load(&c->steps) + 1);
	must_ok(coir_unpark(c->watcher));
}

static intptr_t unstarted_victim(void *arg)
{
	victim_runs(arg);
	return 0;
}

static intptr_t parked_victim(void *arg)
{
	struct contest *c = arg;
	atomic_store(&c->victim_parked, true);
	must_ok(coir_park());
	victim_runs(c);
	return 0;
}

static intptr_t yielding_victim(void *arg)
{
	struct contest *c = arg;
	long last = 0;
	for (int i = 0; i < 50; i++) {
		long before = atomic_load(&c->steps);
		must_ok(coir_yield());
		long waited = atomic_load(&c->steps) - before;
		last = waited > last ? waited : last;
	}
	must(last <= STEPS_EACH * 5, "one yield took %ld steps", last);
	victim_runs(c);
	return 0;
}

static intptr_t ping_pong(void *arg)
{
	struct contest *c = arg;
	coir_fiber me = must_self();
	while (!atomic_load(&c->over)) {
		atomic_fetch_add(&c->steps, 1);
		coir_fiber other = c->player[me.seq == c->player[0].seq];
		must_ok(coir_unpark(other));
		must_ok(coir_park());
	}
	coir_unpark(c->player[0]); /* whoever still parks; -ESRCH else */
	coir_unpark(c->player[1]);
	return 0;
}

/* Each ends by spawning the next: there is always a newest one in the run-next slot. */
static intptr_t spawn_for_ever(void *arg)
{
	struct contest *c = arg;
	atomic_fetch_add(&c->steps, 1);
	if (!atomic_load(&c->over))
		must_ok(coir_go(spawn_for_ever, c));
	return 0;
}

/* Spawns, lets others go first, and spawns again. */
static intptr_t spawn_and_yield_for_ever(void *arg)
{
	struct contest *c = arg;
	while (!atomic_load(&c->over)) {
		atomic_fetch_add(&c->steps, 1);
		must_ok(coir_go(fiber_give_back, NULL));
		must_ok(coir_go(fiber_give_back, NULL));
		must_ok(coir_yield());
	}
	return 0;
}

/* Main parks meanwhile: by running it would only help the victim, and a join might run it. */
static void await_victim(struct contest *c)
{
	while (atomic_load(&c->victim_at) == 0)
		must_ok(coir_park());
	atomic_store(&c->over, true);
	must_join(c->victim);
}

static void in_time(struct contest *c, long from, long runnable)
{
	long waited = atomic_load(&c->victim_at) - 1 - from;
	must(waited <= STEPS_EACH * (runnable + 1), "the victim waited %ld steps beside %ld others", waited, runnable);
}

static void start_ping_pong(struct contest *c)
{
	for (int i = 0; i < 2; i++)
		c->player[i] = must_spawn(ping_pong, c);
}

static void join_ping_pong(struct contest *c)
{
	must_join_all(c->player, 2);
}

solo_test(order, ping_pong_and_unstarted)
{
	struct contest c = {.watcher = must_self()};
	c.victim = must_spawn(unstarted_victim, &c);
	start_ping_pong(&c);
	await_victim(&c);
	join_ping_pong(&c);
	in_time(&c, 0, 3);
}

static long wake_victim(struct contest *c)
{
	must_ok(coir_unpark(c->victim));
	return atomic_load(&c->steps);
}

solo_test(order, ping_pong_and_parked)
{
	struct contest c = {.watcher = must_self()};
	c.victim = must_spawn(parked_victim, &c);
	while (!atomic_load(&c.victim_parked))
		must_ok(coir_yield());
	start_ping_pong(&c);
	while (atomic_load(&c.steps) < 1000)
		must_ok(coir_yield());
	long from = wake_victim(&c);
	await_victim(&c);
	join_ping_pong(&c);
	in_time(&c, from, 3);
}

solo_test(order, ping_pong_and_yielding)
{
	struct contest c = {.watcher = must_self()};
	c.victim = must_spawn(yielding_victim, &c);
	must_ok(coir_yield());
	start_ping_pong(&c);
	await_victim(&c);
	join_ping_pong(&c);
}

solo_test(order, ping_pong_and_sticky)
{
	struct contest c = {.watcher = must_self()};
	c.victim = must_spawn_sticky(parked_victim, &c);
	while (!atomic_load(&c.victim_parked))
		must_ok(coir_yield());
	start_ping_pong(&c);
	while (atomic_load(&c.steps) < 1000)
		must_ok(coir_yield());
	long from = wake_victim(&c);
	await_victim(&c);
	join_ping_pong(&c);
	in_time(&c, from, 3);
}

solo_test(order, spawner_and_unstarted)
{
	struct contest c = {.watcher = must_self()};
	c.victim = must_spawn(unstarted_victim, &c);
	must_ok(coir_go(spawn_for_ever, &c));
	await_victim(&c);
	in_time(&c, 0, 3);
}

solo_test(order, spawner_and_parked)
{
	struct contest c = {.watcher = must_self()};
	c.victim = must_spawn(parked_victim, &c);
	while (!atomic_load(&c.victim_parked))
		must_ok(coir_yield());
	must_ok(coir_go(spawn_for_ever, &c));
	long from = wake_victim(&c);
	await_victim(&c);
	in_time(&c, from, 3);
}

solo_test(order, yielding_spawner_and_unstarted)
{
	struct contest c = {.watcher = must_self()};
	c.victim = must_spawn(unstarted_victim, &c);
	must_ok(coir_go(spawn_and_yield_for_ever, &c));
	await_victim(&c);
	in_time(&c, 0, 5);
}

/* ---- what comes from outside ---- */

static intptr_t host_of_ping_pong(void *arg)
{
	struct contest *c = arg;
	c->watcher = must_self();
	start_ping_pong(c);
	while (atomic_load(&c->victim_at) == 0)
		must_ok(coir_park());
	atomic_store(&c->over, true);
	join_ping_pong(c);
	return 0;
}

static bool in_full_swing(void *arg)
{
	return atomic_load(&((struct contest *)arg)->steps) >= 1000;
}

static bool is_parked(void *arg)
{
	return atomic_load(&((struct contest *)arg)->victim_parked);
}

/* The count is read after the victim was handed over: at worst the victim seems to have waited less. */
static void from_outside(struct contest *c, coir_fn victim, bool parked)
{
	start_workers(1);
	if (parked)
		c->victim = must_spawn(victim, c);
	if (parked)
		poll_until(is_parked, c);
	coir_fiber host = must_spawn(host_of_ping_pong, c);
	poll_until(in_full_swing, c);
	if (parked)
		must_ok(coir_unpark(c->victim));
	else
		c->victim = must_spawn(victim, c);
	long from = atomic_load(&c->steps);
	must_join(c->victim);
	must_join(host);
	stop_workers();
	in_time(c, from, 3);
}

Test(order, ping_pong_and_spawned_outside)
{
	struct contest c = {.steps = 0};
	from_outside(&c, unstarted_victim, false);
}

Test(order, ping_pong_and_unparked_outside)
{
	struct contest c = {.steps = 0};
	from_outside(&c, parked_victim, true);
}
