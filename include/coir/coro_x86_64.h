/* SPDX-License-Identifier: MIT
 *
 * coir/coro_x86_64.h - the switch of coir/coro_switch.h for the System V ABI.
 *
 * On both sides rdi is the coroutine, rsi the value, rdx the code: the arguments of a coroutine's first function. rbp
 * and rbx are kept by hand, because compilers address frames by them and refuse them as clobbers; every other register
 * is for the compiler to save, if it has something in it. Nothing is pushed: below the stack pointer is the caller's
 * red zone. `notrack`, because the resume address is no function's and has no endbr64.
 */
#ifndef COIR_CORO_X86_64_H
#define COIR_CORO_X86_64_H

#define COIRI_CORO_SELF  "rdi"
#define COIRI_CORO_VALUE "rsi"
#define COIRI_CORO_CODE  "rdx"
#define COIRI_CORO_OTHER "rcx"

/* Saves the context at base + save and goes to the one at self + go; which is empty from then on. */
#define COIRI_CORO_SWITCH(base, save, go)          \
	"leaq 1f(%%rip), %%r8\n\t"                 \
	"movq " #go "(%%rdi), %%rax\n\t"           \
	"movq %%rsp, " #save "+8(%%" base ")\n\t"  \
	"movq %%rbp, " #save "+16(%%" base ")\n\t" \
	"movq %%rbx, " #save "+24(%%" base ")\n\t" \
	"movq %%r8, " #save "(%%" base ")\n\t"     \
	"movq " #go "+8(%%rdi), %%rsp\n\t"         \
	"movq " #go "+16(%%rdi), %%rbp\n\t"        \
	"movq " #go "+24(%%rdi), %%rbx\n\t"        \
	"movq $0, " #go "(%%rdi)\n\t"              \
	"notrack jmp *%%rax\n"                     \
	"1:"

/* The calling thread's coir_coro_exceptions_1, read anew each time: after a switch the thread may be another one. */
COIRI_CORO_INLINE void **coiri_coro_exceptions(void)
{
	void **words;
	__asm__ volatile("movq coir_coro_exceptions_1@gottpoff(%%rip), %0\n\t"
			 "movq %%fs:(%0), %0"
			 : "=r"(words));
	return words;
}

#ifdef __AVX512F__
#define COIRI_CORO_CLOBBERS_512                                                                                       \
	, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", \
		"xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#else
#define COIRI_CORO_CLOBBERS_512
#endif

/* Besides the four above. */
#define COIRI_CORO_CLOBBERS                                                                                        \
	"rax", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "st", "st(1)", "st(2)", "st(3)", "st(4)",     \
		"st(5)", "st(6)", "st(7)", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
		"xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory" COIRI_CORO_CLOBBERS_512

#endif
