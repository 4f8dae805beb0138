/* SPDX-License-Identifier: MIT
 *
 * matmul.h - the matrices of the workload matmul, for every system: C += A B by halving the greatest dimension, which
 * makes every block fit into every cache at some depth. Halves of the rows or of the columns can be computed at the same
 * time; halves of what is summed over add to the same C, so one comes after the other.
 */
#ifndef BENCH_MATMUL_H
#define BENCH_MATMUL_H

#ifdef __cplusplus
extern "C" {
#endif

/* C, of m x n, += A, of m x k, times B, of k x n: parts of the whole matrices. */
struct matmul {
	double *c;
	const double *a, *b;
	int m, n, k;
};

/* The whole, filled anew. */
struct matmul matmul_make(void);

enum matmul_split { MATMUL_WHOLE, MATMUL_APART, MATMUL_IN_TURN };

/* Whether the product is small enough, else its halves, and whether they may be computed at the same time. */
enum matmul_split matmul_split(const struct matmul *p, struct matmul half[2]);

/* Computes a small product; its dimensions are multiples of four. */
void matmul_base(const struct matmul *p);

/* Checks the whole product and prints the figures. */
void matmul_result(const struct matmul *whole, double ns);

#ifdef __cplusplus
}
#endif

#endif
