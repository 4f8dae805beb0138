/* SPDX-License-Identifier: MIT
 *
 * sync/group.c - wait groups and events: "nothing is left to do", "it has happened".
 *
 * Both are a condition under a latch and a queue of those who wait for it. Whoever makes the condition true wins all of
 * the queue under the latch, and wakes them after it. Who waits looks under the latch too, though a look without would
 * do: for then whoever made it true has done with the object, and the waiter may free it.
 */
#include "sync/sync.h"
#include <coir/meet.h>

typedef struct group {
	coiri_queue queue;
	int64_t count;
	coiri_latch latch;
} group;

typedef struct event {
	coiri_queue queue;
	coiri_latch latch;
	uint32_t happened, spare;
} event;

COIRI_SAME_LAYOUT(group, coir_wait_group);
COIRI_SAME_LAYOUT(event, coir_event);

/* The condition was made true (or was not): releases the latch and wakes. Returns 0. */
static int let_go(coiri_worker *w, coiri_queue *queue, coiri_latch *latch, bool all)
{
	coiri_wakes wakes = {0};
	if (all)
		coiri_win_all(queue, 0, &wakes);
	coiri_latch_release(latch);
	coiri_wake_won(w, &wakes);
	return coiri_go_out(w, 0);
}

/* Waits until the condition `holds`. */
COIRI_INLINE int wait_for(coiri_place place, bool (*holds)(const void *object))
{
	coiri_worker *w;
	int r = 0;
	if (!coiri_come_in(&w))
		return -EPERM;
	if (place.mode != COIRI_TRY && w && coiri_cancelled(w->current))
		return -ECANCELED;
	coiri_latch_acquire(place.latch);
	if (!holds(place.object) && !coiri_too_late(place.mode, place.deadline, &r))
		return coiri_wait_at(w, &place);
	coiri_latch_release(place.latch);
	if (w && r == 0 && place.mode != COIRI_TRY)
		return coiri_step_in_place(w);
	return coiri_go_out(w, r);
}

/* ---- wait groups ---- */

int coir_wait_group_add(coir_wait_group *public, int32_t n)
{
	coiri_worker *w;
	group *g = (group *)public;
	if (!g)
		return -EINVAL;
	if (!coiri_come_in(&w))
		return -EPERM;
	coiri_latch_acquire(&g->latch);
	if (unlikely(g->count + n < 0)) {
		coiri_latch_release(&g->latch);
		return coiri_go_out(w, -EINVAL);
	}
	g->count += n;
	return let_go(w, &g->queue, &g->latch, g->count == 0);
}

int coir_wait_group_done(coir_wait_group *g)
{
	return coir_wait_group_add(g, -1);
}

static bool is_done(const void *object)
{
	return ((const group *)object)->count == 0;
}

static int group_wait(coir_wait_group *public, coiri_mode mode, coir_time deadline)
{
	group *g = (group *)public;
	if (!g)
		return -EINVAL;
	return wait_for((coiri_place){&g->queue, &g->latch, g, COIRI_WAIT_GROUP, mode, NULL, deadline}, is_done);
}

int coir_wait_group_wait(coir_wait_group *g)
{
	return group_wait(g, COIRI_UNTIL, COIR_NEVER);
}

int coir_wait_group_wait_until(coir_wait_group *g, coir_time deadline)
{
	return group_wait(g, COIRI_UNTIL, deadline);
}

int coir_wait_group_try_wait(coir_wait_group *g)
{
	return group_wait(g, COIRI_TRY, COIR_NEVER);
}

int coir_wait_group_init(coir_wait_group *g)
{
	if (!g)
		return -EINVAL;
	*(group *)g = (group){.count = 0};
	return 0;
}

int coir_wait_group_destroy(coir_wait_group *public)
{
	group *g = (group *)public;
	return g ? coiri_check_idle(&g->latch, &g->queue) : -EINVAL;
}

/* ---- events ---- */

static int event_become(coir_event *public, bool happened)
{
	coiri_worker *w;
	event *e = (event *)public;
	if (!e)
		return -EINVAL;
	if (!coiri_come_in(&w))
		return -EPERM;
	coiri_latch_acquire(&e->latch);
	e->happened = happened;
	return let_go(w, &e->queue, &e->latch, happened);
}

int coir_event_set(coir_event *e)
{
	return event_become(e, true);
}

int coir_event_reset(coir_event *e)
{
	return event_become(e, false);
}

static bool has_happened(const void *object)
{
	return ((const event *)object)->happened;
}

static int event_wait(coir_event *public, coiri_mode mode, coir_time deadline)
{
	event *e = (event *)public;
	if (!e)
		return -EINVAL;
	return wait_for((coiri_place){&e->queue, &e->latch, e, COIRI_WAIT_EVENT, mode, NULL, deadline}, has_happened);
}

int coir_event_wait(coir_event *e)
{
	return event_wait(e, COIRI_UNTIL, COIR_NEVER);
}

int coir_event_wait_until(coir_event *e, coir_time deadline)
{
	return event_wait(e, COIRI_UNTIL, deadline);
}

int coir_event_try_wait(coir_event *e)
{
	return event_wait(e, COIRI_TRY, COIR_NEVER);
}

int coir_event_init(coir_event *e)
{
	if (!e)
		return -EINVAL;
	*(event *)e = (event){.happened = 0};
	return 0;
}

int coir_event_destroy(coir_event *public)
{
	event *e = (event *)public;
	return e ? coiri_check_idle(&e->latch, &e->queue) : -EINVAL;
}
