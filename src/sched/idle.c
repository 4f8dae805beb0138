/* SPDX-License-Identifier: MIT */
#include "base/fault.h"
#include "sched/sched.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const coiri_policy *const policy = &coiri_the_policy;

/* Under the lock, after every change of what it is made from. */
static void update_hint(coiri_idle *idle)
{
	at_store_relaxed(&idle->hint, coiri_crowd_hint(policy, &idle->crowd, idle->watcher != NULL));
}

static void take_out(coiri_idle *idle, coiri_worker *w)
{
	coiri_worker **link = &idle->sleepers;
	while (*link != w)
		link = &(*link)->idle.next;
	*link = w->idle.next;
	idle->crowd.asleep--;
	idle->crowd.drowsy -= w->idle.drowsy;
	if (idle->watcher == w)
		idle->watcher = NULL;
}

static void count_wake(coiri_worker *w, coiri_worker *target)
{
	/* Only a worker's own thread writes its counters; a wake from outside counts for the woken, which is about to
	 * be. */
	coiri_worker *counts = w ? w : target;
	at_add_relaxed(&counts->count.wakes, 1);
}

/* Under the lock: target will search, and is told so after the unlock. */
static void mark_woken(coiri_idle *idle, coiri_worker *target)
{
	take_out(idle, target);
	idle->crowd.searching++;
	update_hint(idle);
	/* release: pairs with the acquire in coiri_idle_sleep */
	at_store_release(&target->idle.asleep, 0);
}

bool coiri_idle_search(coiri_worker *w)
{
	coiri_idle *idle = &w->rt->idle;
	if (w->searching)
		return true;
	coiri_lock_acquire(&idle->lock);
	if (coiri_crowd_may_search(policy, &idle->crowd)) {
		idle->crowd.searching++;
		w->searching = true;
		update_hint(idle);
	}
	coiri_lock_release(&idle->lock);
	return w->searching;
}

/* Is anything runnable that nobody runs, as far as can be seen from here? Or a timer of a worker that runs, which may be
 * busy with something long when that is due? (One that sleeps has set its own alarm.) */
static bool work_in_sight(coiri_runtime *rt)
{
	if (!coiri_inject_is_empty(&rt->inject))
		return true;
	for (unsigned i = 0; i < rt->count; i++) {
		coiri_worker *v = &rt->workers[i];
		if (coiri_next_peek(&v->next) || coiri_deque_size(&v->deque) > 0 || coiri_ring_size(&v->ring) > 0 ||
		    coiri_tasks_any(&v->forked))
			return true;
		if (at_load_relaxed(&v->timers.next) != COIRI_NO_TIME && at_load_relaxed(&v->idle.asleep) == 0)
			return true;
	}
	return false;
}

void coiri_idle_found(coiri_worker *w)
{
	coiri_idle *idle = &w->rt->idle;
	w->idle.limit = policy->watch_min;
	if (!w->searching)
		return;
	coiri_lock_acquire(&idle->lock);
	w->searching = false;
	idle->crowd.searching--;
	update_hint(idle);
	bool unwatched = coiri_crowd_is_unwatched(&idle->crowd, idle->watcher != NULL);
	coiri_lock_release(&idle->lock);
	if (!unwatched)
		return;
	coiri_heavy_fence(); /* pairs with the makers of work: see idle.h */
	if (work_in_sight(w->rt))
		coiri_idle_wake_one(idle, w);
}

/* Are there threads that coir did not make, beside the one that waits in coir_run? Without malloc: it is asked when
 * memory has run out. */
static bool has_strangers(const coiri_runtime *rt)
{
	char text[2048] = "";
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	const char *line = n > 0 ? strstr(text, "\nThreads:") : NULL;
	return !line || strtoul(line + sizeof "\nThreads:" - 1, NULL, 10) > rt->count + 1;
}

/* Fibers wait for stacks, and nobody is left who could free one: not a hang, but the end. */
static void check_starved(coiri_worker *w, unsigned awake)
{
	if (awake == 0 && w->rt->owned_by_run && !coiri_inject_is_empty(&w->rt->starved) && !has_strangers(w->rt))
		coiri_panic(__func__, "every fiber waits, and %llu can't start for want of a stack (see above)",
			    (unsigned long long)at_load_relaxed(&w->rt->starved.count));
}

