/* SPDX-License-Identifier: MIT
 *
 * unit/policy_test.c - what idle workers decide. Seen failing: with a tour that begins each level at its start, with one
 * that counts a stray look as the one in turn, with a judge that forgets to double, with a hint that counts the drowsy
 * as sleepers to be woken, with one that forgets the running ones.
 */
#include "support/test.h"

#include "sched/policy.h"

static const coiri_policy *const policy = &coiri_the_policy;

/* 1 SMT sibling, 3 by a cache, none by a node, 8 far. */
static const unsigned levels[COIRI_LEVELS_MAX] = {1, 4, 4, 12};

Test(policy, a_tour_sees_all_victims_once_and_the_near_ones_first)
{
	const coiri_policy straight = {.stray = 0};
	coiri_rand rand;
	coiri_rand_seed(&rand, 7);
	unsigned first[12] = {0};
	for (unsigned round = 0; round < 400; round++) {
		coiri_tour tour = {0};
		unsigned seen[12] = {0}, i, n = 0, level = 0;
		while ((i = coiri_tour_next(&straight, &tour, levels, &rand)) < levels[COIRI_LEVELS_MAX - 1]) {
			while (n >= levels[level])
				level++;
			cr_assert(i < levels[level] && (level == 0 || i >= levels[level - 1]), "%u is too early", i);
			cr_assert_eq(seen[i]++, 0, "%u comes twice", i);
			if (n == 4)
				first[i]++;
			n++;
		}
		cr_assert_eq(n, 12);
	}
	for (unsigned i = 4; i < 12; i++)
		cr_assert_gt(first[i], 20, "of the far ones, %u came first %u times of 400", i, first[i]);
}

Test(policy, a_tour_that_strays_sees_all_victims_too)
{
	const coiri_policy half = {.stray = 50};
	coiri_rand rand;
	coiri_rand_seed(&rand, 7);
	unsigned far_first = 0;
	for (unsigned round = 0; round < 400; round++) {
		coiri_tour tour = {0};
		unsigned seen[12] = {0}, i, n = 0;
		while ((i = coiri_tour_next(&half, &tour, levels, &rand)) < levels[COIRI_LEVELS_MAX - 1]) {
			far_first += n == 0 && i >= 4;
			seen[i]++;
			n++;
		}
		cr_assert_leq(n, 24, "%u looks at 12 victims", n);
		for (i = 0; i < 12; i++)
			cr_assert_gt(seen[i], 0, "%u was passed over", i);
	}
	/* half of the rounds begin with a stray look, 2 of 3 of these at a far one */
	cr_assert(far_first > 80 && far_first < 190, "%u of 400 rounds begin far off", far_first);
}

Test(policy, a_tour_strays_only_where_there_are_distances)
{
	const coiri_policy always = {.stray = 100};
	const unsigned flat[COIRI_LEVELS_MAX] = {0, 7, 7, 7};
	coiri_rand rand;
	coiri_rand_seed(&rand, 7);
	coiri_tour tour = {0};
	unsigned n = 0;
	while (coiri_tour_next(&always, &tour, flat, &rand) < 7)
		n++;
	cr_assert_eq(n, 7);
}

Test(policy, a_tour_without_victims_is_over_at_once)
{
	coiri_rand rand;
	coiri_rand_seed(&rand, 7);
	coiri_tour tour = {0};
	cr_assert_eq(coiri_tour_next(policy, &tour, (unsigned[COIRI_LEVELS_MAX]){0}, &rand), 0);
}

static void loot_ran(coiri_thief *thief, unsigned items, int64_t ns)
{
	coiri_thief_took(thief, 1000, items);
	coiri_thief_judge(policy, thief, 1000 + ns);
}

