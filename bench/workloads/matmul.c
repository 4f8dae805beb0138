/* SPDX-License-Identifier: MIT
 *
 * matmul.c - the workload matmul: matrices are multiplied by halves, down to blocks, a fiber for one of two halves that
 * can be computed at the same time. work/matmul.h has the matrices. Checked: a product of the result and a vector.
 */
#include "../work/matmul.h"
#include "coir.h"

static intptr_t multiply(void *arg)
{
	struct matmul half[2];

	switch (matmul_split(arg, half)) {
	case MATMUL_WHOLE:
		matmul_base(arg);
		break;
	case MATMUL_APART: {
		coir_fiber other = bench_spawn(NULL, multiply, &half[1]);
		multiply(&half[0]);
		bench_join(other);
		break;
	}
	case MATMUL_IN_TURN:
		multiply(&half[0]);
		multiply(&half[1]);
		break;
	}
	return 0;
}

void bench_matmul(void)
{
	struct matmul whole = matmul_make();

	double start = peer_now();
	multiply(&whole);
	matmul_result(&whole, peer_now() - start);
}
