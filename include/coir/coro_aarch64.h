/* SPDX-License-Identifier: MIT
 *
 * coir/coro_aarch64.h - the switch of coir/coro_switch.h for the AAPCS64.
 *
 * On both sides x0 is the coroutine, x1 the value, x2 the code: the arguments of a coroutine's first function. x29 and
 * x19 are kept by hand, because compilers address frames by them and refuse them as clobbers; every other register is
 * for the compiler to save, if it has something in it. The jump goes through x16 to `bti j` (hint 36), or to a
 * function's `bti c`, which that register may reach too.
 */
#ifndef COIR_CORO_AARCH64_H
#define COIR_CORO_AARCH64_H

#define COIRI_CORO_SELF  "x0"
#define COIRI_CORO_VALUE "x1"
#define COIRI_CORO_CODE  "x2"
#define COIRI_CORO_OTHER "x3"

/* Saves the context at base + save and goes to the one at self + go; which is empty from then on. */
#define COIRI_CORO_SWITCH(base, save, go)             \
	"adr x4, 1f\n\t"                              \
	"mov x5, sp\n\t"                              \
	"ldp x16, x6, [x0, #" #go "]\n\t"             \
	"stp x4, x5, [" base ", #" #save "]\n\t"      \
	"stp x29, x19, [" base ", #" #save "+16]\n\t" \
	"ldp x29, x19, [x0, #" #go "+16]\n\t"         \
	"mov sp, x6\n\t"                              \
	"str xzr, [x0, #" #go "]\n\t"                 \
	"br x16\n"                                    \
	"1:\thint #36"

/* The calling thread's coir_coro_exceptions_1, read anew each time: after a switch the thread may be another one. */
COIRI_CORO_INLINE void **coiri_coro_exceptions(void)
{
	void **words;
	uintptr_t offset;
	__asm__ volatile("mrs %0, tpidr_el0\n\t"
			 "adrp %1, :gottprel:coir_coro_exceptions_1\n\t"
			 "ldr %1, [%1, :gottprel_lo12:coir_coro_exceptions_1]\n\t"
			 "ldr %0, [%0, %1]"
			 : "=&r"(words), "=&r"(offset));
	return words;
}

#ifdef __ARM_FEATURE_SVE
#define COIRI_CORO_CLOBBERS_SVE \
	, "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", "ffr"
#else
#define COIRI_CORO_CLOBBERS_SVE
#endif

/* Besides the four above. v0 to v31 with SVE are z0 to z31. */
#define COIRI_CORO_CLOBBERS                                                                                          \
	"x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x20",    \
		"x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5",   \
		"v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", \
		"v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc",                   \
		"memory" COIRI_CORO_CLOBBERS_SVE

#endif