Test(policy, loot_in_vain_doubles_the_wait_and_takes_less)
{
	coiri_thief thief = {0};
	cr_assert_eq(coiri_thief_most(policy, &thief), policy->most);
	for (int64_t wait = policy->backoff_min; wait < policy->backoff_max; wait *= 2) {
		cr_assert_eq(coiri_thief_is_drowsy(policy, &thief), thief.backoff >= policy->drowsy);
		loot_ran(&thief, 1, policy->worth);
		cr_assert_eq(thief.backoff, wait);
		cr_assert_eq(coiri_thief_most(policy, &thief), policy->sample);
	}
	for (int i = 0; i < 3; i++)
		loot_ran(&thief, 1, 0);
	cr_assert_eq(thief.backoff, policy->backoff_max);
	cr_assert(coiri_thief_is_drowsy(policy, &thief));
}

Test(policy, loot_is_judged_by_what_it_ran_for)
{
	coiri_thief thief = {.backoff = 500};
	loot_ran(&thief, 10, policy->worth + 10 * policy->worth_each - 1);
	cr_assert_eq(thief.backoff, 1000);
	cr_assert_eq(thief.loot_time, 0, "judged twice");
	loot_ran(&thief, 10, policy->worth + 10 * policy->worth_each);
	cr_assert_eq(thief.backoff, 0);
}

Test(policy, who_makes_work_wakes_only_where_nobody_looks)
{
	const coiri_crowd all_run = {.count = 8}, search = {.count = 8, .asleep = 2, .searching = 1};
	const coiri_crowd sleep = {.count = 8, .asleep = 2}, drowsy = {.count = 8, .asleep = 2, .drowsy = 2};
	cr_assert_eq(coiri_crowd_hint(policy, &all_run, false), 0);
	cr_assert_eq(coiri_crowd_hint(policy, &search, false), 0);
	cr_assert_eq(coiri_crowd_hint(policy, &sleep, false), COIRI_HINT_MORE | COIRI_HINT_WATCH);
	cr_assert_eq(coiri_crowd_hint(policy, &sleep, true), COIRI_HINT_MORE);
	cr_assert_eq(coiri_crowd_hint(policy, &drowsy, true), 0);
	cr_assert_eq(coiri_crowd_hint(policy, &drowsy, false), COIRI_HINT_MORE | COIRI_HINT_WATCH);
	cr_assert(coiri_crowd_is_unwatched(&sleep, false) && !coiri_crowd_is_unwatched(&sleep, true));
	cr_assert(!coiri_crowd_is_unwatched(&search, false) && !coiri_crowd_is_unwatched(&all_run, false));
}

Test(policy, the_more_run_the_more_may_be_woken_at_a_time)
{
	const coiri_policy quarter = {.wakers_divisor = 4};
	for (unsigned running = 1; running < 64; running++)
		for (unsigned searching = 0; searching < 20; searching++) {
			const coiri_crowd crowd = {
				.count = 100, .asleep = 100 - running - searching, .searching = searching};
			const coiri_crowd full = {.count = running + searching, .searching = searching};
			bool few = searching == 0 || searching < running / 4;
			cr_assert_eq(coiri_crowd_may_wake(&quarter, &crowd), few, "%u run, %u search", running,
				     searching);
			cr_assert_eq(coiri_crowd_hint(&quarter, &crowd, true), few ? COIRI_HINT_MORE : 0);
			cr_assert(!coiri_crowd_may_wake(&quarter, &full), "nobody sleeps");
		}
}

Test(policy, one_may_always_search_and_one_watches_while_others_run)
{
	for (unsigned count = 1; count < 20; count++) {
		coiri_crowd crowd = {.count = count};
		cr_assert(coiri_crowd_may_search(policy, &crowd));
		crowd.searching = count;
		cr_assert(!coiri_crowd_may_search(policy, &crowd));
	}
	const coiri_crowd one_runs = {.count = 4, .asleep = 1, .searching = 1}, none = {.count = 4, .asleep = 3};
	cr_assert(coiri_crowd_wants_watcher(&one_runs, false) && !coiri_crowd_wants_watcher(&one_runs, true));
	cr_assert(!coiri_crowd_wants_watcher(&none, false));
	int64_t limit = policy->watch_min;
	for (int i = 0; i < 20; i++)
		limit = coiri_watch_longer(policy, limit);
	cr_assert_eq(limit, policy->watch_max);
}
