/* SPDX-License-Identifier: MIT
 *
 * matmul.c - see matmul.h. The elements are small integers, so that every sum is exact in whatever order it is made.
 * Checked (Freivalds): for a vector x, C x - C0 x and A (B x) are equal in every row.
 */
#include "matmul.h"
#include "../harness/peer.h"

#define SIZE       1024
#define SMALL_SIZE 256 /* for trying out */

#define BASE 64 /* no dimension of a product that is computed as a whole is greater */

/* From a row to the next: at a power of two they would share a few sets of the cache. */
#define STRIDE (SIZE + 8)

static double a[SIZE * STRIDE], b[SIZE * STRIDE], c[SIZE * STRIDE];

static int size(void)
{
	return peer_shrunk() ? SMALL_SIZE : SIZE;
}

/* An element between 0 and 15. */
static double element(int i, int j, unsigned which)
{
	return (((unsigned)i * 2654435761u + (unsigned)j * 40503u + which) * 2246822519u) >> 28;
}

struct matmul matmul_make(void)
{
	int n = size();

	for (int i = 0; i < n; i++) {
		for (int j = 0; j < n; j++) {
			a[i * STRIDE + j] = element(i, j, 0);
			b[i * STRIDE + j] = element(i, j, 1);
			c[i * STRIDE + j] = element(i, j, 2);
		}
	}
	peer_peak_from_here();
	return (struct matmul){c, a, b, n, n, n};
}

enum matmul_split matmul_split(const struct matmul *p, struct matmul half[2])
{
	if (p->m <= BASE && p->n <= BASE && p->k <= BASE)
		return MATMUL_WHOLE;
	half[0] = half[1] = *p;
	if (p->m >= p->n && p->m >= p->k) {
		half[0].m = half[1].m = p->m / 2;
		half[1].a += (ptrdiff_t)half[0].m * STRIDE;
		half[1].c += (ptrdiff_t)half[0].m * STRIDE;
		return MATMUL_APART;
	}
	if (p->n >= p->k) {
		half[0].n = half[1].n = p->n / 2;
		half[1].b += half[0].n;
		half[1].c += half[0].n;
		return MATMUL_APART;
	}
	half[0].k = half[1].k = p->k / 2;
	half[1].a += half[0].k;
	half[1].b += (ptrdiff_t)half[0].k * STRIDE;
	return MATMUL_IN_TURN;
}

/* Two numbers, as every processor with vectors has them. */
typedef double pair __attribute__((vector_size(16), aligned(8), may_alias));

/* Four rows by four columns of C in registers, over all of k: eight pairs are as many as fit beside those of A and B
 * into sixteen registers. */
static inline void tile(double *ct, const double *at, const double *bt, int k)
{
	pair sum[4][2];

	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 2; j++)
			sum[i][j] = *(const pair *)&ct[i * STRIDE + 2 * j];
	for (int l = 0; l < k; l++) {
		pair left = *(const pair *)&bt[l * STRIDE], right = *(const pair *)&bt[l * STRIDE + 2];
		for (int i = 0; i < 4; i++) {
			double x = at[i * STRIDE + l];
			sum[i][0] += x * left;
			sum[i][1] += x * right;
		}
	}
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 2; j++)
			*(pair *)&ct[i * STRIDE + 2 * j] = sum[i][j];
}

void matmul_base(const struct matmul *p)
{
	for (int i = 0; i < p->m; i += 4)
		for (int j = 0; j < p->n; j += 4)
			tile(&p->c[i * STRIDE + j], &p->a[i * STRIDE], &p->b[j], p->k);
}

/* A vector of numbers between 0 and 15. */
static double of_vector(int i)
{
	return element(i, i, 3);
}

static double row_times(const double *row, const double *x, int n)
{
	double sum = 0;
	for (int j = 0; j < n; j++)
		sum += row[j] * x[j];
	return sum;
}

void matmul_result(const struct matmul *whole, double ns)
{
	static double x[SIZE], bx[SIZE], before[SIZE];
	const char *params = peer_shrunk() ? "n=256" : NULL;
	int n = whole->m;

	peer_result("ms", "ms", ns / 1e6, params);
	peer_peak_result(params);
	for (int i = 0; i < n; i++)
		x[i] = of_vector(i);
	for (int i = 0; i < n; i++)
		bx[i] = row_times(&b[i * STRIDE], x, n);
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < n; j++)
			before[j] = element(i, j, 2);
		double got = row_times(&c[i * STRIDE], x, n) - row_times(before, x, n);
		peer_check("a row of C x", (int64_t)got, (int64_t)row_times(&a[i * STRIDE], bx, n));
	}
}
