/* SPDX-License-Identifier: MIT
 *
 * api/reduce_test.c - reductions: everything once, combined in the order of the range; accumulators of any size, that may
 * own memory.
 */
#include "support/run.h"
#include "support/stress.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

/* ---- what an accumulator was given is one range ---- */

/* In accumulators that fit into a frame, and in larger ones. */
struct span {
	int64_t lo, hi; /* both 0: none */
	uint64_t sum;
	char fill[];
};

static const struct span no_span = {0};

static void check_fill(const struct span *s, size_t size)
{
	for (size_t i = sizeof *s; i < size; i++)
		must_eq(((const char *)s)[i], (char)i);
}

static void *new_span(size_t size)
{
	char *s = zeros(1, size);
	for (size_t i = sizeof(struct span); i < size; i++)
		s[i] = (char)i;
	return s;
}

static void follow(struct span *s, int64_t lo, int64_t hi, uint64_t sum)
{
	if (s->lo == 0 && s->hi == 0)
		s->lo = lo;
	else
		must_eq(lo, s->hi);
	s->hi = hi;
	s->sum += sum;
}

static int add_span(int64_t lo, int64_t hi, void *acc, void *arg)
{
	uint64_t sum = 0, seed = (uint64_t)lo;
	check_fill(acc, *(size_t *)arg);
	must(lo < hi);
	for (int64_t i = lo; i < hi; i++)
		sum += (uint64_t)i;
	follow(acc, lo, hi, sum);
	if (chance_below(&seed, 8) == 0 && coir_id())
		must_ok(coir_yield());
	return 0;
}

static void join_spans(void *acc, void *right, void *arg)
{
	const struct span *r = right;
	check_fill(right, *(size_t *)arg);
	if (r->lo != 0 || r->hi != 0)
		follow(acc, r->lo, r->hi, r->sum);
}

static void must_add_up(int64_t begin, int64_t n, int64_t grain, size_t size)
{
	struct span *identity = new_span(size), *out = new_span(size);
	coir_reduction r = {size, identity, add_span, join_spans, &size};
	out->hi = 77;
	must_ok(coir_parallel_reduce(begin, begin + n, grain, &r, out));
	must(out->lo == (n ? begin : 0) && out->hi == (n ? begin + n : 0));
	must(out->sum == (uint64_t)n * (uint64_t)begin + (uint64_t)(n * (n - 1) / 2));
	free(identity);
	free(out);
}

static void add_up(unsigned seed_, long rounds)
{
	static const size_t sizes[] = {sizeof no_span, 40, 64, 65, 4096};
	uint64_t seed = seed_;
	for (long round = rounds; round > 0; round--) {
		int64_t n = chance_below(&seed, 2) ? chance_below(&seed, 10) : chance_below(&seed, 3000);
		int64_t grain = chance_below(&seed, 2) ? chance_below(&seed, 100) : 0;
		must_add_up(1 + chance_below(&seed, 1000), n, grain, sizes[chance_below(&seed, 5)]);
	}
}

fiber_test(reduce, in_order)
{
	add_up(workers, scaled(300));
}

Test(reduce, in_threads)
{
	add_up(9, scaled(50));
	start_workers(1);
	add_up(9, scaled(50));
	stop_workers();
}

/* ---- not commutative: maps x -> a x + b, one after the other ---- */

struct affine {
	uint64_t a, b;
};

static struct affine map_of(int64_t i)
{
	return (struct affine){(uint64_t)i * 2 + 1, (uint64_t)i ^ 0x5555};
}

static struct affine after(struct affine f, struct affine g)
{
	return (struct affine){f.a * g.a, f.b * g.a + g.b};
}

static int apply(int64_t lo, int64_t hi, void *acc, void *arg)
{
	struct affine *f = acc;
	(void)arg;
	for (int64_t i = lo; i < hi; i++)
		*f = after(*f, map_of(i));
	return 0;
}

static void compose(void *acc, void *right, void *arg)
{
	struct affine *f = acc;
	(void)arg;
	*f = after(*f, *(struct affine *)right);
}

