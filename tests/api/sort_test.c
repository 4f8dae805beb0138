/* SPDX-License-Identifier: MIT
 *
 * api/sort_test.c - the parallel sort: stable, for every size of element and every order of the input.
 */
#include "support/run.h"
#include "support/stress.h"
#include "support/test.h"

#include <errno.h>
#include <string.h>

/* An element's key is in its first bytes, its place in the input behind that, as far as it has room. */
struct input {
	char *elements;
	size_t n, size;
	unsigned key, place; /* bytes */
	unsigned keys;       /* how many different ones */
};

static uint64_t read_bytes(const char *p, unsigned bytes)
{
	uint64_t v = 0;
	memcpy(&v, p, bytes);
	return v;
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct input *in = arg;
	uint64_t x = read_bytes(a, in->key), y = read_bytes(b, in->key);
	return (x > y) - (x < y);
}

enum shape { CHANCE, RISING, FALLING, PIPE, EQUAL, SHAPES };

static uint64_t key_at(const struct input *in, enum shape shape, size_t i, uint64_t *seed)
{
	size_t n = in->n, step = n / in->keys + 1;
	switch (shape) {
	case CHANCE:
		return chance(seed) % in->keys;
	case RISING:
		return i / step;
	case FALLING:
		return (n - i) / step;
	case PIPE:
		return (i < n / 2 ? i : n - i) / step;
	default:
		return 1;
	}
}

static void fill(struct input *in, enum shape shape, uint64_t *seed)
{
	for (size_t i = 0; i < in->n; i++) {
		char *e = in->elements + i * in->size;
		uint64_t key = key_at(in, shape, i, seed);
		memset(e, (char)key, in->size);
		memcpy(e, &key, in->key);
		memcpy(e + in->key, &i, in->place);
	}
}

static void check(const struct input *in, enum shape shape)
{
	for (size_t i = 0; i < in->n; i++) {
		const char *e = in->elements + i * in->size;
		for (size_t k = in->key + in->place; k < in->size; k++)
			must_eq(e[k], e[0]);
		if (i == 0)
			continue;
		int order = by_key(e - in->size, e, (void *)(uintptr_t)in);
		must(order <= 0, "size %zu, n %zu, shape %d: element %zu", in->size, in->n, shape, i);
		if (order == 0 && in->place)
			must(read_bytes(e - in->size + in->key, in->place) < read_bytes(e + in->key, in->place),
			     "not stable: size %zu, n %zu, shape %d: element %zu", in->size, in->n, shape, i);
	}
}

/* The keys' sum tells lost elements. */
static uint64_t sum_of(const struct input *in)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < in->n; i++)
		sum += read_bytes(in->elements + i * in->size, in->key) * 2654435761u;
	return sum;
}

static void must_sort(size_t n, size_t size, uint64_t *seed)
{
	/* One byte further than aligned. */
	char *memory = zeros(n + 1, size);
	struct input in = {.elements = memory + 1, .n = n, .size = size};
	in.key = size >= 8 ? 4 : size >= 4 ? 2 : 1;
	in.place = size >= 8 ? 4 : size >= 4 ? 2 : 0;
	for (enum shape shape = 0; shape < SHAPES; shape++) {
		in.keys = 1 + chance_below(seed, in.key == 4 ? 100000 : 200);
		fill(&in, shape, seed);
		uint64_t sum = sum_of(&in);
		must_ok(coir_parallel_sort(in.elements, n, size, by_key, &in));
		must(sum_of(&in) == sum);
		check(&in, shape);
	}
	free(memory);
}

static void must_sort_all(uint64_t seed)
{
	static const size_t sizes[] = {1, 2, 3, 4, 5, 8, 12, 16, 17, 64, 65, 300};
	for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		for (size_t n = 0; n < 40; n++)
			must_sort(n, sizes[s], &seed);
		for (long round = scaled(4); round > 0; round--)
			must_sort(chance_below(&seed, 3000), sizes[s], &seed);
		must_sort((size_t)scaled(30000) + chance_below(&seed, 1000), sizes[s], &seed);
	}
}

fiber_test(sort, all_sizes)
{
	must_sort_all(workers);
}

Test(sort, in_threads)
{
	must_sort_all(5);
}

fiber_test(sort, many)
{
	uint64_t seed = workers;
	must_sort((size_t)scaled(400000), 8, &seed);
	for (long round = scaled(60); round > 0; round--)
		must_sort(chance_below(&seed, 20000), 8, &seed);
}

/* ---- comparisons that wait, or make no sense ---- */

static int by_key_with_pauses(const void *a, const void *b, void *arg)
{
	if ((read_bytes(a, 4) + read_bytes(b, 4)) % 64 == 0)
		must_ok(coir_yield());
	return by_key(a, b, arg);
}

fiber_test(sort, comparisons_that_wait)
{
	struct input in = {.n = (size_t)scaled(20000), .size = 8, .key = 4, .place = 4, .keys = 5000};
	uint64_t seed = workers;
	in.elements = zeros(in.n, in.size);
	fill(&in, CHANCE, &seed);
	must_ok(coir_parallel_sort(in.elements, in.n, in.size, by_key_with_pauses, &in));
	check(&in, CHANCE);
	free(in.elements);
}

static int by_nothing(const void *a, const void *b, void *arg)
{
	uint64_t seed = read_bytes(a, 8) * 31 + read_bytes(b, 8) + (uint64_t)(uintptr_t)arg;
	return (int)chance_below(&seed, 3) - 1;
}

fiber_test(sort, no_order_loses_nothing)
{
	size_t n = (size_t)scaled(50000);
	uint64_t *element = zeros(n, sizeof *element);
	bool *seen = zeros(n, 1);
	for (uint64_t i = 0; i < n; i++)
		element[i] = i;
	must_ok(coir_parallel_sort(element, n, sizeof *element, by_nothing, NULL));
	for (size_t i = 0; i < n; i++) {
		must(element[i] < n && !seen[element[i]]);
		seen[element[i]] = true;
	}
	free(element);
	free(seen);
}

fiber_test(sort, refuses)
{
	int two[2] = {2, 1};
	struct input in = {.key = 4};
	must_eq(coir_parallel_sort(two, 2, sizeof *two, NULL, NULL), -EINVAL);
	must_eq(coir_parallel_sort(two, 2, 0, by_key, &in), -EINVAL);
	must_eq(coir_parallel_sort(NULL, 2, 4, by_key, &in), -EINVAL);
	must_eq(coir_parallel_sort(two, SIZE_MAX / 4 + 2, 4, by_key, &in), -ENOMEM);
#if !defined(__SANITIZE_ADDRESS__) && !TESTS_TSAN /* which end the program where malloc would return NULL */
	must_eq(coir_parallel_sort(two, (size_t)1 << 61, 4, by_key, &in), -ENOMEM);
#endif
	must(two[0] == 2 && two[1] == 1);
	must_ok(coir_parallel_sort(NULL, 0, 4, by_key, &in));
	must_ok(coir_parallel_sort(two, 2, 4, by_key, &in));
	must(two[0] == 1 && two[1] == 2);
}
