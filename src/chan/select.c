/* SPDX-License-Identifier: MIT
 *
 * chan/select.c - select: one of several operations, whichever can be done first.
 *
 * First each operation is tried, in random order, one latch at a time. If none can be done, the caller begins one open
 * wait (wait.h), copies of whose waiter stand in line at every channel: whoever wins the wait at one of them does that
 * case. No two latches are held together, so there is no order of locks to keep.
 *
 * What can happen while it is still lining up: another side wins at a channel where it stands already; or a channel has
 * become ready since it was tried. Then, before that case is done, the caller must win its own wait, so that no other
 * case can be done too. If it finds nothing to match after all (the other side was a select that went another way), it
 * starts again. Its own waiters lose against that win, so a select never serves itself.
 *
 * The end: the winner copies the element, strikes the waiter's latch out and says which case was taken: the last thing
 * he does to the choice. So the caller does not come back to that channel, which may be gone by now. All other channels
 * it visits, to leave their lines; until then they are not idle, and nobody can destroy them.
 *
 * Rejected: all latches at once, sorted by address, as Go has it (one holder that is preempted stops all the channels).
 */
#include "base/spin.h"
#include "chan/chan.h"
#include <coir/select.h>

#include <limits.h>
#include <stdlib.h>

#define ON_STACK 16 /* so many cases need no memory */

/* Neither an index nor an error. */
enum {
	NONE = INT_MIN, /* no case */
	AGAIN,          /* nothing was done */
	LINED,          /* the wait goes on, or was won by another side */
};

/* On the caller's stack, or allocated. */
typedef struct choice {
	coir_case *cases;
	unsigned enabled;        /* operations, one waiter each, in the order in which they are tried */
	int otherwise;           /* the default case, or NONE */
	int timeout;             /* the timeout case that comes first; NONE: the call's own deadline does */
	coir_time deadline;      /* of that */
	coiri_atomic(int) taken; /* by the winner; NONE: not yet */
	coiri_waiter waiter[];   /* index: the case; latch: NULL: stands in no line; object: the choice */
} choice;

/* ---- reading the cases ---- */

static void add_operation(choice *c, unsigned index)
{
	coiri_waiter *waiter = &c->waiter[c->enabled++];
	waiter->index = (int)index;
	waiter->latch = NULL;
}

static int read_case(choice *c, unsigned index)
{
	const coir_case *k = &c->cases[index];
	switch (k->kind) {
	case COIR_CASE_NONE:
		return 0;
	case COIR_CASE_SEND:
	case COIR_CASE_RECV:
		if (!k->chan)
			return 0;
		add_operation(c, index);
		return coiri_chan_fits(k->chan, k->elem) ? 0 : -EINVAL;
	case COIR_CASE_TIMEOUT:
		if (k->deadline < c->deadline || (k->deadline == c->deadline && c->timeout == NONE)) {
			c->deadline = k->deadline;
			c->timeout = (int)index;
		}
		return 0;
	case COIR_CASE_DEFAULT:
		c->otherwise = (int)index;
		return 0;
	}
	return -EINVAL;
}

static int read_cases(choice *c, coir_case *cases, unsigned count, coir_time deadline)
{
	c->cases = cases;
	c->enabled = 0;
	c->otherwise = c->timeout = NONE;
	c->deadline = deadline;
	at_init(&c->taken, NONE);
	for (unsigned i = 0; i < count; i++) {
		int r = read_case(c, i);
		if (r)
			return r;
	}
	return 0;
}

COIRI_INLINE coiri_way way_of(const coir_case *k)
{
	return k->kind == COIR_CASE_SEND ? COIRI_SEND : COIRI_RECV;
}

static int take(choice *c, int index, int result)
{
	c->cases[index].err = result;
	return index;
}

static int time_is_up(choice *c)
{
	return c->timeout == NONE ? -ETIMEDOUT : take(c, c->timeout, 0);
}

/* ---- at once ---- */

static uint32_t chance_below(coiri_worker *w, uint32_t limit)
{
	static coiri_atomic(uint64_t) calls; /* by plain threads */
	if (w)
		return coiri_rand_below(&w->rand, limit);
	coiri_rand r;
	coiri_rand_seed(&r, at_add_relaxed(&calls, 1) + 1);
	coiri_rand_next(&r);
	return coiri_rand_below(&r, limit);
}

