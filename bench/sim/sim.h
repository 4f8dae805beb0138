/* SPDX-License-Identifier: MIT
 *
 * sim.h - the simulated scheduler: discrete events in virtual time.
 *
 * Each worker has one next event, at w->at, and is in one state until then. An event is handled at one instant: it
 * looks at the world, changes it, and says how long what comes next takes. So what a worker makes can be seen by others
 * from the moment at which the work before it is over, and what it sees is never older than the time of one look.
 *
 *   RUN      runs a fiber: at its next step             run.c
 *   OUT      has nothing left                           search.c
 *   TRY      is about to search, if it may              search.c
 *   LOOK     is between two looks at victims            search.c
 *   ASKED    waits for an owner's answer                search.c, theft.c
 *   LOOT     what it has stolen is about to arrive      theft.c, search.c
 *   ASLEEP   until woken, or its time is up             crowd.c
 *
 * What is decided comes from sched/policy.c and topo/topo.c, how it is carried out is modelled here. Time is in ps.
 * Every ps of every worker is counted as one of the categories below; the sum is checked.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "graph.h"
#include "settings.h"

typedef int64_t ps;

#define NEVER      INT64_MAX
#define NS         INT64_C(1000)
#define LOOT_MOST  1024
#define CLOCK_BASE INT64_C(1000000) /* ns: what the policy's clock shows at the start, as 0 means "never" there */

enum state { RUN, OUT, TRY, LOOK, ASKED, LOOT, ASLEEP };
enum category { WORK, OVERHEAD, SEARCHING, SLEEPING, CATEGORIES };

struct fiber;

/* A forked task. It lies in a deque until somebody begins it. */
struct task {
	struct frame root;
	struct fiber *joiner;                /* parked until it ends */
	ps settled;                          /* a thief holds the deque's lock until then */
	bool queued, begun, done, forgotten; /* in a deque; by a thief, or claimed; joined, but still in a deque */
	struct task *next;                   /* of the free ones */
};

struct fiber {
	struct task *task; /* NULL: the root's */
	struct frame *frame;
	struct task **forked; /* by all frames, oldest first */
	unsigned frames, frame_room, forks, fork_room;
	struct fiber *next; /* of the free ones */
};

/* The newest is at bottom - 1. version: changes with it. */
struct deque {
	struct task **slot;
	unsigned top, bottom, room;
	uint32_t version;
	ps locked; /* until then, by a thief */
};

struct tour {
	coiri_tour nearest;
	unsigned n;             /* victims so far, */
	unsigned level, looks;  /* and of this level */
	unsigned start, stride; /* ORDER_UNIFORM */
};

struct worker {
	unsigned index, heap_at;
	enum state state;
	ps at, since;
	enum category category; /* of the time from since to at, but for */
	ps overhead;            /* so much of it, the first */
	ps late;                /* interrupts since then */
	ps cold;                /* thieves' looks have taken the deque's line away: paid at its next use */
	struct fiber *fiber;
	struct deque deque;
	coiri_rand rand;
	coiri_thief thief;
	unsigned *victims, level_end[COIRI_LEVELS];
	uint8_t *level_of; /* by worker */
	uint32_t *seen;    /* by worker: the version of its deque at the last look */
	/* the search */
	struct tour tour;
	unsigned round;
	ps round_began, end;
	bool searching, told, between_rounds;
	struct worker *victim; /* looked at, or asked */
	struct worker *asker;  /* THEFT_ASK: who asked this one */
	struct task *loot[LOOT_MOST];
	unsigned loot_count;
	ps data; /* what the loot's first steps cost more */
	/* sleep */
	struct worker *below; /* of the sleepers */
	int64_t watch_limit;  /* ns */
	bool drowsy, woken;
	/* what came of it */
	ps spent[CATEGORIES];
	uint64_t steals[COIRI_LEVELS], stolen, looks, hits, wakes, sleeps, watches, fences;
};

struct world {
	const struct settings *s;
	const struct graph *graph;
	ps now;
	unsigned count;
	struct worker *worker, **heap;
	/* the idle state */
	coiri_crowd crowd;
	struct worker *sleepers, *watcher;
	ps lock_free, fence_free;
	struct fiber *free_fibers;
	struct task *free_tasks;
	bool over;
	uint64_t nodes;
	ps work;
	const char *broken; /* an invariant that did not hold */
};

/* ns as ps, rounded */
static inline ps cost(double ns)
{
	return (ps)(ns * 1000 + 0.5);
}

/* What coiri_now would say. */
static inline int64_t clock_now(const struct world *o)
{
	return o->now / NS + CLOCK_BASE;
}

/* ---- world.c ---- */

void world_init(struct world *o, const struct settings *s, const struct graph *g, const coiri_topo *topo);
void world_fini(struct world *o);

/* To the end of the computation. */
void world_run(struct world *o);

/* w goes to a state: first overhead, then `rest` of a category, then its next event. */
void go(struct world *o, struct worker *w, enum state state, ps overhead, enum category category, ps rest);

/* Another worker changes when w's next event is. */
void reschedule(struct world *o, struct worker *w, ps at);

/* ---- tasks.c ---- */

struct task *task_make(struct world *o, const struct frame *root);
void task_free(struct world *o, struct task *t);
struct fiber *fiber_make(struct world *o, struct task *t);
void fiber_free(struct world *o, struct fiber *f);
void fiber_push_frame(struct fiber *f, const struct frame *frame);
void fiber_push_fork(struct fiber *f, struct task *t);
void deque_push(struct deque *q, struct task *t);
/* NULL: empty. Who pops frees what is forgotten. */
struct task *deque_pop_newest(struct deque *q);
struct task *deque_pop_oldest(struct deque *q);

static inline unsigned deque_size(const struct deque *q)
{
	return q->bottom - q->top;
}

void *need(void *memory); /* or the program ends */

/* ---- run.c ---- */

/* RUN: the fiber's next step. */
void run_step(struct world *o, struct worker *w);

/* w has nothing to run: its own deque, else the search. `spent` was overhead before. */
void run_next(struct world *o, struct worker *w, ps spent);

/* ---- order.c ---- */

void tour_begin(struct world *o, struct worker *w);

/* NULL: the round is over. */
struct worker *tour_next(struct world *o, struct worker *w);

/* ---- search.c ---- */

void search_out(struct world *o, struct worker *w);
void search_try(struct world *o, struct worker *w);
void search_look(struct world *o, struct worker *w);
void search_loot(struct world *o, struct worker *w);
void search_woke(struct world *o, struct worker *w);

/* ---- theft.c ---- */

/* w has seen something in its victim's deque. False: it could not get at it. */
bool theft_try(struct world *o, struct worker *w, struct worker *victim);

/* The same without asking. */
bool theft_force(struct world *o, struct worker *w, struct worker *victim);

/* The owner looks whether it was asked, having something. Returns what it costs. */
ps theft_poll(struct world *o, struct worker *w);

/* The owner has nothing: whoever asked goes on. */
void theft_refuse(struct world *o, struct worker *w);

/* A membarrier by w, from now on: when it is over. victim: the only one to be interrupted, or NULL. */
ps theft_fence(struct world *o, struct worker *w, struct worker *victim);

/* ---- crowd.c: who searches, who sleeps, who is woken. Each returns what it costs. ---- */

ps crowd_search(struct world *o, struct worker *w);
ps crowd_found(struct world *o, struct worker *w);
void crowd_sleep(struct world *o, struct worker *w);
ps crowd_got_up(struct world *o, struct worker *w);

/* w has made work: a look at the hint, and what follows. */
ps crowd_notify(struct world *o, struct worker *w);

#endif
