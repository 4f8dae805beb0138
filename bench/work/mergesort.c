/* SPDX-License-Identifier: MIT
 *
 * mergesort.c - see mergesort.h. Checked: that the numbers ascend, and that the sum of what a hash function makes of them
 * is the one from before.
 */
#include "mergesort.h"
#include "../harness/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBERS   10000000
#define INSERTION 24 /* up to so many numbers insertion sort is the fastest */

static uint64_t checksum(const int64_t *numbers, long n)
{
	uint64_t sum = 0;

	for (long i = 0; i < n; i++)
		sum += peer_random(numbers[i]);
	return sum;
}

static uint64_t checksum_before;

struct mergesort mergesort_make(void)
{
	static int64_t *data, *room;
	long n = peer_leaves(NUMBERS);

	if (!data) {
		data = calloc((size_t)n, sizeof(*data));
		room = calloc((size_t)n, sizeof(*room));
		peer_ok("calloc", data && room ? 0 : ENOMEM);
	}
	for (long i = 0; i < n; i++) {
		data[i] = (int64_t)peer_random(i);
		room[i] = 0;
	}
	checksum_before = checksum(data, n);
	peer_peak_from_here();
	return (struct mergesort){data, room, n, false};
}

void mergesort_result(const struct mergesort *whole, double ns)
{
	char text[32];
	const char *params = whole->n == NUMBERS ? NULL : text;
	long descents = 0;

	snprintf(text, sizeof(text), "n=%ld", whole->n);
	for (long i = 1; i < whole->n; i++)
		descents += whole->data[i - 1] > whole->data[i];
	peer_check("numbers below the one before", descents, 0);
	peer_check("checksum", (int64_t)checksum(whole->data, whole->n), (int64_t)checksum_before);
	peer_result("ms", "ms", ns / 1e6, params);
	peer_peak_result(params);
}

static struct merge merge_of_halves(const struct mergesort *s)
{
	const int64_t *from = s->in_room ? s->data : s->room;
	long n = s->n / 2;

	return (struct merge){from, from + n, n, s->n - n, s->in_room ? s->room : s->data};
}

static void halve(const struct mergesort *s, struct mergesort half[2])
{
	long n = s->n / 2;

	half[0] = (struct mergesort){s->data, s->room, n, !s->in_room};
	half[1] = (struct mergesort){s->data + n, s->room + n, s->n - n, !s->in_room};
}

bool mergesort_split(const struct mergesort *s, struct mergesort half[2], struct merge *after)
{
	if (s->n <= MERGESORT_BASE)
		return false;
	halve(s, half);
	*after = merge_of_halves(s);
	return true;
}

/* Without a branch on which is less: on random numbers it would be mispredicted every other time. */
void merge_base(const struct merge *m)
{
	const int64_t *left = m->left, *left_end = left + m->n_left;
	const int64_t *right = m->right, *right_end = right + m->n_right;
	int64_t *out = m->out;

	while (left < left_end && right < right_end) {
		int64_t l = *left, r = *right;
		bool from_right = r < l;
		*out++ = from_right ? r : l;
		left += !from_right;
		right += from_right;
	}
	while (left < left_end)
		*out++ = *left++;
	while (right < right_end)
		*out++ = *right++;
}

/* The first of n ascending numbers that is not below `limit`. */
static long first_from(const int64_t *numbers, long n, int64_t limit)
{
	long from = 0;

	while (n > 0) {
		long middle = n / 2;
		if (numbers[from + middle] < limit) {
			from += middle + 1;
			n -= middle + 1;
		} else {
			n = middle;
		}
	}
	return from;
}

bool merge_split(const struct merge *m, struct merge half[2])
{
	long left = m->n_left / 2, right = m->n_right / 2;

	if (m->n_left + m->n_right <= MERGESORT_BASE)
		return false;
	if (m->n_left >= m->n_right)
		right = first_from(m->right, m->n_right, m->left[left]);
	else
		left = first_from(m->left, m->n_left, m->right[right]);
	half[0] = (struct merge){m->left, m->right, left, right, m->out};
	half[1] = (struct merge){m->left + left, m->right + right, m->n_left - left, m->n_right - right,
				 m->out + left + right};
	return true;
}

static void insertion_sort(const struct mergesort *s)
{
	int64_t *out = s->in_room ? s->room : s->data;

	for (long i = 0; i < s->n; i++) {
		int64_t x = s->data[i];
		long k = i;
		for (; k > 0 && out[k - 1] > x; k--)
			out[k] = out[k - 1];
		out[k] = x;
	}
}

void mergesort_base(const struct mergesort *s)
{
	struct mergesort half[2];

	if (s->n <= INSERTION) {
		insertion_sort(s);
		return;
	}
	halve(s, half);
	mergesort_base(&half[0]);
	mergesort_base(&half[1]);
	struct merge after = merge_of_halves(s);
	merge_base(&after);
}