/* True if w was put to bed; *limit is set if it is for a limited time. */
static bool go_to_bed(coiri_worker *w, int64_t *limit)
{
	coiri_idle *idle = &w->rt->idle;
	coiri_lock_acquire(&idle->lock);
	if (w->searching) {
		w->searching = false;
		idle->crowd.searching--;
	}
	bool sleeps = !idle->stopping;
	unsigned awake = idle->crowd.count - idle->crowd.asleep - 1;
	if (sleeps) {
		if (coiri_crowd_wants_watcher(&idle->crowd, idle->watcher != NULL)) {
			idle->watcher = w;
			*limit = coiri_watch_limit(policy, &w->thief, w->idle.limit);
		}
		w->idle.next = idle->sleepers;
		idle->sleepers = w;
		idle->crowd.asleep++;
		idle->crowd.drowsy += w->idle.drowsy = coiri_is_drowsy(w);
		w->idle.spare = w->stacks.hot != NULL;
		at_store_relaxed(&w->idle.asleep, 1);
	}
	update_hint(idle);
	coiri_lock_release(&idle->lock);
	if (sleeps)
		check_starved(w, awake);
	return sleeps;
}

static bool get_up(coiri_worker *w)
{
	coiri_idle *idle = &w->rt->idle;
	coiri_lock_acquire(&idle->lock);
	/* acquire: pairs with the release in mark_woken */
	bool told = at_load_acquire(&w->idle.asleep) == 0;
	if (told) {
		w->searching = true; /* the waker counted us */
	} else {
		take_out(idle, w);
		at_store_relaxed(&w->idle.asleep, 0);
		update_hint(idle);
	}
	coiri_lock_release(&idle->lock);
	return told;
}

bool coiri_idle_sleep(coiri_worker *w)
{
	int64_t limit = -1;
	if (!go_to_bed(w, &limit))
		return true;
	at_fence_seq_cst(); /* pairs with the fences of ready.c: see idle.h */
	if (coiri_deque_is_settled_empty(&w->deque) && coiri_inject_is_empty(&w->rt->inject) &&
	    !at_load_relaxed(&w->inbox) && !(w->idle.spare && !coiri_inject_is_empty(&w->rt->starved))) {
		at_count(&w->count.sleeps, 1);
		if (limit > 0)
			at_count(&w->count.timed_sleeps, 1);
		int64_t timer = coiri_timers_sleep(&w->timers);
		bool watches = limit > 0 && (timer < 0 || limit < timer);
		int r = timer == 0 ? 0 : coiri_futex_wait(&w->idle.asleep, 1, watches ? limit : timer);
		if (r == -ETIMEDOUT && watches)
			w->idle.limit = coiri_watch_longer(policy, w->idle.limit);
	}
	return get_up(w);
}

int coiri_idle_wake_one(coiri_idle *idle, coiri_worker *w)
{
	coiri_lock_acquire(&idle->lock);
	coiri_worker *target = idle->sleepers;
	if (target && target == idle->watcher && target->idle.next)
		target = target->idle.next; /* leave the watcher its watch */
	if (!coiri_crowd_may_wake(policy, &idle->crowd))
		target = NULL;
	if (target)
		mark_woken(idle, target);
	coiri_lock_release(&idle->lock);
	if (target) {
		count_wake(w, target);
		coiri_futex_wake(&target->idle.asleep, 1);
	}
	return 0;
}

void coiri_idle_wake(coiri_idle *idle, coiri_worker *target, coiri_worker *w)
{
	if (at_load_relaxed(&target->idle.asleep) == 0)
		return;
	coiri_lock_acquire(&idle->lock);
	bool asleep = at_load_relaxed(&target->idle.asleep) != 0;
	if (asleep)
		mark_woken(idle, target);
	coiri_lock_release(&idle->lock);
	if (asleep) {
		count_wake(w, target);
		coiri_futex_wake(&target->idle.asleep, 1);
	}
}

/* Under the lock a sleeper either is found here or will see, when it has it, what waits (coiri_idle_sleep). */
void coiri_idle_wake_spare(coiri_idle *idle, coiri_worker *w)
{
	coiri_lock_acquire(&idle->lock);
	coiri_worker *target = idle->sleepers;
	while (target && !target->idle.spare)
		target = target->idle.next;
	if (target)
		mark_woken(idle, target);
	coiri_lock_release(&idle->lock);
	if (target) {
		count_wake(w, target);
		coiri_futex_wake(&target->idle.asleep, 1);
	}
}

void coiri_idle_stop(coiri_idle *idle)
{
	coiri_lock_acquire(&idle->lock);
	idle->stopping = true;
	while (idle->sleepers) {
		coiri_worker *target = idle->sleepers;
		mark_woken(idle, target);
		coiri_futex_wake(&target->idle.asleep, 1);
	}
	coiri_lock_release(&idle->lock);
}