static void shuffle(coiri_worker *w, choice *c)
{
	for (unsigned i = c->enabled; i > 1; i--) {
		coiri_waiter *a = &c->waiter[i - 1], *b = &c->waiter[chance_below(w, i)];
		int index = a->index;
		a->index = b->index;
		b->index = index;
	}
}

/* The case that could be done and was, or NONE. */
static int poll_operations(coiri_worker *w, choice *c)
{
	shuffle(w, c);
	for (unsigned i = 0; i < c->enabled; i++) {
		int index = c->waiter[i].index;
		coir_case *k = &c->cases[index];
		coiri_latch *latch = &k->chan->latch;
		coiri_won won;
		coiri_latch_acquire_as(latch, coiri_who(w));
		int r = coiri_match(k->chan, way_of(k), k->elem, &won);
		coiri_latch_release(latch);
		if (won.won)
			coiri_wake(w, won);
		if (r != -EAGAIN)
			return take(c, index, r);
	}
	return NONE;
}

/* The same, and the cases that are no operations. */
static int poll_cases(coiri_worker *w, choice *c)
{
	int index = poll_operations(w, c);
	if (index == NONE && c->otherwise != NONE)
		return take(c, c->otherwise, 0);
	if (index == NONE && c->deadline != COIR_NEVER && c->deadline <= coiri_time())
		return time_is_up(c);
	return index;
}

/* ---- standing in line ---- */

void coiri_select_tell(coiri_waiter *waiter)
{
	choice *c = (choice *)waiter->object;
	waiter->latch = NULL;
	at_store_release(&c->taken, waiter->index); /* pairs with the acquire in who_took */
}

/* Is there anything for the operation to match, but the caller itself? Under the latch. */
static bool is_ready(coir_chan *ch, coiri_way way, const coiri_waiter *own)
{
	if (ch->closed || (way == COIRI_SEND ? ch->count < ch->cap : ch->count > 0))
		return true;
	coiri_waiter *other = coiri_queue_first(way == COIRI_SEND ? &ch->receivers : &ch->senders);
	while (other && other->ticket == own->ticket && other->fiber == own->fiber &&
	       (own->fiber || other->thread == own->thread))
		other = other->next;
	return other;
}

/* The operation can be done after all. Under the latch, which is released. */
static int take_now(coiri_worker *w, choice *c, int index, coiri_waiter *own)
{
	coir_case *k = &c->cases[index];
	coiri_latch *latch = &k->chan->latch;
	coiri_won won = {false, NULL, NULL};
	bool mine = coiri_win(own, 0).won;
	int r = mine ? coiri_match(k->chan, way_of(k), k->elem, &won) : LINED;
	coiri_latch_release(latch);
	if (won.won)
		coiri_wake(w, won);
	if (!mine)
		return LINED;
	return r == -EAGAIN ? AGAIN : take(c, index, r);
}

/* Puts a copy of the caller's waiter into each line: LINED. Or else AGAIN, or the case that was done instead. */
static int line_up(coiri_worker *w, choice *c, coiri_waiter *own)
{
	for (unsigned i = 0; i < c->enabled; i++) {
		coiri_waiter *waiter = &c->waiter[i];
		int index = waiter->index;
		coir_case *k = &c->cases[index];
		coir_chan *ch = k->chan;
		coiri_latch_acquire_as(&ch->latch, coiri_who(w));
		if (is_ready(ch, way_of(k), own))
			return take_now(w, c, index, own);
		*waiter = *own;
		waiter->index = index;
		waiter->object = c;
		waiter->latch = &ch->latch;
		coiri_chan_line_up(ch, way_of(k), k->elem, waiter);
		coiri_latch_release(&ch->latch);
	}
	return LINED;
}

static void leave_lines(choice *c)
{
	for (unsigned i = 0; i < c->enabled; i++) {
		coiri_latch *latch = c->waiter[i].latch;
		if (!latch)
			continue;
		coiri_latch_acquire(latch);
		coiri_queue_remove(&c->waiter[i]);
		coiri_latch_release(latch);
		c->waiter[i].latch = NULL;
	}
}

