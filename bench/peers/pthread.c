/* SPDX-License-Identifier: MIT
 *
 * pthread.c - the peer "pthread": kernel threads where coir has fibers, in smaller numbers (params say so).
 * park is a bare futex, and so is wake. Every thread leaves a count or a result; the sums are the check.
 */
#include "../harness/peer.h"
#include "pthread_peer.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK ((size_t)64 << 10)

static pthread_attr_t small_stack;

pthread_t thread_spawn(void *(*fn)(void *), void *arg)
{
	pthread_t t;
	peer_ok("pthread_create", pthread_create(&t, &small_stack, fn, arg));
	return t;
}

void thread_join(pthread_t t)
{
	peer_ok("pthread_join", pthread_join(t, NULL));
}

/* ---- yield ---- */

static long rounds;
static int32_t counts[1000];
static struct peer_spread spread;

static void *yielder(void *arg)
{
	int32_t *count = arg, look = spread.fibers > 2 ? peer_first_look((int)(count - counts)) : -1;

	for (int32_t k = 0; k < rounds; k++) {
		*count = k;
		if (k == look) {
			peer_look(&spread);
			look += spread.fibers;
		}
		sched_yield();
	}
	*count = (int32_t)rounds;
	return NULL;
}

static void yields(int threads, long full_rounds, const char *params)
{
	pthread_t t[1000];
	long sum = 0;

	rounds = peer_rounds(full_rounds);
	spread = (struct peer_spread){counts, threads, 0};
	double start = peer_now();
	for (int i = 0; i < threads; i++)
		t[i] = thread_spawn(yielder, &counts[i]);
	for (int i = 0; i < threads; i++)
		thread_join(t[i]);
	double ns = peer_now() - start;
	for (int i = 0; i < threads; i++)
		sum += counts[i];
	peer_check("yields", sum, threads * rounds);
	peer_result("ns/yield", "ns", ns / (double)(threads * rounds), params);
	if (threads > 2)
		peer_result("spread", "yields", spread.worst, params);
}

static void yield2(void)
{
	yields(2, 500000, "rounds=500000");
}

static void yield1000(void)
{
	yields(1000, 500, "rounds=500");
}

/* ---- park: a permit in a futex word ---- */

struct permit {
	_Alignas(64) atomic_uint word;
};

