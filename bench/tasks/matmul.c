/* SPDX-License-Identifier: MIT
 *
 * matmul.c - the workload matmul: matrices are multiplied by halves, down to blocks, a task for one of two halves that can
 * be computed at the same time. work/matmul.h has the matrices. Checked: a product of the result and a vector.
 */
#include "../work/matmul.h"
#include "task.h"

COIR_TASK_VOID(multiply, const struct matmul *, p)
{
	struct matmul half[2];

	switch (matmul_split(p, half)) {
	case MATMUL_WHOLE:
		matmul_base(p);
		break;
	case MATMUL_APART: {
		COIR_FORK(other, multiply, &half[1]);
		multiply(&half[0]);
		COIR_JOIN(other, multiply);
		break;
	}
	case MATMUL_IN_TURN:
		multiply(&half[0]);
		multiply(&half[1]);
		break;
	}
}

void bench_matmul(void)
{
	struct matmul whole = matmul_make();

	double start = peer_now();
	multiply(&whole);
	matmul_result(&whole, peer_now() - start);
}
