/* SPDX-License-Identifier: MIT */
#include "sched/inline.h"
#include "sched/local.h"
#include "sched/spawn.h"

#include <errno.h>

static COIRI_NOINLINE void clear_below(coiri_cold *cold)
{
	char *low = cold->low + (coiri_stack_canaries ? COIRI_PAGE : 0);
	char *boundary = (char *)((uintptr_t)(coiri_arch_sp() - COIRI_PAGE) & ~(uintptr_t)(COIRI_PAGE - 1));
	coiri_stack_clear_pages(low, boundary);
}

/* A pair of the C++ runtime's globals. */
typedef struct exceptions {
	void *word[2];
} exceptions;

static exceptions take_exceptions(coiri_worker *w)
{
	exceptions saved = {{NULL, NULL}};
	if (unlikely(w->exceptions != NULL)) {
		saved = (exceptions){{w->exceptions[0], w->exceptions[1]}};
		w->exceptions[0] = w->exceptions[1] = NULL;
	}
	return saved;
}

static void put_exceptions(coiri_worker *w, exceptions saved)
{
	if (unlikely(w->exceptions != NULL)) {
		w->exceptions[0] = saved.word[0];
		w->exceptions[1] = saved.word[1];
	}
}

/* Calls f on the joiner's stack. Returns the worker on which it ended, or NULL in a forked child. */
COIRI_INLINE coiri_worker *call_inline(coiri_worker *w, coiri_fiber *me, coiri_fiber *f, coiri_cold *cold,
				       intptr_t *result)
{
	coiri_fp words;
	coiri_tasks_promote(w); /* what lies there belongs to the fiber that runs */
	coiri_cold_begin(cold, NULL, me->cold->low, me->cold->high, me);
	coiri_cold_give(cold, f);
	f->sp = cold; /* started: the first switch away sets the real one */
	coiri_fp_enter(&words);
	w->current = f;
	coiri_san_publish(w);
	coiri_san_nest(&me->cold->san, &cold->san);
	coiri_san_receive(&f->fn);

	*result = coiri_arch_call_entry(f->fn, f->arg);

	w = coiri_here();
	if (unlikely(!w))
		return NULL;
	if (unlikely(coiri_has_open_tasks(w, cold)))
		coiri_tasks_unjoined();
	if (unlikely(coiri_has_end_work(cold))) {
		coiri_end_work(cold, *result);
		w = coiri_here();
		if (unlikely(!w))
			return NULL;
	}
	coiri_san_unnest(&me->cold->san, &cold->san);
	coiri_fp_leave(&words);
	w->current = me;
	at_count(&w->count.inlined, 1);
	return w;
}

int coiri_join_inline(coiri_worker *w, coiri_fiber *me, coiri_fiber *f, intptr_t *out)
{
	coiri_cold cold;
	intptr_t result;
	w = call_inline(w, me, f, &cold, &result);
	if (unlikely(!w)) /* this thread is all there is, and the fiber its only one: let it go on as its joiner */
		return -EPERM;
	coiri_fiber_free(w, f);
	if (out)
		*out = result;
	return 0;
}

/* The same for a program with C++ exceptions, or with stacks that are to be wiped. */
int coiri_join_inline_special(coiri_worker *w, coiri_fiber *me, coiri_fiber *f, intptr_t *out)
{
	coiri_cold cold;
	intptr_t result;
	exceptions saved = take_exceptions(w);
	w = call_inline(w, me, f, &cold, &result);
	if (unlikely(!w))
		return -EPERM;
	put_exceptions(w, saved);
	if (w->rt->wipe) {
		clear_below(&cold);
		coiri_arch_wipe_below(coiri_arch_sp() - 2 * (size_t)COIRI_PAGE);
	}
	coiri_fiber_free(w, f);
	if (out)
		*out = result;
	return 0;
}

bool coiri_run_inside(coiri_worker *w, const void *home)
{
	coiri_fiber *me = w->current, *f = coiri_next_peek(&w->next);
	if (!f)
		f = coiri_deque_pop(&w->deque);
	else if (!coiri_next_swap(&w->next, f, NULL))
		return false;
	if (!f)
		return false;
	if (!coiri_is_new(f)) { /* it was woken */
		coiri_put_next(w, f);
		return false;
	}
	/* A task has the scope of its owner, but it is the owner's to join. */
	if (f->cold != home || coiri_is_task(f) || !coiri_may_inline(w, me, f)) {
		coiri_ready_new(w, f); /* back */
		return false;
	}
	w->tick--;
	return coiri_run_inline(w, me, f, NULL) == 0;
}
