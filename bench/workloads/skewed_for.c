/* SPDX-License-Identifier: MIT
 *
 * skewed_for.c - the workload skewed_for: a loop whose steps become longer and longer, a fiber for each hundred of them.
 * work/skewed_for.h has the loop. Checked: the sum of the results.
 */
#include "../work/skewed_for.h"
#include "coir.h"

#define CHUNK      100
#define CHUNKS_MAX 1000

struct chunk {
	const struct skewed_for *loop;
	long begin;
};

static intptr_t run(void *arg)
{
	const struct chunk *self = arg;
	long end = self->begin + CHUNK;

	skewed_for_steps(self->loop, self->begin, end < self->loop->n ? end : self->loop->n);
	return 0;
}

void bench_skewed_for(void)
{
	static struct chunk chunk[CHUNKS_MAX];
	static coir_fiber fiber[CHUNKS_MAX];
	struct skewed_for loop = skewed_for_make();
	int chunks = 0;

	double start = peer_now();
	for (long i = 0; i < loop.n; i += CHUNK) {
		chunk[chunks] = (struct chunk){&loop, i};
		fiber[chunks] = bench_spawn(NULL, run, &chunk[chunks]);
		chunks++;
	}
	while (chunks)
		bench_join(fiber[--chunks]);
	skewed_for_result(&loop, peer_now() - start);
}
