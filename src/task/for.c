/* SPDX-License-Identifier: MIT
 *
 * task/for.c - the parallel loop: a range without anything to add up.
 */
#include "task/range.h"

#include <errno.h>

typedef struct loop {
	int (*body)(int64_t lo, int64_t hi, void *arg);
	void *arg;
} loop;

static int call_body(int64_t lo, int64_t hi, void *acc, void *arg)
{
	const loop *l = arg;
	(void)acc;
	return l->body(lo, hi, l->arg);
}

int coir_parallel_for(int64_t begin, int64_t end, int64_t grain, int (*body)(int64_t lo, int64_t hi, void *arg),
		      void *arg)
{
	if (begin > end || grain < 0 || !body)
		return -EINVAL;
	loop l = {body, arg};
	coir_reduction nothing = {.body = call_body, .arg = &l};
	return coiri_range_run(begin, end, grain, &nothing, NULL);
}
