/* SPDX-License-Identifier: MIT
 *
 * api/parallel_test.c - loops: every iteration once, in ranges as promised; help is accepted when it is there;
 * errors and cancels end them everywhere.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/stress.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>

/* ---- every iteration once ---- */

enum { MANY = 3000 };

struct visits {
	int64_t begin, end, grain;
	atomic_int seen[MANY];
};

static int visit(int64_t lo, int64_t hi, void *arg)
{
	struct visits *v = arg;
	must(v->begin <= lo && lo < hi && hi <= v->end);
	if (v->grain > 0) {
		must_eq((lo - v->begin) % v->grain, 0);
		must(hi - lo == v->grain || hi == v->end);
	}
	for (int64_t i = lo; i < hi; i++)
		atomic_fetch_add_explicit(&v->seen[i - v->begin], 1, memory_order_relaxed);
	return 0;
}

static void must_visit_all(int64_t begin, int64_t n, int64_t grain, int (*body)(int64_t, int64_t, void *))
{
	struct visits *v = zeros(1, sizeof *v);
	v->begin = begin;
	v->end = begin + n;
	v->grain = grain;
	must_ok(coir_parallel_for(v->begin, v->end, grain, body, v));
	for (int64_t i = 0; i < MANY; i++)
		must_eq(v->seen[i], i < n);
	free(v);
}

static const int64_t begins[] = {0, -7, 1000, INT64_MIN, INT64_MAX - MANY};

fiber_test(parallel, visits_each_once)
{
	uint64_t seed = workers;
	for (long round = scaled(300); round > 0; round--) {
		int64_t n = chance_below(&seed, 2) ? chance_below(&seed, 20) : chance_below(&seed, MANY + 1);
		int64_t grain = chance_below(&seed, 3) ? chance_below(&seed, (unsigned)n / 2 + 3) : 0;
		must_visit_all(begins[chance_below(&seed, 5)], n, grain, visit);
	}
}

/* Waits in every way, so that forks become fibers and strands move. */
static int visit_and_wait(int64_t lo, int64_t hi, void *arg)
{
	uint64_t seed = (uint64_t)lo;
	switch (chance_below(&seed, 6)) {
	case 0:
		must_ok(coir_yield());
		break;
	case 1:
		must_eq(must_join(must_spawn(fiber_give_back, arg)), (intptr_t)arg);
		break;
	case 2:
		must_ok(coir_sleep(1));
		break;
	default:
		break;
	}
	return visit(lo, hi, arg);
}

fiber_test(parallel, bodies_that_wait)
{
	uint64_t seed = workers;
	for (long round = scaled(60); round > 0; round--) {
		int64_t n = chance_below(&seed, 300);
		must_visit_all(begins[chance_below(&seed, 5)], n, chance_below(&seed, 4), visit_and_wait);
	}
}

static int thread_of_sticky;

static int visit_on_thread(int64_t lo, int64_t hi, void *arg)
{
	must_eq(thread_id(), thread_of_sticky);
	return visit_and_wait(lo, hi, arg);
}

static intptr_t loop_on_one_thread(void *arg)
{
	thread_of_sticky = thread_id();
	must_visit_all(0, 200, 0, visit_on_thread);
	return (intptr_t)arg;
}

fiber_test(parallel, sticky_fibers_keep_their_thread)
{
	for (long round = scaled(40); round > 0; round--)
		must_ok(must_join(must_spawn_sticky(loop_on_one_thread, NULL)));
}

/* Far more iterations than can be made: ranges only. */
struct lengths {
	atomic_ullong sum;
	int64_t begin, grain;
};

static int add_length(int64_t lo, int64_t hi, void *arg)
{
	struct lengths *l = arg;
	must(lo < hi);
	if (l->grain)
		must_eq(((uint64_t)lo - (uint64_t)l->begin) % (uint64_t)l->grain, 0);
	atomic_fetch_add(&l->sum, (uint64_t)hi - (uint64_t)lo);
	return 0;
}

fiber_test(parallel, all_of_int64)
{
	static const int64_t grains[] = {0, INT64_MAX, INT64_MAX / 2, (int64_t)1 << 60, ((int64_t)1 << 55) - 1};
	for (unsigned i = 0; i < 5; i++) {
		struct lengths l = {.begin = INT64_MIN, .grain = grains[i]};
		must_ok(coir_parallel_for(INT64_MIN, INT64_MAX, grains[i], add_length, &l));
		must(l.sum == UINT64_MAX);
	}
}

fiber_test(parallel, for_refuses)
{
	struct visits v = {0};
	must_eq(coir_parallel_for(1, 0, 0, visit, &v), -EINVAL);
	must_eq(coir_parallel_for(INT64_MAX, INT64_MIN, 0, visit, &v), -EINVAL);
	must_eq(coir_parallel_for(0, 1, -1, visit, &v), -EINVAL);
	must_eq(coir_parallel_for(0, 1, 0, NULL, &v), -EINVAL);
	must_ok(coir_parallel_for(5, 5, 0, visit, &v));
	must_eq(v.seen[0], 0);
}

/* ---- loops in loops, of very different cost ---- */

struct triangle {
	atomic_llong sum;
	int depth;
};

static int nest(int64_t lo, int64_t hi, void *arg)
{
	struct triangle *t = arg;
	long long sum = 0;
	for (int64_t i = lo; i < hi; i++) {
		struct triangle inner = {.depth = t->depth - 1};
		if (t->depth > 0)
			must_ok(coir_parallel_for(0, i, i % 3, nest, &inner));
		sum += t->depth > 0 ? inner.sum : 1;
	}
	atomic_fetch_add(&t->sum, sum);
	return 0;
}

