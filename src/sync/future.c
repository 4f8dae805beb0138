/* SPDX-License-Identifier: MIT */
#include "sync/future.h"

#include <stdlib.h>

struct coir_promise { /* a name for the writing side of a future */
	struct coir_future future;
};

coir_future *coiri_future_make(void)
{
	coir_future *f = calloc(1, sizeof(coir_promise));
	if (f)
		at_store_relaxed(&f->refs, 1);
	return f;
}

coir_future *coir_future_retain(coir_future *f)
{
	if (f)
		at_add_relaxed(&f->refs, 1);
	return f;
}

void coir_future_release(coir_future *f)
{
	if (f && at_sub_acq_rel(&f->refs, 1) == 1) /* all that others did with it comes before */
		free(f);
}

/* ---- settling ---- */

static void append(coiri_continuation **first, coiri_continuation **last, coiri_continuation *c)
{
	c->next = NULL;
	if (*first)
		(*last)->next = c;
	else
		*first = c;
	*last = c;
}

static void follow_up(coiri_settling *s, const coir_future *f, coiri_continuation *c)
{
	c->error = f->error;
	c->value = f->value;
	append(&s->first, &s->last, c);
}

int coiri_future_settle(coiri_settling *s, coir_future *f, int error, intptr_t value)
{
	coiri_wakes wakes = {0};
	coiri_latch_acquire(&f->latch);
	if (at_load_relaxed(&f->settled)) {
		coiri_latch_release(&f->latch);
		return -EALREADY;
	}
	f->error = error;
	f->value = error ? 0 : value;
	at_store_release(&f->settled, true); /* pairs with the acquire in has_come */
	coiri_win_all(&f->queue, 0, &wakes);
	coiri_continuation *c = f->first, *next;
	f->first = NULL;
	coiri_latch_release(&f->latch);
	for (; c; c = next) {
		next = c->next;
		follow_up(s, f, c);
	}
	coiri_wake_won(s->w, &wakes);
	return 0;
}

void coiri_future_follow(coiri_settling *s, coir_future *f, coiri_continuation *c)
{
	coiri_latch_acquire(&f->latch);
	bool settled = at_load_relaxed(&f->settled);
	if (!settled)
		append(&f->first, &f->last, c);
	coiri_latch_release(&f->latch);
	if (settled)
		follow_up(s, f, c);
}

void coiri_settling_run(coiri_settling *s)
{
	coiri_continuation *c;
	while ((c = s->first) != NULL) {
		s->first = c->next;
		c->run(c, s);
	}
}

/* ---- the promise ---- */

int coir_promise_create(coir_promise **promise, coir_future **future)
{
	if (!promise || !future)
		return -EINVAL;
	coir_future *f = coiri_future_make();
	if (!f)
		return -ENOMEM;
	at_store_relaxed(&f->refs, 2);
	*promise = (coir_promise *)f;
	*future = f;
	return 0;
}

static int settle(coir_promise *p, int error, intptr_t value)
{
	coiri_settling s = {0};
	if (!coiri_come_in(&s.w))
		return -EPERM;
	int r = coiri_future_settle(&s, &p->future, error, value);
	coiri_settling_run(&s);
	return coiri_go_out(s.w, r);
}

int coir_promise_set(coir_promise *p, intptr_t value)
{
	return p ? settle(p, 0, value) : -EINVAL;
}

int coir_promise_fail(coir_promise *p, int error)
{
	return p && error < 0 ? settle(p, error, 0) : -EINVAL;
}

void coir_promise_destroy(coir_promise *p)
{
	if (!p)
		return;
	if (settle(p, -EPIPE, 0) == -EPERM) { /* no runtime: nobody waits */
		coiri_settling s = {0};
		coiri_future_settle(&s, &p->future, -EPIPE, 0);
		coiri_settling_run(&s);
	}
	coir_future_release(&p->future);
}

/* ---- the future ---- */

static bool has_come(coir_future *f)
{
	return at_load_acquire(&f->settled); /* pairs with the release in coiri_future_settle */
}

static int result_of(const coir_future *f, intptr_t *out)
{
	if (!f->error && out)
		*out = f->value;
	return f->error;
}

int coir_future_try_wait(coir_future *f, intptr_t *out)
{
	if (!f)
		return -EINVAL;
	return has_come(f) ? result_of(f, out) : -EAGAIN;
}

/* Under the latch, which it releases. */
static COIRI_NOINLINE int wait_for_it(coiri_worker *w, coir_future *f, intptr_t *out, coir_time deadline)
{
	coiri_place place = {&f->queue, &f->latch, f, COIRI_WAIT_FUTURE, COIRI_UNTIL, NULL, deadline};
	int r = coiri_wait_at(w, &place);
	return r ? r : result_of(f, out);
}

int coir_future_wait_until(coir_future *f, intptr_t *out, coir_time deadline)
{
	coiri_worker *w;
	if (!f)
		return -EINVAL;
	if (!coiri_come_in(&w))
		return -EPERM;
	if (w && coiri_cancelled(w->current))
		return -ECANCELED;
	int r = 0;
	if (!has_come(f)) {
		coiri_latch_acquire(&f->latch);
		if (!at_load_relaxed(&f->settled) && !coiri_too_late(COIRI_UNTIL, deadline, &r))
			return wait_for_it(w, f, out, deadline);
		coiri_latch_release(&f->latch);
	}
	if (!r)
		r = result_of(f, out);
	if (w)
		coiri_step_in_place(w);
	else
		coiri_exit();
	return r;
}

int coir_future_wait(coir_future *f, intptr_t *out)
{
	return coir_future_wait_until(f, out, COIR_NEVER);
}
