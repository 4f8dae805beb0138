/* SPDX-License-Identifier: MIT
 *
 * sync/once.c - doing something once: new -> running -> done, under the latch; who comes while it runs waits in a queue.
 *
 * `done` is looked at without the latch first, so who finds it may be back before the runner has left: hence a once must
 * not be freed while any call on it goes on. A run by a fiber belongs to a run of the runtime (epoch); if that has
 * ended, the fiber was abandoned, and the state is as good as new.
 */
#include "sync/sync.h"
#include <coir/meet.h>

enum { NEW, RUNNING, DONE };

typedef struct once {
	coiri_queue queue;
	uint64_t owner; /* who runs it: the id of a fiber, shifted by 8; or, odd, a thread */
	uint64_t epoch;
	coiri_latch latch;
	coiri_atomic(uint32_t) state; /* written under the latch */
	uint32_t spare;
} once;

COIRI_SAME_LAYOUT(once, coir_once);

static __thread char this_thread;

static uint64_t caller(coiri_worker *w)
{
	return w ? at_load_relaxed(&w->current->state) & ~(uint64_t)COIRI_FLAGS : (uintptr_t)&this_thread | 1;
}

/* Under the latch: somebody runs it, and is still there. */
static bool is_running(const once *o)
{
	return at_load_relaxed(&o->state) == RUNNING && ((o->owner & 1) || o->epoch == coiri_epoch);
}

/* Under the latch, which it releases. A plain thread that runs it is not inside the runtime meanwhile. */
static int run(coiri_worker *w, once *o, void (*fn)(void *), void *arg)
{
	o->owner = caller(w);
	o->epoch = coiri_epoch;
	at_store_relaxed(&o->state, RUNNING);
	coiri_latch_release(&o->latch);
	coiri_go_out(w, 0);

	fn(arg);

	bool inside = coiri_come_in(&w);
	coiri_wakes wakes = {0};
	coiri_latch_acquire(&o->latch);
	at_store_release(&o->state, DONE); /* pairs with the acquire in run_once */
	if (inside)
		coiri_win_all(&o->queue, 0, &wakes);
	coiri_latch_release(&o->latch);
	if (!inside)
		return 0;
	coiri_wake_won(w, &wakes);
	return coiri_go_out(w, 0);
}

static COIRI_NOINLINE int run_slow(once *o, void (*fn)(void *), void *arg, coiri_mode mode, coir_time deadline)
{
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	coiri_latch_acquire(&o->latch);
	int error = 0;
	if (is_running(o)) {
		coiri_place place = {&o->queue, &o->latch, o, COIRI_WAIT_ONCE, mode, NULL, deadline};
		if (o->owner == caller(w))
			error = -EDEADLK;
		else if (!coiri_too_late(mode, deadline, &error))
			return coiri_wait_at(w, &place);
	} else if (at_load_relaxed(&o->state) != DONE) {
		return run(w, o, fn, arg);
	}
	coiri_latch_release(&o->latch);
	return coiri_go_out(w, error);
}

static int run_once(coir_once *public, void (*fn)(void *), void *arg, coiri_mode mode, coir_time deadline)
{
	once *o = (once *)public;
	if (unlikely(!o) || unlikely(!fn))
		return -EINVAL;
	if (mode == COIRI_UNTIL && coir_cancelled())
		return -ECANCELED;
	if (likely(at_load_acquire(&o->state) == DONE)) /* pairs with the release in run */
		return 0;
	return run_slow(o, fn, arg, mode, deadline);
}

int coir_once_run(coir_once *o, void (*fn)(void *), void *arg)
{
	return run_once(o, fn, arg, COIRI_FIRM, COIR_NEVER);
}

int coir_once_run_until(coir_once *o, void (*fn)(void *), void *arg, coir_time deadline)
{
	return run_once(o, fn, arg, COIRI_UNTIL, deadline);
}

int coir_once_try_run(coir_once *o, void (*fn)(void *), void *arg)
{
	return run_once(o, fn, arg, COIRI_TRY, COIR_NEVER);
}
