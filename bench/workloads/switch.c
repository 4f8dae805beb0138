/* SPDX-License-Identifier: MIT
 *
 * switch.c - the workload `switch`: two contexts switch to each other directly, from two sites, without a scheduler.
 *
 * A program of its own: coiri_arch_switch is no public call, so this is linked with the internals. The post action is
 * empty, as in a yield the least it can be. Checked: the other side counts its switches.
 */
#include "../harness/peer.h"
#include "arch/arch.h"

#include <stdlib.h>

static void *here, *there; /* suspended contexts */
static long switches;

static void bounce(void)
{
	for (;;) {
		switches++;
		coiri_arch_switch(&there, here, NULL, NULL);
	}
}

static void bench_switch(void)
{
	static _Alignas(64) char stack[32768];
	long n = peer_rounds(20000000) / 2;

	switches = 0;
	coiri_arch_fp_capture();
	there = coiri_arch_make(stack + sizeof(stack), bounce);
	double start = peer_now();
	for (long i = 0; i < n; i++)
		coiri_arch_switch(&here, there, NULL, NULL);
	double ns = peer_now() - start;
	peer_check("switches", switches, n);
	peer_result("ns/switch", "ns", ns / (double)(2 * n), NULL);
}

int main(int argc, char **argv)
{
	static const struct peer_workload workloads[] = {
		{"switch", 1, 1, bench_switch},
		{NULL, 0, 0, NULL},
	};
	return peer_main(argc, argv, workloads, NULL);
}
