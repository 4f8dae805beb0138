/* SPDX-License-Identifier: MIT */
#include "timer/wheel.h"

#define BITS 6

/* A slot and the first tick that it covers. */
typedef struct place {
	int level; /* -1: none */
	unsigned index;
	int64_t start;
} place;

void coiri_wheel_init(coiri_wheel *wheel, int64_t now)
{
	*wheel = (coiri_wheel){.tick = now >> COIRI_TICK_SHIFT};
	wheel->due_end = &wheel->due;
}

static void link_first(coiri_timer **head, coiri_timer *timer)
{
	timer->next = *head;
	timer->link = head;
	if (*head)
		(*head)->link = &timer->next;
	*head = timer;
}

static void place_timer(coiri_wheel *wheel, coiri_timer *timer)
{
	int64_t tick = timer->when >> COIRI_TICK_SHIFT;
	if (tick < wheel->tick)
		tick = wheel->tick;
	unsigned level = 0;
	while ((tick >> (BITS * level)) - (wheel->tick >> (BITS * level)) >= COIRI_WHEEL_SLOTS)
		level++;
	unsigned index = (uint64_t)tick >> (BITS * level) & (COIRI_WHEEL_SLOTS - 1);
	timer->slot = (int)(level * COIRI_WHEEL_SLOTS + index);
	wheel->occupied[level] |= UINT64_C(1) << index;
	link_first(&wheel->slots[timer->slot], timer);
}

void coiri_wheel_add(coiri_wheel *wheel, coiri_timer *timer, int64_t when)
{
	timer->when = when;
	timer->order = wheel->order++;
	place_timer(wheel, timer);
}

void coiri_wheel_remove(coiri_wheel *wheel, coiri_timer *timer)
{
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	else if (timer->slot < 0)
		wheel->due_end = timer->link;
	if (timer->slot >= 0 && !wheel->slots[timer->slot])
		wheel->occupied[timer->slot / COIRI_WHEEL_SLOTS] &= ~(UINT64_C(1) << timer->slot % COIRI_WHEEL_SLOTS);
	timer->link = NULL;
}

/* The slot that comes first; of two that begin together the one of the higher level, which must come down first. */
static place first_place(const coiri_wheel *wheel)
{
	place first = {-1, 0, 0};
	for (int level = 0; level < COIRI_WHEEL_LEVELS; level++) {
		unsigned shift = BITS * (unsigned)level;
		if (!wheel->occupied[level])
			continue;
		/* From the slot that the wheel is in, round to the one before it: see the head of wheel.h. */
		int64_t here = wheel->tick >> shift;
		unsigned turn = (uint64_t)here & (COIRI_WHEEL_SLOTS - 1);
		uint64_t ahead = wheel->occupied[level] >> turn | (turn ? wheel->occupied[level] << (64 - turn) : 0);
		int64_t start = (here + __builtin_ctzll(ahead)) << shift;
		unsigned index = (uint64_t)(start >> shift) & (COIRI_WHEEL_SLOTS - 1);
		if (first.level < 0 || start <= first.start)
			first = (place){level, index, start};
	}
	return first;
}

static coiri_timer *take_slot(coiri_wheel *wheel, place p)
{
	coiri_timer **head = &wheel->slots[p.level * COIRI_WHEEL_SLOTS + (int)p.index];
	coiri_timer *list = *head;
	*head = NULL;
	wheel->occupied[p.level] &= ~(UINT64_C(1) << p.index);
	return list;
}

/* The timers of a slot move to lower levels, where the wheel has come to. */
static void move_down(coiri_wheel *wheel, place p)
{
	coiri_timer *list = take_slot(wheel, p);
	wheel->tick = p.start;
	while (list) {
		coiri_timer *timer = list;
		list = timer->next;
		place_timer(wheel, timer);
	}
}

static bool comes_before(const coiri_timer *a, const coiri_timer *b)
{
	return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static coiri_timer *merge(coiri_timer *a, coiri_timer *b)
{
	coiri_timer *list, **end = &list;
	while (a && b) {
		coiri_timer **from = comes_before(a, b) ? &a : &b, *first = *from;
		*from = first->next;
		*end = first;
		end = &first->next;
	}
	*end = a ? a : b;
	return list;
}

/* Bottom up: runs[i] is sorted and of 2^i timers, or empty. */
static coiri_timer *sort(coiri_timer *list)
{
	coiri_timer *runs[64] = {NULL}, *sorted = NULL;
	while (list) {
		coiri_timer *run = list;
		list = list->next;
		run->next = NULL;
		unsigned i = 0;
		for (; runs[i]; i++) {
			run = merge(runs[i], run);
			runs[i] = NULL;
		}
		runs[i] = run;
	}
	for (unsigned i = 0; i < 64; i++)
		if (runs[i])
			sorted = merge(runs[i], sorted);
	return sorted;
}

static void append_due(coiri_wheel *wheel, coiri_timer *list)
{
	for (coiri_timer *timer = sort(list); timer; timer = timer->next) {
		timer->slot = -1;
		timer->link = wheel->due_end;
		*wheel->due_end = timer;
		wheel->due_end = &timer->next;
	}
}

/* The running tick: only those whose very time has come. */
static void take_exactly(coiri_wheel *wheel, int64_t now)
{
	coiri_timer *list = NULL, *next;
	for (coiri_timer *timer = wheel->slots[wheel->tick % COIRI_WHEEL_SLOTS]; timer; timer = next) {
		next = timer->next;
		if (timer->when > now)
			continue;
		coiri_wheel_remove(wheel, timer);
		timer->next = list;
		list = timer;
	}
	append_due(wheel, list);
}

void coiri_wheel_advance(coiri_wheel *wheel, int64_t now, bool exact)
{
	int64_t target = now >> COIRI_TICK_SHIFT;
	for (;;) {
		place p = first_place(wheel);
		if (p.level < 0 || p.start > target || (p.level == 0 && p.start == target))
			break;
		if (p.level > 0) {
			move_down(wheel, p);
			continue;
		}
		append_due(wheel, take_slot(wheel, p));
		wheel->tick = p.start + 1;
		/* Entering a new slot of a higher level, its timers come down: next round, as it starts no later. */
	}
	if (wheel->tick < target)
		wheel->tick = target;
	if (exact)
		take_exactly(wheel, now);
}

coiri_timer *coiri_wheel_take_due(coiri_wheel *wheel)
{
	coiri_timer *timer = wheel->due;
	if (timer)
		coiri_wheel_remove(wheel, timer);
	return timer;
}

int64_t coiri_wheel_next(const coiri_wheel *wheel)
{
	if (wheel->due)
		return wheel->due->when;
	place p = first_place(wheel);
	if (p.level < 0)
		return COIRI_NO_TIME;
	if (p.start >= COIRI_NO_TIME >> COIRI_TICK_SHIFT)
		return COIRI_NO_TIME;
	return (p.start + (p.level == 0)) << COIRI_TICK_SHIFT;
}

int64_t coiri_wheel_earliest(coiri_wheel *wheel)
{
	if (wheel->due)
		return wheel->due->when;
	place p = first_place(wheel);
	while (p.level > 0) {
		move_down(wheel, p);
		p = first_place(wheel);
	}
	if (p.level < 0)
		return COIRI_NO_TIME;
	const coiri_timer *first = wheel->slots[p.index];
	for (const coiri_timer *timer = first->next; timer; timer = timer->next)
		if (comes_before(timer, first))
			first = timer;
	return first->when;
}
