/* SPDX-License-Identifier: MIT
 *
 * task/range.c - a range of iterations that is split on demand.
 *
 * A strand works through its range chunk by chunk. Before each it looks whether its worker's stack of tasks is empty:
 * then whatever lay there was taken by a thief, or made into a fiber because the strand had to wait, and there may be
 * more demand. So it forks the upper half of what remains (a piece), goes on with the lower half, and joins. If the join
 * gives the piece back, because nobody wanted it, the strand goes on in the same frame and the same accumulator, as if
 * nothing had been; else it waits for the piece, and combines. So frames, forks and accumulators are as many as there
 * were thefts, not as many as there are iterations: at most one for each halving at a time.
 *
 * A non-empty stack may hold a task of an outer loop; that is larger, and a thief should have it first.
 *
 * The size of an automatic chunk is the strand's own, and begins anew with 1 in a piece that was taken: there the
 * iterations may cost something else. It doubles, so it never exceeds by much what was already seen; where chunks last
 * too long it shrinks at once. And it is at most a quarter of what remains (or a few), because a range whose end is
 * dearer than its beginning would else have that end in one chunk, which nobody can take a part of.
 *
 * Rejected: splitting beforehand into some pieces for each worker (knows nothing of cost and load); splitting on each
 * level down to a grain (forks for each grain, and needs a grain to be known).
 */
#include "task/range.h"
#include "base/clock.h"
#include "sched/wait.h"

#include <stdlib.h>
#include <string.h>

#define SHORT 1000 /* ns that an automatic chunk should last, */
#define LONG  4000 /* and at most */
#define FEW   16   /* iterations: a chunk of so many needs not be a quarter of what remains */
#define SMALL 64   /* bytes: an accumulator that lies in the frame */

typedef struct range {
	const coir_reduction *what;
	uint64_t grain;          /* 0: automatic */
	coiri_atomic(int) error; /* the first one: nothing more is handed out */
} range;

typedef struct strand {
	range *all;
	void *acc;
	uint64_t chunk;
	int64_t clock; /* when the last chunk ended, if automatic */
} strand;

/* The upper half of a strand's range, in the frame of its fork. */
typedef struct piece {
	coir_task task;
	range *all;
	int64_t lo, hi;
	void *acc;
	COIRI_LINE_ALIGNED char small[SMALL]; /* a line of its own: another worker writes it */
} piece;

static uint64_t length(int64_t lo, int64_t hi)
{
	return (uint64_t)hi - (uint64_t)lo;
}

static int64_t ahead(int64_t lo, uint64_t n)
{
	return (int64_t)((uint64_t)lo + n);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void begin_strand(strand *s)
{
	s->chunk = s->all->grain ? s->all->grain : 1;
	s->clock = s->all->grain ? 0 : coiri_now();
}

/* relaxed: says nothing of other memory; who returns the error has joined everybody. */
static void fail(range *all, int error)
{
	int none = 0;
	at_cas_relaxed(&all->error, &none, error);
}

static bool is_over(range *all)
{
	coiri_worker *w = coiri_here();
	if (w && coiri_cancelled(w->current))
		fail(all, -ECANCELED);
	return at_load_relaxed(&all->error) != 0;
}

/* An automatic chunk of n iterations has ended. */
static void pace(strand *s, uint64_t n)
{
	int64_t now = coiri_now(), took = now - s->clock;
	s->clock = now;
	if (took < SHORT) {
		if (n == s->chunk && s->chunk <= UINT64_MAX / 2)
			s->chunk *= 2;
		return;
	}
	if (took > LONG)
		s->chunk = n;
	for (; took > LONG && s->chunk > 1; took /= 2)
		s->chunk /= 2;
}

static int64_t do_chunk(strand *s, int64_t lo, uint64_t rest)
{
	const coir_reduction *what = s->all->what;
	uint64_t n = least(s->chunk, rest);
	if (!s->all->grain && n > FEW)
		n = least(n, rest / 4 > FEW ? rest / 4 : FEW);
	int64_t hi = ahead(lo, n);
	int r = what->body(lo, hi, s->acc, what->arg);
	if (unlikely(r < 0))
		fail(s->all, r);
	if (!s->all->grain)
		pace(s, n);
	return hi;
}

/* The lower half of what remains: of whole grains. */
static uint64_t lower(const strand *s, uint64_t rest)
{
	uint64_t unit = s->all->grain ? s->all->grain : 1, units = rest / unit + (rest % unit != 0);
	return (units - units / 2) * unit;
}

static bool is_wanted(const strand *s, uint64_t rest)
{
	coiri_worker *w = coiri_here();
	if (w)
		coiri_tasks_grant(&w->forked); /* there are no forks while something lies there */
	return rest > s->chunk && w && !coiri_tasks_open(&w->forked);
}

static void work(strand *s, int64_t lo, int64_t hi);

static void run_piece(coir_task *task)
{
	piece *p = coiri_container_of(task, piece, task);
	strand s = {.all = p->all, .acc = p->acc};
	begin_strand(&s);
	if (p->acc)
		memcpy(p->acc, p->all->what->identity, p->all->what->size);
	work(&s, p->lo, p->hi);
}

/* Nobody has taken it. */
static bool is_ours(piece *p)
{
	return coir_task_join(&p->task);
}

/* Offers [mid, hi) and works on [lo, mid). Returns where to go on: hi, somebody has done the rest; mid; or lo, there was
 * no memory. */
static COIRI_NOINLINE int64_t split(strand *s, int64_t lo, int64_t mid, int64_t hi)
{
	const coir_reduction *what = s->all->what;
	piece p = {.all = s->all, .lo = mid, .hi = hi};
	if (what->size > 0) {
		p.acc = what->size <= SMALL ? p.small : malloc(what->size);
		if (!p.acc)
			return lo;
	}
	coir_task_fork(&p.task, run_piece);
	work(s, lo, mid);
	bool ours = is_ours(&p);
	if (!ours && what->size > 0)
		what->combine(s->acc, p.acc, what->arg);
	if (p.acc != p.small)
		free(p.acc);
	if (!ours && !s->all->grain)
		s->clock = coiri_now(); /* the strand has waited */
	return ours ? mid : hi;
}

static void work(strand *s, int64_t lo, int64_t hi)
{
	while (lo != hi && !is_over(s->all)) {
		uint64_t rest = length(lo, hi);
		int64_t next = lo;
		if (is_wanted(s, rest))
			next = split(s, lo, ahead(lo, lower(s, rest)), hi);
		lo = next != lo ? next : do_chunk(s, lo, rest);
	}
}

int coiri_range_run(int64_t begin, int64_t end, int64_t grain, const coir_reduction *reduction, void *acc)
{
	/* A plain thread shares with nobody: the chunks need not be small. */
	if (!coiri_here() && grain == 0) {
		int r = begin != end ? reduction->body(begin, end, acc, reduction->arg) : 0;
		return r < 0 ? r : 0;
	}
	range all = {.what = reduction, .grain = (uint64_t)grain};
	strand s = {.all = &all, .acc = acc};
	begin_strand(&s);
	work(&s, begin, end);
	return at_load_relaxed(&all.error);
}
