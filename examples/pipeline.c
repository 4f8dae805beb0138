/* SPDX-License-Identifier: MIT
 *
 * A pipeline of ten stages over a million items: each stage is a coroutine that takes from the one before. The loop
 * stops it early; a stage ends its source, so nothing is left of the ten.
 */
#include <coir/coir.h>
#include <stdio.h>

#define ITEMS 1000000

COIR_GENERATOR(count, self, long, from)
{
	while (coir_coro_yield(self, from++, NULL) == 0)
		continue;
}

static bool odd(intptr_t value, void *context)
{
	(void)context;
	return value & 1;
}

static bool below(intptr_t value, void *limit)
{
	return value < *(long *)limit;
}

static intptr_t add(intptr_t value, void *what)
{
	return value + *(long *)what;
}

static intptr_t twice(intptr_t value, void *context)
{
	(void)context;
	return value * 2;
}

/* A stage with a memory: the sum of each two items. */
static void pairs(coir_coro *self, coir_coro *source, void *context)
{
	intptr_t a, b;
	(void)context;
	while (coir_gen_next(source, &a) && coir_gen_next(source, &b))
		if (coir_coro_yield(self, a + b, NULL))
			return;
}

int main(void)
{
	static long one = 1, three = 3, limit = 1L << 40;
	long items = 0, sum = 0;
	coir_coro *p = count(0);           /* 0, 1, 2, 3 ... */
	p = coir_gen_filter(p, odd, NULL); /* 1, 3, 5, 7 ... */
	p = coir_gen_map(p, add, &one);    /* 2, 4, 6, 8 ... */
	p = coir_gen_filter(p, below, &limit);
	p = coir_gen_through(p, pairs, NULL); /* 6, 14, 22 ... */
	p = coir_gen_map(p, twice, NULL);     /* 12, 28, 44 ... */
	p = coir_gen_drop(p, 1);              /* 28, 44 ... */
	p = coir_gen_map(p, add, &three);     /* 31, 47 ... */
	p = coir_gen_filter(p, odd, NULL);
	p = coir_gen_take(p, ITEMS);
	if (coir_coro_count() != 10)
		return 1;
	coir_foreach (long, item, p) {
		sum += item;
		if (++items == ITEMS - 1)
			break;
	}
	/* 31 + 16 i, for i from 0 to ITEMS - 2 */
	long expected = 31L * (ITEMS - 1) + 8L * (ITEMS - 1) * (ITEMS - 2);
	printf("%ld items, their sum is %ld, coroutines left: %ld\n", items, sum, (long)coir_coro_count());
	return sum == expected && coir_coro_count() == 0 ? 0 : 1;
}
