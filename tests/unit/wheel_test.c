/* SPDX-License-Identifier: MIT
 *
 * unit/wheel_test.c - the timing wheel against a model: a table that is searched for what is due next.
 */
#include "support/stress.h"
#include "support/test.h"

#include "timer/wheel.h"

#define TICK (INT64_C(1) << COIRI_TICK_SHIFT)

enum { TIMERS = 300 };

struct entry {
	coiri_timer timer;
	int64_t when, added; /* added: the wheel's time then */
	uint64_t order;
	bool in;
};

static coiri_wheel wheel;
static struct entry table[TIMERS];
static uint64_t orders;

static void add(struct entry *e, int64_t now, int64_t when)
{
	e->when = when;
	e->added = now;
	e->order = orders++;
	e->in = true;
	coiri_wheel_add(&wheel, &e->timer, when);
	must(coiri_wheel_holds(&e->timer));
}

static void take_out(struct entry *e)
{
	coiri_wheel_remove(&wheel, &e->timer);
	must(!coiri_wheel_holds(&e->timer));
	e->in = false;
}

static struct entry *model_first(void)
{
	struct entry *first = NULL;
	for (int i = 0; i < TIMERS; i++) {
		struct entry *e = &table[i];
		if (e->in && (!first || e->when < first->when || (e->when == first->when && e->order < first->order)))
			first = e;
	}
	return first;
}

/* Takes `most` of those that are due, each of which must be the model's first. */
static int take(int64_t now, int most)
{
	int taken = 0;
	coiri_timer *timer;
	while (taken < most && (timer = coiri_wheel_take_due(&wheel)) != NULL) {
		struct entry *e = coiri_container_of(timer, struct entry, timer);
		must(e->in && e->when <= now, "early: %lld at %lld", (long long)e->when, (long long)now);
		must(e == model_first(), "out of order");
		e->in = false;
		taken++;
	}
	return taken;
}

static void check_rest(int64_t now, bool exact)
{
	const struct entry *first = model_first();
	int64_t next = coiri_wheel_next(&wheel);
	if (!first) {
		must_eq(next, COIRI_NO_TIME);
		must_eq(coiri_wheel_earliest(&wheel), COIRI_NO_TIME);
		return;
	}
	/* What was due when it was added waits for the end of that tick. */
	int64_t due = first->when > first->added ? first->when : first->added;
	must(exact ? first->when > now : now - due < TICK, "late: %lld, %lld", (long long)first->when, (long long)now);
	must(exact || next == COIRI_NO_TIME || next - TICK <= due);
	if (exact)
		must_eq(coiri_wheel_earliest(&wheel), first->when);
}

static int64_t some_span(uint64_t *dice)
{
	return (int64_t)(chance(dice) >> (chance_below(dice, 63) + 1));
}

static int64_t later(int64_t now, int64_t span)
{
	return span < INT64_MAX - 1 - now ? now + span : INT64_MAX - 1;
}

/* from: where time begins; spans: how far timers and steps reach, as a right shift of 63 bits. */
static void against_model(uint64_t seed, int64_t from, unsigned least, bool exact)
{
	uint64_t dice = seed;
	int64_t now = from;
	memset(table, 0, sizeof table);
	coiri_wheel_init(&wheel, now);
	for (long step = 0; step < scaled(20000); step++) {
		struct entry *e = &table[chance_below(&dice, TIMERS)];
		switch (chance_below(&dice, 8)) {
		case 0:
			now = later(now, some_span(&dice) >> least);
			break;
		case 1:
			now = later(now, chance_below(&dice, 3 * TICK));
			break;
		case 2:
			if (e->in)
				take_out(e);
			break;
		case 3: /* a time that is past, or another's */
			if (!e->in)
				add(e, now,
				    chance_below(&dice, 2) ? table[0].when : now - (int64_t)chance_below(&dice, 9000));
			break;
		default:
			if (!e->in)
				add(e, now, later(now, some_span(&dice) >> least));
		}
		coiri_wheel_advance(&wheel, now, exact);
		if (chance_below(&dice, 4) == 0) { /* some of them, then one that is due is removed */
			take(now, 1);
			if (e->in)
				take_out(e);
		}
		take(now, TIMERS);
		check_rest(now, exact);
	}
	coiri_wheel_advance(&wheel, INT64_MAX, exact);
	take(INT64_MAX, TIMERS);
	if (exact)
		must(model_first() == NULL);
}

Test(wheel, agrees_with_a_model)
{
	for (unsigned least = 0; least < 48; least += 4)
		against_model(least + 1, 1000000000, least, false);
}

Test(wheel, agrees_with_a_model_exactly)
{
	for (unsigned least = 0; least < 48; least += 4)
		against_model(least + 1, 1000000000, least, true);
}

Test(wheel, agrees_with_a_model_at_the_end_of_time)
{
	against_model(5, INT64_MAX - (INT64_C(1) << 40), 20, false);
	against_model(6, INT64_MAX - (INT64_C(1) << 40), 20, true);
}

/* Each level's borders, from both sides. */
Test(wheel, every_level)
{
	memset(table, 0, sizeof table);
	int n = 0;
	coiri_wheel_init(&wheel, 0);
	for (unsigned shift = COIRI_TICK_SHIFT; shift < 63; shift += 3)
		for (int64_t off = -1; off <= 1; off++)
			add(&table[n++], 0, (INT64_C(1) << shift) + off);
	add(&table[n++], 0, INT64_MAX - 1);
	for (int i = 0; i < n; i++) {
		int64_t when = coiri_wheel_earliest(&wheel);
		cr_assert_eq(when, model_first()->when);
		coiri_wheel_advance(&wheel, when - 1, true);
		cr_assert_null(coiri_wheel_take_due(&wheel));
		coiri_wheel_advance(&wheel, when, true);
		cr_assert_eq(take(when, 1), 1);
	}
	cr_assert_eq(coiri_wheel_earliest(&wheel), COIRI_NO_TIME);
}

Test(wheel, one_time_in_the_order_of_adding)
{
	memset(table, 0, sizeof table);
	coiri_wheel_init(&wheel, 77);
	for (int i = 0; i < TIMERS; i++)
		add(&table[(i * 7) % TIMERS], 77, 50 * TICK + (i % 2) * 5000 * TICK);
	for (int i = 0; i < TIMERS; i += 3)
		take_out(&table[i]);
	coiri_wheel_advance(&wheel, 50 * TICK, false);
	cr_assert_eq(take(50 * TICK, TIMERS), 0); /* its tick is not over */
	coiri_wheel_advance(&wheel, 6000 * TICK, false);
	cr_assert_eq(take(6000 * TICK, TIMERS), TIMERS - TIMERS / 3);
}
