/* SPDX-License-Identifier: MIT
 *
 * task/sort.c - a stable merge sort that is parallel also in its merges.
 *
 * The elements go back and forth between the array and a buffer of the same size: a level of the recursion merges from
 * the one into the other, so that nothing is copied back. Halves are sorted as a fork and a call; a long merge is split:
 * the longer run in its middle, the other where that element belongs (by binary search), and the two parts are
 * independent. A fork that nobody takes costs a few nanoseconds, so there is no thought of how many workers there are:
 * pieces are forked down to some microseconds.
 *
 * Most of the time of a merge is lost where the processor guesses wrong which run is next, so that isn't a branch here:
 * the result of the comparison selects the address. Sizes 4, 8 and 16 are compiled for themselves (`size` is a constant
 * in what is inlined), the others share one.
 *
 * Stable: of equal elements the left run's goes first. Whatever compare returns, no element is lost and nothing beyond
 * the runs is touched: positions come from counts alone.
 */
#include <coir/parallel.h>

#include "base/compiler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAF   8          /* elements that are sorted by insertion */
#define LARGE  64         /* bytes: an element that is not kept aside, so that only merges sort it */
#define PIECE  1024       /* elements to sort that are worth a fork */
#define STRIPE 8192       /* elements to merge that are */
#define SCRAP  (4u << 10) /* bytes: a buffer that lies in the frame */

typedef struct order {
	int (*compare)(const void *a, const void *b, void *arg);
	void *arg;
	size_t size;
} order;

/* A sorted part of an array. */
typedef struct run {
	char *at;
	size_t n;
} run;

/* ---- by element size ---- */

COIRI_INLINE void move(char *to, const char *from, size_t n, size_t size)
{
	memcpy(to, from, n * size);
}

/* Inserts one after the other into `to`, which may be `from`. */
COIRI_INLINE void insert_all(const order *o, const char *from, char *to, size_t n, size_t size)
{
	char one[LARGE];
	for (size_t i = 0; i < n; i++) {
		size_t at = i;
		move(one, from + i * size, 1, size);
		for (; at > 0 && o->compare(to + (at - 1) * size, one, o->arg) > 0; at--)
			move(to + at * size, to + (at - 1) * size, 1, size);
		move(to + at * size, one, 1, size);
	}
}

COIRI_INLINE void merge_all(const order *o, run left, run right, char *out, size_t size)
{
	const char *a = left.at, *b = right.at, *a_end = a + left.n * size, *b_end = b + right.n * size;
	while (a != a_end && b != b_end) {
		uintptr_t is_b = (uintptr_t)(o->compare(a, b, o->arg) > 0);
		uintptr_t next = (uintptr_t)a ^ (((uintptr_t)a ^ (uintptr_t)b) & -is_b);
		move(out, (const char *)next, 1, size);
		a += (1 - is_b) * size;
		b += is_b * size;
		out += size;
	}
	move(out, a, (size_t)(a_end - a), 1);
	move(out + (a_end - a), b, (size_t)(b_end - b), 1);
}

static void insert(const order *o, const char *from, char *to, size_t n)
{
	switch (o->size) {
	case 4:
		insert_all(o, from, to, n, 4);
		break;
	case 8:
		insert_all(o, from, to, n, 8);
		break;
	case 16:
		insert_all(o, from, to, n, 16);
		break;
	default:
		insert_all(o, from, to, n, o->size);
	}
}

static void merge(const order *o, run left, run right, char *out)
{
	switch (o->size) {
	case 4:
		merge_all(o, left, right, out, 4);
		break;
	case 8:
		merge_all(o, left, right, out, 8);
		break;
	case 16:
		merge_all(o, left, right, out, 16);
		break;
	default:
		merge_all(o, left, right, out, o->size);
	}
}

/* ---- merging in stripes ---- */

/* How many of the run stand before the element: also its equals, if `after`. */
static size_t rank(const order *o, run r, const char *element, bool after)
{
	size_t low = 0, high = r.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = o->compare(r.at + mid * o->size, element, o->arg);
		if (c < 0 || (after && c == 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static run part(const order *o, run r, size_t from, size_t to)
{
	return (run){r.at + from * o->size, to - from};
}

static void merge_runs(const order *o, run left, run right, char *out);
COIR_TASK_OF_VOID(merge_runs, const order *, o, run, left, run, right, char *, out);

static void merge_stripes(const order *o, run left, run right, char *out)
{
	size_t l = left.n / 2, r = right.n / 2;
	if (left.n >= right.n)
		r = rank(o, right, left.at + l * o->size, false);
	else
		l = rank(o, left, right.at + r * o->size, true);
	COIR_FORK(rest, merge_runs, o, part(o, left, l, left.n), part(o, right, r, right.n), out + (l + r) * o->size);
	merge_runs(o, part(o, left, 0, l), part(o, right, 0, r), out);
	COIR_JOIN(rest, merge_runs);
}

static void merge_runs(const order *o, run left, run right, char *out)
{
	if (left.n + right.n > STRIPE)
		merge_stripes(o, left, right, out);
	else
		merge(o, left, right, out);
}

/* ---- sorting ---- */

/* Sorts n elements at `at`; the result comes there or, if `away`, into `other`. Both are overwritten. */
static void sort(const order *o, char *at, char *other, size_t n, bool away);
COIR_TASK_OF_VOID(sort, const order *, o, char *, at, char *, other, size_t, n, bool, away);

static void sort_halves(const order *o, run left, run right, char *other, bool away)
{
	char *other_right = other + left.n * o->size;
	if (right.n < PIECE) {
		sort(o, left.at, other, left.n, away);
		sort(o, right.at, other_right, right.n, away);
		return;
	}
	COIR_FORK(upper, sort, o, right.at, other_right, right.n, away);
	sort(o, left.at, other, left.n, away);
	COIR_JOIN(upper, sort);
}

/* Does what lies before the run, one behind the other, come before it already? */
static bool is_sorted(const order *o, run right)
{
	return o->compare(right.at - o->size, right.at, o->arg) <= 0;
}

static void sort(const order *o, char *at, char *other, size_t n, bool away)
{
	if (n <= (o->size <= LARGE ? LEAF : 1)) {
		if (o->size <= LARGE)
			insert(o, at, away ? other : at, n);
		else if (away)
			move(other, at, n, o->size);
		return;
	}
	size_t half = n / 2;
	run left = {at, half}, right = {at + half * o->size, n - half};
	sort_halves(o, left, right, other, !away);
	char *from = away ? at : other, *to = away ? other : at;
	left.at = from;
	right.at = from + half * o->size;
	if (is_sorted(o, right))
		move(to, from, n, o->size);
	else
		merge_runs(o, left, right, to);
}

int coir_parallel_sort(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b, void *arg),
		       void *arg)
{
	char scrap[SCRAP], *buffer = scrap;
	size_t bytes;
	if (!compare || size == 0 || (n > 0 && !base))
		return -EINVAL;
	if (__builtin_mul_overflow(n, size, &bytes))
		return -ENOMEM;
	if (bytes > sizeof scrap && !(buffer = malloc(bytes)))
		return -ENOMEM;
	order o = {compare, arg, size};
	sort(&o, base, buffer, n, false);
	if (buffer != scrap)
		free(buffer);
	return 0;
}
