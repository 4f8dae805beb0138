/* SPDX-License-Identifier: MIT
 *
 * task/reduce.c - the parallel reduction.
 */
#include "task/range.h"

#include <errno.h>
#include <string.h>

int coir_parallel_reduce(int64_t begin, int64_t end, int64_t grain, const coir_reduction *reduction, void *out)
{
	if (begin > end || grain < 0 || !reduction || !out)
		return -EINVAL;
	if (reduction->size == 0 || !reduction->identity || !reduction->body || !reduction->combine)
		return -EINVAL;
	memcpy(out, reduction->identity, reduction->size);
	return coiri_range_run(begin, end, grain, reduction, out);
}
