/* SPDX-License-Identifier: MIT
 *
 * limit.c - the peer "limit": what the hardware allows, with everything left out that a runtime needs.
 *
 * switch, yield: a switch written by hand into the function that makes it. It tells the compiler that every register
 * is lost, so that only what is live gets saved, and it jumps, so that no return is mispredicted. The yields go round
 * a fixed ring of such contexts, without a scheduler. wake: the sleeper spins. Each context counts its rounds; the
 * counts are the check.
 */
#include "../harness/peer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

/* What a switch keeps. The frame pointer is here because asm cannot name it as lost. */
struct context {
	void *sp, *ip, *bp;
};

struct fiber {
	struct context context;
	struct fiber *next;
	int index;
};

static inline __attribute__((always_inline)) void swap(struct context *from, struct context *to)
{
	asm volatile("lea 1f(%%rip), %%rax\n\t"
		     "mov %%rsp, 0(%0)\n\t"
		     "mov %%rax, 8(%0)\n\t"
		     "mov %%rbp, 16(%0)\n\t"
		     "mov 0(%1), %%rsp\n\t"
		     "mov 16(%1), %%rbp\n\t"
		     "jmp *8(%1)\n\t"
		     "1:"
		     : "+D"(from), "+S"(to)
		     :
		     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1",
		       "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
		       "xmm13", "xmm14", "xmm15", "memory", "cc");
}

/* ---- switch ---- */

static struct context here, there;
static long switches_there;

static void bounce(void)
{
	for (;;) {
		switches_there++;
		swap(&there, &here);
	}
}

static void prepare(struct context *c, void *stack, size_t size, void (*fn)(void))
{
	c->sp = (char *)stack + size - 8; /* as if called: rsp + 8 is 16-aligned */
	c->ip = (void *)fn;
	c->bp = NULL;
}

static void bench_switch(void)
{
	static _Alignas(64) char stack[16384];
	long n = peer_rounds(20000000) / 2;

	switches_there = 0;
	prepare(&there, stack, sizeof(stack), bounce);
	double start = peer_now();
	for (long i = 0; i < n; i++)
		swap(&here, &there);
	double ns = peer_now() - start;
	peer_check("switches", switches_there, n);
	peer_result("ns/switch", "ns", ns / (double)(2 * n), NULL);
}

/* ---- yield: a ring ---- */

#define STRIDE  ((size_t)68 << 10) /* an odd number of pages; a power of two collides in the caches */
#define COLOURS 8

static struct context home;
static struct fiber *current;
static long rounds;
static int fibers, ended;
static int32_t counts[1000];
static struct peer_spread spread;

static inline __attribute__((always_inline)) void yield(void)
{
	struct fiber *self = current;
	current = self->next;
	swap(&self->context, &current->context);
}

static void end(void)
{
	for (;;) {
		if (++ended == fibers)
			swap(&current->context, &home);
		yield();
	}
}

static void ring_fiber(void)
{
	int self = current->index;
	int32_t look = fibers > 2 ? peer_first_look(self) : -1;

	for (int32_t k = 0; k < rounds; k++) {
		counts[self] = k;
		if (k == look) {
			peer_look(&spread);
			look += fibers;
		}
		yield();
	}
	counts[self] = (int32_t)rounds;
	end();
}

/* Another function on purpose: return prediction differs. */
static void other_fiber(void)
{
	int32_t *count = &counts[current->index];

	*count = 0;
	while (*count < rounds) {
		++*count;
		yield();
	}
	end();
}

static void ring(int n, long full_rounds, void (*second)(void))
{
	size_t size = (size_t)n * STRIDE + STRIDE;
	char *stacks = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct fiber *f = calloc((size_t)n, sizeof(*f));

	if (stacks == MAP_FAILED || !f)
		peer_ok("memory", ENOMEM);
	fibers = n;
	ended = 0;
	rounds = peer_rounds(full_rounds);
	spread = (struct peer_spread){counts, n, 0};
	for (int i = 0; i < n; i++) {
		size_t colour = (size_t)(i % COLOURS) * 64;
		f[i].next = &f[(i + 1) % n];
		f[i].index = i;
		counts[i] = 0;
		prepare(&f[i].context, stacks + (size_t)i * STRIDE, STRIDE - colour, i == 1 ? second : ring_fiber);
	}
	current = &f[0];
	double start = peer_now();
	swap(&home, &current->context);
	double ns = peer_now() - start;
	long sum = 0;
	for (int i = 0; i < n; i++)
		sum += counts[i];
	peer_check("yields", sum, n * rounds);
	peer_result("ns/yield", "ns", ns / (double)(n * rounds), NULL);
	if (n > 2)
		peer_result("spread", "yields", spread.worst, NULL);
	munmap(stacks, size);
	free(f);
}

static void yield2(void)
{
	ring(2, 5000000, ring_fiber);
}

static void yield2x(void)
{
	ring(2, 5000000, other_fiber);
}

static void yield1000(void)
{
	ring(1000, 5000, ring_fiber);
}

/* ---- wake ---- */

struct bell {
	_Atomic long rung;
	_Alignas(64) _Atomic long heard;
	double at;
	long n;
	double *late;
};

static void *sleeper(void *arg)
{
	struct bell *b = arg;

	for (long i = 0; i < b->n; i++) {
		while (atomic_load_explicit(&b->rung, memory_order_acquire) != i + 1)
			__builtin_ia32_pause();
		b->late[i] = peer_now() - b->at;
		atomic_store_explicit(&b->heard, i + 1, memory_order_release);
	}
	return NULL;
}

static void wake(void)
{
	struct bell b = {.n = peer_rounds(4000)};
	pthread_t thread;

	b.late = calloc((size_t)b.n, sizeof(*b.late));
	peer_ok("pthread_create", pthread_create(&thread, NULL, sleeper, &b));
	for (long i = 0; i < b.n; i++) {
		peer_spin_until(peer_now() + PEER_IDLE_NS);
		b.at = peer_now();
		atomic_store_explicit(&b.rung, i + 1, memory_order_release);
		while (atomic_load_explicit(&b.heard, memory_order_acquire) != i + 1)
			__builtin_ia32_pause();
	}
	peer_ok("pthread_join", pthread_join(thread, NULL));
	peer_check("wakes", atomic_load(&b.heard), b.n);
	peer_latencies(b.late, b.n);
	free(b.late);
}

int main(int argc, char **argv)
{
	static const struct peer_workload workloads[] = {
		{"switch", 1, 1, bench_switch}, {"yield2", 1, 1, yield2}, {"yield2x", 1, 1, yield2x},
		{"yield1000", 1, 1, yield1000}, {"wake", 2, 2, wake},     {NULL, 0, 0, NULL},
	};
	return peer_main(argc, argv, workloads, NULL);
}
