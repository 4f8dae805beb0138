/* SPDX-License-Identifier: MIT
 *
 * arch/riscv64/switch.S - the switch for the lp64d ABI. The contract is in arch/arch.h, the frame in frame.h.
 *
 * What is saved: what a called function must keep. The vector unit has no such register; tp and gp are the thread's and the program's.
 *
 * Floating point: of fcsr the rounding mode is control, the flags are of the past; there are no traps. Writing it drains the pipeline on many
 * cores, reading is cheaper. So it is read at each switch and written only if the two sides differ; before the post action, which
 * computes nothing with it, so that one read does for both.
 *
 * The switch resumes by `jr t2`: a jump through ra or t0 would be taken for a return and pop the return-address stack. t2 is also
 * the register that Zicfilp lets jump to a place without a landing pad, as a return address is. Landing pads (Zicfilp) and
 * shadow stacks (Zicfiss) are not claimed.
 */
#include "frame.h"

	.text

	/* Runs the macro for each register in the frame but ra, with its place: \operation register, offset. */
	.macro each_register operation
	\operation s0, FRAME_S0
	\operation s1, FRAME_S1
	\operation s2, FRAME_S1 + 8
	\operation s3, FRAME_S1 + 16
	\operation s4, FRAME_S1 + 24
	\operation s5, FRAME_S1 + 32
	\operation s6, FRAME_S1 + 40
	\operation s7, FRAME_S1 + 48
	\operation s8, FRAME_S1 + 56
	\operation s9, FRAME_S1 + 64
	\operation s10, FRAME_S1 + 72
	\operation s11, FRAME_S1 + 80
	.endm

	.macro each_fp_register operation
	\operation fs0, FRAME_FS0
	\operation fs1, FRAME_FS0 + 8
	\operation fs2, FRAME_FS0 + 16
	\operation fs3, FRAME_FS0 + 24
	\operation fs4, FRAME_FS0 + 32
	\operation fs5, FRAME_FS0 + 40
	\operation fs6, FRAME_FS0 + 48
	\operation fs7, FRAME_FS0 + 56
	\operation fs8, FRAME_FS0 + 64
	\operation fs9, FRAME_FS0 + 72
	\operation fs10, FRAME_FS0 + 80
	\operation fs11, FRAME_FS0 + 88
	.endm

	.macro save register, offset
	sd	\register, \offset(sp)
	.endm

	.macro save_fp register, offset
	fsd	\register, \offset(sp)
	.endm

	.macro load register, offset
	ld	\register, \offset(sp)
	.endm

	.macro load_fp register, offset
	fld	\register, \offset(sp)
	.endm

	.macro cfi_saved register, offset
	.cfi_offset \register, \offset - FRAME_SIZE
	.endm

	.macro cfi_restored register, offset
	.cfi_restore \register
	.endm

	/* The rules that hold once the stack pointer is that of a suspended context. A debugger that wants to walk a parked fiber sets
	 * the stack pointer to its saved one and the program counter to coiri_arch_parked. */
	.macro cfi_suspended
	.cfi_def_cfa sp, FRAME_SIZE
	.cfi_offset ra, FRAME_RESUME - FRAME_SIZE
	each_register cfi_saved
	each_fp_register cfi_saved
	.endm

	/* Saves the callee-saved registers of the caller and its return address; leaves the rounding mode in t0. */
	.macro save_context
	addi	sp, sp, -FRAME_SIZE
	.cfi_def_cfa_offset FRAME_SIZE
	frrm	t0
	sd	ra, FRAME_RESUME(sp)
	each_register save
	each_fp_register save_fp
	sd	t0, FRAME_FP(sp)
	cfi_suspended
	.endm

	/* On the new stack, rounding mode in t0: sets that of the context, if it is another. s0 becomes the frame pointer of the post action's
	 * caller, which is this frame. */
	.macro enter_context
	lw	t1, FRAME_FP(sp)
	addi	s0, sp, FRAME_SIZE
	bne	t0, t1, 1f
2:
	.endm

	/* The unlikely half of enter_context. */
	.macro enter_context_cold
1:	fsrm	t1
	j	2b
	.endm

	/* The resume address goes to \resume; the caller says by .cfi where ra is. */
	.macro restore_context resume
	ld	\resume, FRAME_RESUME(sp)
	each_register load
	each_fp_register load_fp
	lw	a0, FRAME_RESULT(sp)
	addi	sp, sp, FRAME_SIZE
	each_register cfi_restored
	each_fp_register cfi_restored
	.cfi_def_cfa_offset 0
	.endm

/* int coiri_arch_switch(void **save: a0, void *to: a1, coiri_post post: a2, void *arg: a3) */
	.globl	coiri_arch_switch
	.hidden	coiri_arch_switch
	.globl	coiri_arch_parked
	.hidden	coiri_arch_parked
	.type	coiri_arch_switch, @function
	.p2align 6
