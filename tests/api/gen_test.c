/* SPDX-License-Identifier: MIT
 *
 * api/gen_test.c - generators, loops over them, pipelines.
 */
#include "support/coro.h"

#include <string.h>

static int cleaned;

static void count_clean(void *arg)
{
	(void)arg;
	cleaned++;
}

struct range {
	long from, to;
};

COIR_GENERATOR(range, self, struct range, r)
{
	must_ok(coir_coro_defer(self, count_clean, NULL));
	for (; r.from < r.to; r.from++)
		if (coir_coro_yield(self, r.from, NULL))
			return;
}

static coir_coro *upto(long to)
{
	return range((struct range){0, to});
}

coro_test(gen, foreach)
{
	long sum = 0;
	cleaned = 0;
	coir_foreach (long, i, range((struct range){5, 10}))
		sum = sum * 10 + i;
	must_eq(sum, 56789);
	must_eq(cleaned, 1);
	coir_foreach (int, i, upto(0))
		must(false, "%d of none", i);
	coir_foreach (int, i, NULL)
		must(false, "%d of NULL", i);
	must_eq(cleaned, 2);
}

static long find(long wanted)
{
	coir_foreach (long, i, upto(1000)) {
		if (i == wanted)
			return i * 2;
	}
	return -1;
}

coro_test(gen, leaving_early)
{
	long seen = 0;
	cleaned = 0;
	coir_foreach (long, i, upto(1000)) {
		if (i % 2)
			continue;
		if (i > 10)
			break;
		seen += i;
	}
	must_eq(seen, 0 + 2 + 4 + 6 + 8 + 10);
	must_eq(cleaned, 1);
	must_eq(find(77), 154);
	must_eq(cleaned, 2);
	coir_foreach (long, i, upto(10))
		if (i == 3)
			goto out;
	must(false, "went on");
out:
	must_eq(cleaned, 3);
}

coro_test(gen, nested_loops)
{
	long count = 0;
	cleaned = 0;
	coir_foreach (long, a, upto(10))
		coir_foreach (long, b, upto(10)) {
			if (b > a)
				break;
			count++;
		}
	must_eq(count, 55);
	must_eq(cleaned, 11);
}

struct point {
	double x, y;
};

COIR_GENERATOR(points, self, int, n)
{
	struct point p = {0, 0};
	for (; p.x < n; p.x++, p.y -= 0.5)
		if (coir_coro_yield(self, (intptr_t)&p, NULL))
			return;
}

coro_test(gen, values_by_address)
{
	double sum = 0;
	coir_foreach (const struct point *, p, points(5))
		sum += p->x + p->y;
	must(sum == 5);
}

/* ---- pipelines ---- */

static bool divisible(intptr_t value, void *by)
{
	return value % *(const int *)by == 0;
}

static intptr_t multiply(intptr_t value, void *by)
{
	return value * *(const int *)by;
}

/* Each value twice. */
static void twice(coir_coro *self, coir_coro *source, void *context)
{
	intptr_t value;
	must_ok(coir_coro_defer(self, count_clean, context));
	while (coir_gen_next(source, &value))
		if (coir_coro_yield(self, value, NULL) || coir_coro_yield(self, value, NULL))
			return;
}

coro_test(gen, pipeline)
{
	static int three = 3, ten = 10;
	char text[100] = "";
	cleaned = 0;
	coir_coro *p = upto(1000000000);
	p = coir_gen_drop(p, 5);
	p = coir_gen_filter(p, divisible, &three);
	p = coir_gen_map(p, multiply, &ten);
	p = coir_gen_through(p, twice, NULL);
	p = coir_gen_take(p, 5);
	must_eq(coir_coro_count(), 6);
	coir_foreach (int, i, p)
		snprintf(text + strlen(text), 20, "%d ", i);
	must(strcmp(text, "60 60 90 90 120 ") == 0, "%s", text);
	must_eq(cleaned, 2);
}

coro_test(gen, pipeline_left_early)
{
	static int one = 1;
	for (int stop = 0; stop < 5; stop++) {
		cleaned = 0;
		coir_coro *p = coir_gen_through(upto(stop == 4 ? 0 : 100), twice, NULL);
		for (int i = 0; i < 10; i++)
			p = coir_gen_filter(coir_gen_map(p, multiply, &one), divisible, &one);
		must_eq(coir_coro_count(), 22);
		int seen = 0;
		if (stop == 0)
			must_ok(coir_coro_destroy(p)); /* before it began */
		else
			coir_foreach (int, i, p) {
				must_eq(i, seen / 2);
				if (++seen == stop)
					break;
			}
		must_eq(seen, stop == 4 ? 0 : stop);
		must_eq(cleaned, stop ? 2 : 0); /* what never began has no handlers */
		must_eq(coir_coro_count(), 0);
	}
}

/* After the last one, the source is not asked for more. */
COIR_GENERATOR(exactly, self, int, n)
{
	while (n-- > 0)
		if (coir_coro_yield(self, n, NULL))
			return;
	must(false, "asked for more than were taken");
}

coro_test(gen, take)
{
	int count = 0;
	coir_foreach (int, i, coir_gen_take(exactly(10), 10))
		count += 1 + 0 * i;
	must_eq(count, 10);
	coir_foreach (int, i, coir_gen_take(upto(3), 10))
		count += 1 + 0 * i;
	must_eq(count, 13);
	coir_foreach (int, i, coir_gen_take(upto(3), 0))
		must(false, "%d", i);
	coir_foreach (int, i, coir_gen_drop(upto(3), 3))
		must(false, "%d", i);
	coir_foreach (int, i, coir_gen_drop(upto(3), 2))
		must_eq(i, 2);
	must(coir_gen_take(NULL, 1) == NULL && coir_gen_map(NULL, multiply, NULL) == NULL);
}
