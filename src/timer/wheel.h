/* SPDX-License-Identifier: MIT
 *
 * timer/wheel.h - a hierarchical timing wheel: timers by the time at which they are due.
 *
 * Time is cut into ticks of 4096 ns. Level 0 has a slot for each of the next 64 ticks, level n one for each of the next
 * 64 stretches of 64^n ticks, the running one left out. A timer lies in the lowest level that reaches to its tick, and
 * moves down when the wheel comes to its slot: at most once a level. Adding and removing take constant time and no
 * memory: the timer is the caller's and is a member of one list. Nine levels hold every int64_t of nanoseconds.
 * (Levels by the highest bit in which the two ticks differ, as Tokio has them, move all that is due after a round
 * number of ticks in one go: of a million sleepers of a second, 300,000, which took 200 ms.)
 *
 * Never early: a slot is due when its tick is over, so at most one tick late; or, where time is virtual, exactly (the
 * slot of the running tick is searched). Timers become due in the order of their times, those of one time in the order
 * in which they were added.
 *
 * No thread of its own, no lock: the owner (sched/timers.h) has both.
 * After G. Varghese and A. Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.
 */
#ifndef COIRI_TIMER_WHEEL_H
#define COIRI_TIMER_WHEEL_H

#include "base/compiler.h"

#define COIRI_TICK_SHIFT   12
#define COIRI_WHEEL_LEVELS 9
#define COIRI_WHEEL_SLOTS  64
#define COIRI_NO_TIME      INT64_MAX

/* Belongs to its user, who keeps it where it is while it is in a wheel. */
typedef struct coiri_timer {
	struct coiri_timer *next;
	struct coiri_timer **link; /* what points here; NULL: in no wheel */
	int64_t when;
	uint64_t order; /* of adding */
	int slot;       /* level * COIRI_WHEEL_SLOTS + index, or -1: due */
} coiri_timer;

typedef struct coiri_wheel {
	int64_t tick; /* the slots of all ticks before are empty */
	uint64_t order;
	uint64_t occupied[COIRI_WHEEL_LEVELS]; /* a bit for each slot that is not empty */
	coiri_timer *slots[COIRI_WHEEL_LEVELS * COIRI_WHEEL_SLOTS];
	coiri_timer *due, **due_end;
} coiri_wheel;

void coiri_wheel_init(coiri_wheel *wheel, int64_t now);

void coiri_wheel_add(coiri_wheel *wheel, coiri_timer *timer, int64_t when);

/* The timer is in the wheel, due or not. */
void coiri_wheel_remove(coiri_wheel *wheel, coiri_timer *timer);

/* Makes due what is due at `now`; exact: to the nanosecond. */
void coiri_wheel_advance(coiri_wheel *wheel, int64_t now, bool exact);

/* Takes out the first of those that are due, or NULL. */
coiri_timer *coiri_wheel_take_due(coiri_wheel *wheel);

/* When to advance next, COIRI_NO_TIME if the wheel is empty: a bound from below, the timers may be later. */
int64_t coiri_wheel_next(const coiri_wheel *wheel);

/* The time of the earliest timer, exactly, or COIRI_NO_TIME. */
int64_t coiri_wheel_earliest(coiri_wheel *wheel);

COIRI_INLINE bool coiri_wheel_holds(const coiri_timer *timer)
{
	return timer->link != NULL;
}

#endif
