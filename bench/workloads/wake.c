/* SPDX-License-Identifier: MIT
 *
 * wake.c - the workload wake: a sticky fiber unparks a sticky one on the other worker, which has been idle for 200 us
 * (the waker computes meanwhile). From just before the unpark until the woken fiber runs. Checked: all wakes, and that
 * the two are on different workers.
 */
#include "coir.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct bell {
	coir_fiber sleeper;
	atomic_int where; /* the sleeper's worker; -1: it has not started */
	_Alignas(64) atomic_long heard;
	double rung;
	long n;
	double *late;
};

static intptr_t sleeper(void *arg)
{
	struct bell *b = arg;

	atomic_store_explicit(&b->where, coir_worker(), memory_order_release);
	for (long i = 0; i < b->n; i++) {
		coir_park();
		b->late[i] = peer_now() - b->rung;
		atomic_store_explicit(&b->heard, i + 1, memory_order_release);
	}
	return b->n;
}

/* Returns -1 if it came to the sleeper's own worker. */
static intptr_t waker(void *arg)
{
	struct bell *b = arg;

	if (coir_worker() == atomic_load(&b->where))
		return -1;
	for (long i = 0; i < b->n; i++) {
		peer_spin_until(peer_now() + PEER_IDLE_NS);
		b->rung = peer_now();
		coir_unpark(b->sleeper);
		while (atomic_load_explicit(&b->heard, memory_order_acquire) != i + 1)
			;
	}
	return b->n;
}

/* Once this worker spins, the other one must take the sleeper; it then has the sleeper for good. */
static void part(struct bell *b, const coir_attr *sticky)
{
	atomic_store(&b->where, -1);
	b->sleeper = bench_spawn(sticky, sleeper, b);
	while (atomic_load_explicit(&b->where, memory_order_acquire) < 0)
		;
}

void bench_wake(void)
{
	struct bell b = {.n = peer_rounds(4000)};
	coir_attr sticky = COIR_ATTR_INIT;
	intptr_t rings = -1;

	sticky.sticky = true;
	b.late = calloc((size_t)b.n, sizeof(*b.late));
	if (!b.late)
		peer_ok("calloc", ENOMEM);
	part(&b, &sticky);
	for (int tries = 0; rings < 0 && tries < 1000; tries++)
		rings = bench_join(bench_spawn(&sticky, waker, &b));
	peer_check("wakes from another worker", rings, b.n);
	peer_check("wakes", bench_join(b.sleeper), b.n);
	peer_latencies(b.late, b.n);
	free(b.late);
}