/* The wait was won for an operation. The winner may still be about to say which. */
static int who_took(choice *c)
{
	int taken;
	/* acquire: pairs with the release in coiri_select_tell */
	for (unsigned i = 0; (taken = at_load_acquire(&c->taken)) == NONE; i++)
		coiri_spin_wait(i);
	return taken;
}

/* The wait has ended with this result. */
static int end(choice *c, int result)
{
	if (result == -ETIMEDOUT)
		return time_is_up(c);
	if (result != 0 && result != -EPIPE)
		return result;
	return take(c, who_took(c), result);
}

static int wait_in_fiber(coiri_worker *w, choice *c)
{
	coiri_timeout timeout;
	coiri_waiter *own = coiri_own_waiter(w);
	coiri_wait_begin(w, own, COIRI_WAIT_SELECT, c->cases, COIRI_CANCELLABLE | COIRI_OPEN);
	coiri_timeout_start(w, &timeout, c->deadline);
	int r = line_up(w, c, own);
	if (r == LINED)
		r = end(c, coiri_wait_open(w, &timeout));
	else
		coiri_timeout_stop(&timeout);
	leave_lines(c);
	return r;
}

static int select_in_fiber(coiri_worker *w, choice *c)
{
	for (;;) {
		int r = poll_cases(w, c);
		if (r != NONE) {
			coiri_step_in_place(w);
			return r;
		}
		r = wait_in_fiber(w, c);
		if (r != AGAIN)
			return r;
		w = coiri_here();
	}
}

/* The caller has entered, and has left after it. */
static int select_outside(choice *c)
{
	for (;;) {
		int r = poll_cases(NULL, c);
		if (r == NONE) {
			coiri_thread thread;
			coiri_waiter own;
			coiri_thread_begin(&thread, &own, COIRI_WAIT_SELECT, c->cases);
			r = line_up(NULL, c, &own);
			if (r == LINED)
				return end(c, coiri_thread_wait(&thread, c->waiter, c->enabled, c->deadline));
			coiri_thread_end(&thread);
			leave_lines(c);
		}
		if (r != AGAIN) {
			coiri_exit();
			return r;
		}
	}
}

/* ---- the calls ---- */

/* A choice of so many cases: `room` if it is large enough. */
static choice *find_room(choice *room, size_t count)
{
	if (count <= ON_STACK)
		return room;
	int saved = errno;
	choice *c = malloc(sizeof(choice) + count * sizeof(coiri_waiter));
	errno = saved;
	return c;
}

static int select_now(choice *c)
{
	coiri_worker *w;
	if (!coiri_come_in(&w))
		return -EPERM;
	int r = poll_cases(w, c);
	if (w)
		coiri_step_in_place(w);
	else
		coiri_exit();
	return r == NONE ? -EAGAIN : r;
}

static int select_in_time(choice *c)
{
	coiri_worker *w = coiri_here();
	if (c->enabled == 0 && c->otherwise == NONE && c->deadline == COIR_NEVER)
		return -EINVAL;
	if (!w)
		return coiri_enter() ? select_outside(c) : -EPERM;
	return coiri_cancelled(w->current) ? -ECANCELED : select_in_fiber(w, c);
}

static int choose(coir_case *cases, size_t n, coir_time deadline, int (*select)(choice *c))
{
	union {
		choice c;
		char bytes[sizeof(choice) + ON_STACK * sizeof(coiri_waiter)];
	} room;
	if ((!cases && n > 0) || n > INT_MAX)
		return -EINVAL;
	choice *c = find_room(&room.c, n);
	if (!c)
		return -ENOMEM;
	int r = read_cases(c, cases, (unsigned)n, deadline);
	if (r == 0)
		r = select(c);
	if (c != &room.c)
		free(c);
	return r;
}

int coir_select(coir_case *cases, size_t n, coir_time deadline)
{
	return choose(cases, n, deadline, select_in_time);
}

int coir_try_select(coir_case *cases, size_t n)
{
	return choose(cases, n, COIR_NEVER, select_now);
}