coiri_arch_switch:
	.cfi_startproc
	save_context
	sd	sp, 0(a0)
	mv	sp, a1
	enter_context
	mv	a1, a0
	mv	a0, a3
	beqz	a2, coiri_arch_parked
	jalr	a2
coiri_arch_parked:
	.cfi_remember_state
	restore_context t2
	.cfi_register ra, t2
	jr	t2
	.cfi_restore_state
	enter_context_cold
	.cfi_endproc
	.size	coiri_arch_switch, .-coiri_arch_switch

/* void coiri_arch_leave(void *to: a0, coiri_post post: a1, void *arg: a2) */
	.globl	coiri_arch_leave
	.hidden	coiri_arch_leave
	.type	coiri_arch_leave, @function
	.p2align 6
coiri_arch_leave:
	.cfi_startproc
	frrm	t0
	mv	sp, a0
	cfi_suspended
	enter_context
	mv	a0, a2
	jalr	a1
	.cfi_remember_state
	restore_context ra
	.cfi_restore ra
	ret
	.cfi_restore_state
	enter_context_cold
	.cfi_endproc
	.size	coiri_arch_leave, .-coiri_arch_leave

/* The first resume address of a fiber: calls the entry that coiri_arch_make left in s1. The outermost frame; s0 came as 0. */
	.globl	coiri_arch_entry
	.hidden	coiri_arch_entry
	.type	coiri_arch_entry, @function
	.p2align 4
coiri_arch_entry:
	.cfi_startproc
	.cfi_personality 0x1b, coiri_arch_personality
	.cfi_undefined ra
	.cfi_undefined s0
	jalr	s1
	unimp
	.cfi_endproc
	.size	coiri_arch_entry, .-coiri_arch_entry

/* intptr_t coiri_arch_call_entry(intptr_t (*fn)(void *): a0, void *arg: a1) */
	.globl	coiri_arch_call_entry
	.hidden	coiri_arch_call_entry
	.type	coiri_arch_call_entry, @function
	.p2align 4
coiri_arch_call_entry:
	.cfi_startproc
	.cfi_personality 0x1b, coiri_arch_personality
	addi	sp, sp, -16
	.cfi_def_cfa_offset 16
	sd	ra, 8(sp)
	sd	s0, 0(sp)
	.cfi_offset ra, -8
	.cfi_offset s0, -16
	mv	t1, a0
	mv	a0, a1
	li	s0, 0
	.cfi_remember_state
	.cfi_undefined ra
	.cfi_undefined s0
	jalr	t1
	.cfi_restore_state
	ld	ra, 8(sp)
	ld	s0, 0(sp)
	.cfi_restore ra
	.cfi_restore s0
	addi	sp, sp, 16
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size	coiri_arch_call_entry, .-coiri_arch_call_entry

/* intptr_t coiri_arch_call_on(void *top: a0, intptr_t (*fn)(void *): a1, void *arg: a2) */
	.globl	coiri_arch_call_on
	.hidden	coiri_arch_call_on
	.type	coiri_arch_call_on, @function
	.p2align 4
coiri_arch_call_on:
	.cfi_startproc
	addi	sp, sp, -16
	.cfi_def_cfa_offset 16
	sd	ra, 8(sp)
	sd	s0, 0(sp)
	.cfi_offset ra, -8
	.cfi_offset s0, -16
	addi	s0, sp, 16
	.cfi_def_cfa s0, 0
	mv	sp, a0
	mv	a0, a2
	jalr	a1
	addi	sp, s0, -16
	.cfi_def_cfa sp, 16
	ld	ra, 8(sp)
	ld	s0, 0(sp)
	.cfi_restore ra
	.cfi_restore s0
	addi	sp, sp, 16
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size	coiri_arch_call_on, .-coiri_arch_call_on

/* void coiri_arch_wipe_below(void *low: a0). From the stack pointer downwards, by 8 bytes, then by one. */
	.globl	coiri_arch_wipe_below
	.hidden	coiri_arch_wipe_below
	.type	coiri_arch_wipe_below, @function
	.p2align 4
coiri_arch_wipe_below:
	.cfi_startproc
	mv	t0, sp
	addi	t1, a0, 8
	j	2f
1:	addi	t0, t0, -8
	sd	zero, 0(t0)
2:	bgeu	t0, t1, 1b
	j	4f
3:	addi	t0, t0, -1
	sb	zero, 0(t0)
4:	bgtu	t0, a0, 3b
	ret
	.cfi_endproc
	.size	coiri_arch_wipe_below, .-coiri_arch_wipe_below

	.section .note.GNU-stack, "", @progbits
