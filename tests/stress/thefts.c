/* SPDX-License-Identifier: MIT
 *
 * stress/thefts.c - the two ends of a stack of tasks: a forker that joins what it has just forked, as fast as it can,
 * and thieves that want just that. Law: each task runs exactly once, and before its join returns.
 *
 * The tasks are tiny for their forker, so the bottom is where top and claim are nearly all the time, and worth a theft
 * for a thief, which so comes back at once.
 *
 * Seen to find: no look at the claim in the join, or one before bottom is stored; no heavy fence in the theft; a thief
 * that leaves what it took.
 */
#include "support/stress.h"
#include "support/tasks.h"

enum { MOST = 12, LONG = 3000, RECORDS = 4096, TIGHT = 3000 };

static atomic_long taken;

struct tiny {
	coir_task task;
	int forker; /* its worker at the fork */
	atomic_uint runs;
};

/* Short at home; in a thief, as long as makes the theft worth while. */
static void tiny_run(coir_task *task)
{
	struct tiny *t = (struct tiny *)task;
	bool stolen = coir_worker() != t->forker;
	must_eq(atomic_fetch_add_explicit(&t->runs, 1, memory_order_relaxed), 0);
	if (!stolen)
		return;
	for (int i = 0; i < 3000; i++)
		__asm__ volatile("" : : : "memory");
}

static inline void fork_tiny(struct tiny *t, int here)
{
	t->forker = here;
	atomic_store_explicit(&t->runs, 0, memory_order_relaxed);
	coir_task_fork(&t->task, tiny_run);
}

static inline void join_tiny(struct tiny *t)
{
	if (coir_task_join(&t->task))
		must_eq(atomic_fetch_add_explicit(&t->runs, 1, memory_order_relaxed), 0);
	must_eq(atomic_load_explicit(&t->runs, memory_order_relaxed), 1);
}

struct forker {
	uint64_t dice;
	long rounds;
	struct tiny *ring; /* so that who runs twice, and late, finds a record that nobody has begun anew */
	unsigned next;
	long forked, kept;
};

static struct tiny *some(struct forker *f, unsigned n)
{
	if (f->next + n > RECORDS) {
		for (unsigned i = 0; i < f->next; i++)
			must_eq(atomic_load(&f->ring[i].runs), 1);
		f->next = 0;
	}
	f->next += n;
	return f->ring + f->next - n;
}

/* Fork 1, join 1; fork 2, join 2; ... */
static void up_and_down(struct forker *f)
{
	int here = coir_worker();
	for (unsigned n = 1; n <= MOST; n++) {
		for (unsigned repeat = MOST / n; repeat > 0; repeat--) {
			struct tiny *t = some(f, n);
			for (unsigned i = 0; i < n; i++)
				fork_tiny(&t[i], here);
			for (unsigned i = n; i-- > 0;)
				join_tiny(&t[i]);
			here = coir_worker();
		}
	}
}

/* One fork open below, which may be taken or not, and one after the other above it. */
static void at_the_bottom(struct forker *f)
{
	int here = coir_worker();
	for (unsigned outer = 0; outer < 8; outer++) {
		struct tiny *below = some(f, 9), *above = below + 1;
		fork_tiny(below, here);
		for (unsigned i = 0; i < 8; i++) {
			fork_tiny(&above[i], here);
			if (chance_below(&f->dice, 4) == 0)
				chance_delay(&f->dice, 100);
			join_tiny(&above[i]);
		}
		join_tiny(below);
		here = coir_worker();
	}
}

/* As fast as it goes: nearly all of the forker's time is within a fork or a join, where the ends may meet. Here the
 * sums tell, and the tasks that a fiber must have joined by its end. */
static void counted_run(coir_task *task)
{
	(void)task;
	atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed);
	for (int i = 0; i < 3000; i++)
		__asm__ volatile("" : : : "memory");
}

static void one_by_one(struct forker *f)
{
	coir_task t;
	for (unsigned i = 0; i < TIGHT; i++) {
		coir_task_fork(&t, counted_run);
		f->kept += coir_task_join(&t);
	}
	f->forked += TIGHT;
}

/* Only forks, for long, while others take from the other end; at times a wait, which promotes the rest. */
static void fork_on_and_on(struct forker *f)
{
	int here = coir_worker();
	struct tiny *t = some(f, LONG);
	unsigned n = 1 + chance_below(&f->dice, LONG);
	for (unsigned i = 0; i < LONG; i++)
		atomic_store_explicit(&t[i].runs, 1, memory_order_relaxed);
	for (unsigned i = 0; i < n; i++) {
		fork_tiny(&t[i], here);
		if (chance_below(&f->dice, 2000) == 0) {
			must_ok(coir_yield());
			here = coir_worker();
		}
		if (i > 0 && chance_below(&f->dice, 3) == 0) {
			join_tiny(&t[i--]);
			here = coir_worker();
			n--;
		}
	}
	while (n-- > 0)
		join_tiny(&t[n]);
}

static intptr_t forker_main(void *arg)
{
	struct forker *f = arg;
	for (long i = 0; i < f->rounds; i++) {
		switch (chance_below(&f->dice, 64)) {
		case 0:
			fork_on_and_on(f);
			break;
		case 1:
			must_ok(coir_yield());
			break;
		case 2:
		case 3:
			one_by_one(f);
			break;
		default:
			if (chance_below(&f->dice, 2))
				up_and_down(f);
			else
				at_the_bottom(f);
		}
	}
	return 0;
}

/* One forker and all others thieves, then two, then as many as workers. */
static intptr_t all(void *arg)
{
	const struct stress *s = arg;
	unsigned many[] = {1, 2, s->workers};
	long sum = 0;
	for (int k = 0; k < 3; k++) {
		struct forker *f = zeros(many[k], sizeof *f);
		coir_fiber *handle = zeros(many[k], sizeof *handle);
		for (unsigned i = 0; i < many[k]; i++) {
			f[i] = (struct forker){
				i * 31 + (unsigned)k, s->rounds / many[k], zeros(RECORDS, sizeof *f->ring), 0, 0, 0};
			handle[i] = must_spawn(forker_main, &f[i]);
		}
		must_eq(must_join_all(handle, (int)many[k]), 0);
		for (unsigned i = 0; i < many[k]; i++) {
			some(&f[i], RECORDS);
			sum += f[i].forked - f[i].kept;
			free(f[i].ring);
		}
		free(f);
		free(handle);
	}
	must_eq(atomic_load(&taken), sum);
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 100000);
	with_workers(s.workers, all, &s);
	coir_stats stats = must_stats();
	must_eq(stats.spawned, stats.finished);
	return 0;
}