static void park(struct permit *p)
{
	while (atomic_exchange_explicit(&p->word, 0, memory_order_acquire) == 0)
		syscall(SYS_futex, &p->word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void unpark(struct permit *p)
{
	if (atomic_exchange_explicit(&p->word, 1, memory_order_release) == 0)
		syscall(SYS_futex, &p->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static struct permit permits[2];
static long trips[2];

static void *partner(void *arg)
{
	for (long i = 0; i < rounds; i++) {
		park(&permits[1]);
		trips[1]++;
		unpark(&permits[0]);
	}
	return arg;
}

static void parkpair(void)
{
	rounds = peer_rounds(50000);
	trips[0] = trips[1] = 0;
	double start = peer_now();
	pthread_t t = thread_spawn(partner, NULL);
	for (long i = 0; i < rounds; i++) {
		unpark(&permits[1]);
		park(&permits[0]);
		trips[0]++;
	}
	thread_join(t);
	double ns = peer_now() - start;
	peer_check("round trips", trips[0] + trips[1], 2 * rounds);
	peer_result("ns/roundtrip", "ns", ns / (double)rounds, "rounds=50000");
}

/* ---- spawn and join ---- */

static void *empty(void *arg)
{
	++*(long *)arg;
	return NULL;
}

static void spawn_rounds(long n, int threads, const char *params)
{
	static long ran[1000];
	pthread_t t[1000];
	long sum = 0;

	for (int k = 0; k < threads; k++)
		ran[k] = 0;
	double start = peer_now();
	for (long i = 0; i < n; i++) {
		for (int k = 0; k < threads; k++)
			t[k] = thread_spawn(empty, &ran[k]);
		for (int k = 0; k < threads; k++)
			thread_join(t[k]);
	}
	double ns = peer_now() - start;
	for (int k = 0; k < threads; k++)
		sum += ran[k];
	peer_check("threads run", sum, n * threads);
	peer_result("ns/fiber", "ns", ns / (double)(n * threads), params);
}

static void spawnjoin1(void)
{
	spawn_rounds(peer_rounds(20000), 1, "rounds=20000");
}

static void spawnjoin1000(void)
{
	spawn_rounds(peer_rounds(20), 1000, "rounds=20");
}

struct call {
	int n;
	long result;
};

static void *fib_of(void *arg)
{
	struct call *c = arg;

	if (c->n < 2) {
		c->result = c->n;
		return NULL;
	}
	struct call a = {c->n - 1, 0}, b = {c->n - 2, 0};
	pthread_t t = thread_spawn(fib_of, &a);
	fib_of(&b);
	thread_join(t);
	c->result = a.result + b.result;
	return NULL;
}

static void fib(void)
{
	struct call c = {peer_fib_n(18), 0};

	double start = peer_now();
	fib_of(&c);
	peer_fib_result(c.n, c.result, peer_now() - start);
}

/* ---- mem ---- */

static atomic_long parked;

static __attribute__((noinline)) long small_call(long n)
{
	asm volatile("" : "+r"(n));
	return n + 1;
}

static void *park_for_ever(void *arg)
{
	atomic_fetch_add(&parked, small_call(0));
	for (;;)
		pause();
	return arg;
}

static void mem(void)
{
	long n = peer_rounds(10000);

	if (peer_warming())
		return;
	int64_t before = peer_memory();
	for (long i = 0; i < n; i++)
		pthread_detach(thread_spawn(park_for_ever, NULL));
	while (atomic_load(&parked) < n)
		sched_yield();
	int64_t after = peer_memory();
	peer_check("parked", atomic_load(&parked), n);
	peer_result("bytes/fiber", "bytes", (double)(after - before) / (double)n, "n=10000");
}

/* ---- wake ---- */

static double rung;
static atomic_long heard;

static void *sleeper(void *arg)
{
	double *late = arg;

	for (long i = 0; i < rounds; i++) {
		park(&permits[1]);
		late[i] = peer_now() - rung;
		atomic_store_explicit(&heard, i + 1, memory_order_release);
	}
	return NULL;
}

static void wake(void)
{
	double *late = calloc(4000, sizeof(*late));

	rounds = peer_rounds(4000);
	atomic_store(&heard, 0);
	pthread_t t = thread_spawn(sleeper, late);
	for (long i = 0; i < rounds; i++) {
		peer_spin_until(peer_now() + PEER_IDLE_NS);
		rung = peer_now();
		unpark(&permits[1]);
		while (atomic_load_explicit(&heard, memory_order_acquire) != i + 1)
			;
	}
	thread_join(t);
	peer_check("wakes", atomic_load(&heard), rounds);
	peer_latencies(late, rounds);
	free(late);
}

/* ---- mutex ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *locker(void *arg)
{
	for (long i = 0; i < rounds; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
	}
	return arg;
}

static void mutex(void)
{
	pthread_t t[PEER_LOCKERS];

	rounds = peer_rounds(20000);
	counter = 0;
	double start = peer_now();
	for (int i = 0; i < PEER_LOCKERS; i++)
		t[i] = thread_spawn(locker, NULL);
	for (int i = 0; i < PEER_LOCKERS; i++)
		thread_join(t[i]);
	double ns = peer_now() - start;
	peer_check("counter", counter, PEER_LOCKERS * rounds);
	peer_result("ns/op", "ns", ns / (double)(PEER_LOCKERS * rounds), NULL);
}

int main(int argc, char **argv)
{
	static const struct peer_workload workloads[] = {
		{"yield2", 1, 1, yield2},
		{"yield1000", 1, 1, yield1000},
		{"parkpair", 1, 1024, parkpair},
		{"spawnjoin1", 1, 1024, spawnjoin1},
		{"spawnjoin1000", 1, 1024, spawnjoin1000},
		{"fib", 1, 1024, fib},
		{"mem", 1, 1, mem},
		{"wake", 2, 2, wake},
		{"pingpong", 1, 1024, bench_pingpong},
		{"chan_spsc", 1, 1024, bench_chan_spsc},
		{"chan_mpmc", 1, 1024, bench_chan_mpmc},
		{"mutex", 1, 1024, mutex},
		{NULL, 0, 0, NULL},
	};
	pthread_attr_init(&small_stack);
	peer_ok("pthread_attr_setstacksize", pthread_attr_setstacksize(&small_stack, STACK));
	return peer_main(argc, argv, workloads, NULL);
}
