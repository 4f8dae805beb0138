/* SPDX-License-Identifier: MIT
 *
 * coir/coro_riscv64.h - the switch of coir/coro_switch.h for the lp64d ABI.
 *
 * On both sides a0 is the coroutine, a1 the value, a2 the code: the arguments of a coroutine's first function. s0 and
 * s1 are kept by hand, because compilers address frames by them and refuse them as clobbers; every other register is
 * for the compiler to save, if it has something in it. The jump goes through t2, which neither counts as a return nor
 * (Zicfilp) wants a landing pad.
 */
#ifndef COIR_CORO_RISCV64_H
#define COIR_CORO_RISCV64_H

#define COIRI_CORO_SELF  "a0"
#define COIRI_CORO_VALUE "a1"
#define COIRI_CORO_CODE  "a2"
#define COIRI_CORO_OTHER "a3"

/* Saves the context at base + save and goes to the one at self + go; which is empty from then on. */
#define COIRI_CORO_SWITCH(base, save, go)   \
	"lla t0, 1f\n\t"                    \
	"ld t2, " #go "(a0)\n\t"            \
	"sd sp, " #save "+8(" base ")\n\t"  \
	"sd s0, " #save "+16(" base ")\n\t" \
	"sd s1, " #save "+24(" base ")\n\t" \
	"sd t0, " #save "(" base ")\n\t"    \
	"ld sp, " #go "+8(a0)\n\t"          \
	"ld s0, " #go "+16(a0)\n\t"         \
	"ld s1, " #go "+24(a0)\n\t"         \
	"sd zero, " #go "(a0)\n\t"          \
	"jr t2\n"                           \
	"1:"

/* The calling thread's coir_coro_exceptions_1, read anew each time: after a switch the thread may be another one. */
COIRI_CORO_INLINE void **coiri_coro_exceptions(void)
{
	void **words;
	__asm__ volatile("la.tls.ie %0, coir_coro_exceptions_1\n\t"
			 "add %0, %0, tp\n\t"
			 "ld %0, 0(%0)"
			 : "=r"(words));
	return words;
}

#ifdef __riscv_vector
#define COIRI_CORO_CLOBBERS_VECTOR                                                                                     \
	, "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", \
		"v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30",      \
		"v31", "vl", "vtype"
#else
#define COIRI_CORO_CLOBBERS_VECTOR
#endif

/* Besides the four above. */
#define COIRI_CORO_CLOBBERS                                                                                           \
	"a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s2", "s3", "s4", "s5", "s6", "s7", "s8",   \
		"s9", "s10", "s11", "ra", "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8", "ft9",       \
		"ft10", "ft11", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", \
		"fa0", "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7", "memory" COIRI_CORO_CLOBBERS_VECTOR

#endif