fiber_test(reduce, is_associative)
{
	static const struct affine identity = {1, 0};
	coir_reduction r = {sizeof identity, &identity, apply, compose, NULL};
	int64_t n = scaled(2000000);
	struct affine expected = identity, out;
	apply(0, n, &expected, NULL);
	for (int64_t grain = 0; grain < 4; grain++) {
		must_ok(coir_parallel_reduce(0, n, grain * 100, &r, &out));
		must(out.a == expected.a && out.b == expected.b);
	}
}

/* ---- accumulators that own memory: a list of the numbers, also after an error ---- */

struct number {
	int64_t n;
	struct number *next;
};

struct list {
	struct number *first, **end; /* end NULL: empty */
};

static atomic_long numbers;

static void append(struct list *l, struct number *first, struct number **end)
{
	*(l->end ? l->end : &l->first) = first;
	l->end = end;
}

static int list_up(int64_t lo, int64_t hi, void *acc, void *arg)
{
	for (int64_t i = lo; i < hi; i++) {
		if (i == *(int64_t *)arg)
			return -EDOM;
		struct number *n = zeros(1, sizeof *n);
		n->n = i;
		append(acc, n, &n->next);
		numbers++;
	}
	if (lo % 5 == 0)
		must_ok(coir_yield());
	return 0;
}

static void join_lists(void *acc, void *right, void *arg)
{
	struct list *r = right;
	(void)arg;
	if (r->end)
		append(acc, r->first, r->end);
}

/* Returns how many there were, in order. */
static int64_t free_list(struct list *l, bool gaps)
{
	int64_t count = 0, last = -1;
	for (struct number *n = l->end ? l->first : NULL, *next; n; n = next) {
		must(gaps ? n->n > last : n->n == last + 1);
		last = n->n;
		next = n->next;
		free(n);
		numbers--;
		count++;
	}
	return count;
}

fiber_test(reduce, owns_memory)
{
	static const struct list identity;
	for (int64_t i = scaled(200); i > 0; i--) {
		int64_t bad = i % 3 ? 1000 - i : -1;
		coir_reduction r = {sizeof identity, &identity, list_up, join_lists, &bad};
		struct list out;
		int error = coir_parallel_reduce(0, 1000, i % 4 * 10, &r, &out);
		must_eq(error, bad >= 0 ? -EDOM : 0);
		int64_t count = free_list(&out, bad >= 0);
		must(bad >= 0 ? count < 1000 : count == 1000);
		must_eq(numbers, 0);
	}
}

/* ---- the rest ---- */

static int cancel_self(int64_t lo, int64_t hi, void *acc, void *arg)
{
	(void)hi, (void)acc, (void)arg;
	return lo > 3 ? coir_cancel(must_self()) : 0;
}

fiber_test(reduce, is_cancelled)
{
	size_t size = sizeof no_span;
	coir_reduction r = {size, &no_span, cancel_self, join_spans, &size};
	struct span out;
	must_eq(coir_parallel_reduce(0, INT64_MAX, 1, &r, &out), -ECANCELED);
}

fiber_test(reduce, refuses)
{
	size_t size = sizeof no_span;
	const coir_reduction good = {size, &no_span, add_span, join_spans, &size};
	struct span out = {.sum = 3};
	must_eq(coir_parallel_reduce(1, 0, 0, &good, &out), -EINVAL);
	must_eq(coir_parallel_reduce(0, 1, -1, &good, &out), -EINVAL);
	must_eq(coir_parallel_reduce(0, 1, 0, NULL, &out), -EINVAL);
	must_eq(coir_parallel_reduce(0, 1, 0, &good, NULL), -EINVAL);
	coir_reduction bad[4] = {good, good, good, good};
	bad[0].size = 0;
	bad[1].identity = NULL;
	bad[2].body = NULL;
	bad[3].combine = NULL;
	for (int i = 0; i < 4; i++)
		must_eq(coir_parallel_reduce(0, 1, 0, &bad[i], &out), -EINVAL);
	must(out.sum == 3);
	must_ok(coir_parallel_reduce(1, 1, 0, &good, &out));
	must(out.sum == 0);
}