fiber_test(parallel, nested)
{
	for (long round = scaled(20); round > 0; round--) {
		struct triangle t = {.depth = 3};
		must_ok(coir_parallel_for(0, 30, 0, nest, &t));
		must_eq(t.sum, 27405); /* ways to choose 4 of 30 */
	}
}

/* ---- help: computing on until somebody else has done something ---- */

struct help {
	atomic_bool done[8];
	int64_t waits_for[8]; /* or -1 */
};

static int need_help(int64_t lo, int64_t hi, void *arg)
{
	struct help *h = arg;
	must_eq(hi - lo, 1);
	while (h->waits_for[lo] >= 0 && !h->done[h->waits_for[lo]])
		continue;
	h->done[lo] = true;
	return 0;
}

/* Before anything is known of the cost. */
crowd_test(parallel, offers_half_at_once)
{
	for (long round = scaled(200); round > 0; round--) {
		struct help h = {.waits_for = {1, -1}};
		must_ok(coir_parallel_for(0, 2, 0, need_help, &h));
	}
}

/* The first offer was taken and done; of what remains half is offered again. */
crowd_test(parallel, offers_again)
{
	for (long round = scaled(200); round > 0; round--) {
		struct help h = {.waits_for = {7, 3, -1, -1, -1, -1, -1, -1}};
		must_ok(coir_parallel_for(0, 8, 1, need_help, &h));
	}
}

/* A first half that costs nothing makes chunks large; its end must still be shared. */
struct slope {
	atomic_int last; /* iterations of the dear end that are running or done */
};

enum { FLAT = 1000000, STEEP = 64 };

static int climb(int64_t lo, int64_t hi, void *arg)
{
	struct slope *s = arg;
	if (hi <= FLAT)
		return 0;
	int64_t dear = hi - (lo > FLAT ? lo : FLAT);
	must(dear <= STEEP / 4, "%d of %d dear iterations in one chunk", (int)dear, STEEP);
	atomic_fetch_add(&s->last, (int)dear);
	return 0;
}

fiber_test(parallel, a_dear_end_is_not_one_chunk)
{
	for (long round = scaled(50); round > 0; round--) {
		struct slope s = {0};
		must_ok(coir_parallel_for(0, FLAT + STEEP, 0, climb, &s));
		must_eq(s.last, STEEP);
	}
}

/* ---- errors and cancels: of a loop that would never end ---- */

static const int64_t endless = (int64_t)1 << 50;

struct fails {
	int64_t at;
	int error;
	coir_fiber whom; /* if there is no error */
	atomic_llong calls;
};

static int fail_there(int64_t lo, int64_t hi, void *arg)
{
	struct fails *f = arg;
	if (atomic_fetch_add(&f->calls, 1) < f->at || lo >= hi)
		return 0;
	if (!f->error)
		must_ok(coir_cancel(f->whom));
	return f->error;
}

fiber_test(parallel, an_error_ends_it)
{
	for (int at = 0; at < scaled(100); at++) {
		struct fails f = {.at = at, .error = -EDOM};
		must_eq(coir_parallel_for(0, endless, at % 2, fail_there, &f), -EDOM);
		must(workers > 1 || f.calls == at + 1);
	}
}

static intptr_t cancel_oneself(void *arg)
{
	struct fails f = {.at = (intptr_t)arg, .whom = must_self()};
	must_eq(coir_parallel_for(0, endless, f.at % 2, fail_there, &f), -ECANCELED);
	f.calls = 0;
	must_eq(coir_parallel_for(0, 10, 0, fail_there, &f), -ECANCELED);
	must_eq(f.calls, 0);
	must_ok(coir_parallel_for(0, 0, 0, fail_there, &f));
	must_ok(coir_shield_begin());
	must_visit_all(0, 100, 0, visit);
	must_ok(coir_shield_end());
	return 0;
}

fiber_test(parallel, a_cancel_ends_it)
{
	for (int at = 0; at < scaled(100); at++)
		must_ok(must_join(must_spawn(cancel_oneself, (void *)(intptr_t)at)));
}

static int wait_on(int64_t lo, int64_t hi, void *arg)
{
	(void)lo, (void)hi, (void)arg;
	int r = coir_sleep(COIR_SECOND * 1000);
	return r == -ECANCELED ? 0 : r;
}

static intptr_t loop_in_scope(void *arg)
{
	(void)arg;
	return coir_parallel_for(0, 40, 1, wait_on, NULL);
}

/* The scope's deadline comes while all iterations, in as many fibers, wait. */
fiber_test(parallel, a_deadline_ends_it)
{
	for (long round = scaled(20); round > 0; round--) {
		intptr_t out = 0;
		must_eq(coir_with_deadline(coir_after(COIR_MILLISECOND), loop_in_scope, NULL, &out), -ETIMEDOUT);
		must_eq(out, -ECANCELED);
	}
}

/* ---- plain threads ---- */

static int in_order(int64_t lo, int64_t hi, void *arg)
{
	int64_t *next = arg;
	must_eq(lo, *next);
	*next = hi;
	return hi > 70 ? -ERANGE : 0;
}

static void *loops_of_a_thread(void *arg)
{
	int64_t next = 0;
	must_ok(coir_parallel_for(0, 70, 0, in_order, &next));
	must_eq(next, 70);
	next = 0;
	must_eq(coir_parallel_for(0, 100, 8, in_order, &next), -ERANGE);
	must_eq(next, 72);
	must_ok(coir_parallel_for(9, 9, 0, in_order, &next));
	return arg;
}

Test(parallel, in_threads)
{
	loops_of_a_thread(NULL);
	start_workers(2);
	thread_end(thread_start(loops_of_a_thread, NULL));
	stop_workers();
	loops_of_a_thread(NULL);
}
