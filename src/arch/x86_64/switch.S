/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/switch.S - the switch for the System V ABI. The contract is in arch/arch.h, the frame in frame.h.
 *
 * Floating point: the x87 control word is stored at each switch (nearly free); reading MXCSR costs more than all the rest (it
 * drains the pipeline), so it is read only if the x87 word says that the fiber left the default: every <fenv.h> function changes
 * both. Loading both is free, so nothing leaks into the resumed side. coir_keep_fp sets a bit of the x87 word that
 * means nothing to the processor (12, infinity control of the 80287), which makes the word differ for good.
 *
 * Control-flow enforcement: `notrack jmp`, because a resume address is the return address of a call and has no
 * endbr64; the objects do not claim shadow-stack support, so a process with it off stays as it is.
 */
#include "frame.h"

	.text

	/* Saves the callee-saved registers of the caller below its return address. */
	.macro save_context
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r15, 0
	pushq	coiri_fp_default(%rip)
	.cfi_adjust_cfa_offset 8
	fnstcw	4(%rsp)
	movzwl	4(%rsp), %eax
	cmpw	coiri_fp_default+4(%rip), %ax
	jne	1f
2:
	.endm

	/* The unlikely half of save_context. */
	.macro save_context_cold
1:	stmxcsr	(%rsp)
	jmp	2b
	.endm

	.macro restore_context
	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	movswl	FRAME_RESULT(%rsp), %eax
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	.endm

	/* The rules that hold once the stack pointer is that of a suspended context. A debugger that wants to walk a parked fiber sets
	 * the stack pointer to its saved one and the program counter to coiri_arch_parked. */
	.macro cfi_suspended
	.cfi_def_cfa rsp, FRAME_SIZE
	.cfi_offset r15, -56
	.cfi_offset r14, -48
	.cfi_offset r13, -40
	.cfi_offset r12, -32
	.cfi_offset rbx, -24
	.cfi_offset rbp, -16
	.cfi_offset rip, -8
	.endm

/* int coiri_arch_switch(void **save: rdi, void *to: rsi, coiri_post post: rdx, void *arg: rcx) */
	.globl	coiri_arch_switch
	.hidden	coiri_arch_switch
	.globl	coiri_arch_parked
	.hidden	coiri_arch_parked
	.type	coiri_arch_switch, @function
	.p2align 6
coiri_arch_switch:
	.cfi_startproc
	endbr64
	save_context
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	movq	%rdi, %rsi
	movq	%rcx, %rdi
	testq	%rdx, %rdx
	jz	coiri_arch_parked
	call	*%rdx
coiri_arch_parked:
	restore_context
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, rcx
	notrack jmp *%rcx
	.cfi_def_cfa rsp, FRAME_SIZE
	.cfi_offset r15, -56
	.cfi_offset r14, -48
	.cfi_offset r13, -40
	.cfi_offset r12, -32
	.cfi_offset rbx, -24
	.cfi_offset rbp, -16
	.cfi_offset rip, -8
	save_context_cold
	.cfi_endproc
	.size	coiri_arch_switch, .-coiri_arch_switch

/* void coiri_arch_leave(void *to: rdi, coiri_post post: rsi, void *arg: rdx) */
	.globl	coiri_arch_leave
	.hidden	coiri_arch_leave
	.type	coiri_arch_leave, @function
	.p2align 6
coiri_arch_leave:
	.cfi_startproc
	endbr64
	movq	%rdi, %rsp
	cfi_suspended
	movq	%rdx, %rdi
	call	*%rsi
	restore_context
	ret
	.cfi_endproc
	.size	coiri_arch_leave, .-coiri_arch_leave

/* The first resume address of a fiber: calls the entry that coiri_arch_make left in rbx. The outermost frame. */
	.globl	coiri_arch_entry
	.hidden	coiri_arch_entry
	.type	coiri_arch_entry, @function
	.p2align 4
coiri_arch_entry:
	.cfi_startproc
	.cfi_personality 0x1b, coiri_arch_personality
	.cfi_undefined rip
	.cfi_undefined rbp
	endbr64
	xorl	%ebp, %ebp
	call	*%rbx
	ud2
	.cfi_endproc
	.size	coiri_arch_entry, .-coiri_arch_entry

/* intptr_t coiri_arch_call_entry(intptr_t (*fn)(void *): rdi, void *arg: rsi) */
	.globl	coiri_arch_call_entry
	.hidden	coiri_arch_call_entry
	.type	coiri_arch_call_entry, @function
	.p2align 4
coiri_arch_call_entry:
	.cfi_startproc
	.cfi_personality 0x1b, coiri_arch_personality
	endbr64
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	movq	%rdi, %rax
	movq	%rsi, %rdi
	xorl	%ebp, %ebp
	.cfi_remember_state
	.cfi_undefined rip
	.cfi_undefined rbp
	call	*%rax
	.cfi_restore_state
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	coiri_arch_call_entry, .-coiri_arch_call_entry

/* intptr_t coiri_arch_call_on(void *top: rdi, intptr_t (*fn)(void *): rsi, void *arg: rdx) */
	.globl	coiri_arch_call_on
	.hidden	coiri_arch_call_on
	.type	coiri_arch_call_on, @function
	.p2align 4
coiri_arch_call_on:
	.cfi_startproc
	endbr64
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	movq	%rsp, %rbp
	.cfi_def_cfa_register rbp
	movq	%rdi, %rsp
	movq	%rdx, %rdi
	call	*%rsi
	movq	%rbp, %rsp
	popq	%rbp
	.cfi_restore rbp
	.cfi_def_cfa rsp, 8
	ret
	.cfi_endproc
	.size	coiri_arch_call_on, .-coiri_arch_call_on

/* void coiri_arch_wipe_below(void *low: rdi) */
	.globl	coiri_arch_wipe_below
	.hidden	coiri_arch_wipe_below
	.type	coiri_arch_wipe_below, @function
	.p2align 4
coiri_arch_wipe_below:
	.cfi_startproc
	endbr64
	movq	%rsp, %rcx
	subq	%rdi, %rcx
	jbe	1f
	xorl	%eax, %eax
	cld
	rep stosb
1:	ret
	.cfi_endproc
	.size	coiri_arch_wipe_below, .-coiri_arch_wipe_below

	.section .note.GNU-stack, "", @progbits

	/* The objects are IBT-clean (endbr64 at every indirect target) and do not claim SHSTK. */
	.section .note.gnu.property, "a"
	.p2align 3
	.long	4
	.long	16
	.long	5
	.asciz	"GNU"
	.long	0xc0000002
	.long	4
	.long	1
	.long	0
