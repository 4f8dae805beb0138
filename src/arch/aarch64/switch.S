/* SPDX-License-Identifier: MIT
 *
 * arch/aarch64/switch.S - the switch for the AAPCS64. The contract is in arch/arch.h, the frame in frame.h.
 *
 * What is saved: what a called function must keep. Of the vector registers that is the low half of v8 to v15, also with SVE; SME's streaming
 * mode is off at any ordinary call. x18 is an ordinary scratch register on Linux, the thread pointer is the thread's own.
 *
 * Floating point: reading FPCR is cheap, writing it drains the pipeline on many cores. So it is read at each switch and written only if the two
 * sides differ; before the post action, which computes nothing with it, so that one read does for both. FPSR holds flags of the past: it is
 * neither control nor kept over calls.
 *
 * Control-flow enforcement:
 *   BTI   each function begins with `bti c`, and both ways of resuming end in `ret`. A resume address is the return address of a call and has no
 *         landing pad: with `br` the guarded pages of a BTI program would fault there. (The price is a wrong guess of the return
 *         stack; arch.h has the reason for the indirect jump of the other processors.)
 *   PAC   C code built with -mbranch-protection signs x30 in its own frames, with the stack pointer as the modifier and the process's key. A
 *         fiber goes on at the stack pointer that it left at, on whatever thread, so its signatures hold. The resume address in our
 *         frame is stored as it came, unsigned; so the objects do not claim PAC.
 *   GCS   not claimed: a guarded control stack belongs to the thread.
 */
#include "frame.h"

	.text

	/* `bti c` by its number, which assemblers older than Armv8.5 take too; a no-op where there is no BTI. */
	.macro bti_c
	hint	#34
	.endm

	/* Saves the callee-saved registers of the caller and its return address; leaves FPCR in x9. */
	.macro save_context
	stp	x29, x30, [sp, #-FRAME_SIZE]!
	.cfi_def_cfa_offset FRAME_SIZE
	stp	x19, x20, [sp, #FRAME_X19]
	stp	x21, x22, [sp, #FRAME_X21]
	stp	x23, x24, [sp, #FRAME_X23]
	stp	x25, x26, [sp, #FRAME_X25]
	stp	x27, x28, [sp, #FRAME_X27]
	mrs	x9, fpcr
	stp	d8, d9, [sp, #FRAME_D8]
	stp	d10, d11, [sp, #FRAME_D10]
	stp	d12, d13, [sp, #FRAME_D12]
	stp	d14, d15, [sp, #FRAME_D14]
	stp	x9, xzr, [sp, #FRAME_FP]
	cfi_saved
	.endm

	/* On the new stack, FPCR in x9: sets that of the context, if it is another. */
	.macro restore_fp
	ldr	x10, [sp, #FRAME_FP]
	cmp	x9, x10
	b.ne	1f
2:
	.endm

	/* The unlikely half of restore_fp. */
	.macro restore_fp_cold
1:	msr	fpcr, x10
	b	2b
	.endm

	.macro restore_context
	ldp	x19, x20, [sp, #FRAME_X19]
	ldp	x21, x22, [sp, #FRAME_X21]
	ldp	x23, x24, [sp, #FRAME_X23]
	ldp	x25, x26, [sp, #FRAME_X25]
	ldp	x27, x28, [sp, #FRAME_X27]
	ldp	d8, d9, [sp, #FRAME_D8]
	ldp	d10, d11, [sp, #FRAME_D10]
	ldp	d12, d13, [sp, #FRAME_D12]
	ldp	d14, d15, [sp, #FRAME_D14]
	ldr	w0, [sp, #FRAME_RESULT]
	ldp	x29, x30, [sp], #FRAME_SIZE
	cfi_restored
	.endm

	/* Where the registers are, once all are in the frame. */
	.macro cfi_saved
	.cfi_offset x29, FRAME_X29 - FRAME_SIZE
	.cfi_offset x30, FRAME_RESUME - FRAME_SIZE
	.cfi_offset x19, FRAME_X19 - FRAME_SIZE
	.cfi_offset x20, FRAME_X19 + 8 - FRAME_SIZE
	.cfi_offset x21, FRAME_X21 - FRAME_SIZE
	.cfi_offset x22, FRAME_X21 + 8 - FRAME_SIZE
	.cfi_offset x23, FRAME_X23 - FRAME_SIZE
	.cfi_offset x24, FRAME_X23 + 8 - FRAME_SIZE
	.cfi_offset x25, FRAME_X25 - FRAME_SIZE
	.cfi_offset x26, FRAME_X25 + 8 - FRAME_SIZE
	.cfi_offset x27, FRAME_X27 - FRAME_SIZE
	.cfi_offset x28, FRAME_X27 + 8 - FRAME_SIZE
	.cfi_offset d8, FRAME_D8 - FRAME_SIZE
	.cfi_offset d9, FRAME_D8 + 8 - FRAME_SIZE
	.cfi_offset d10, FRAME_D10 - FRAME_SIZE
	.cfi_offset d11, FRAME_D10 + 8 - FRAME_SIZE
	.cfi_offset d12, FRAME_D12 - FRAME_SIZE
	.cfi_offset d13, FRAME_D12 + 8 - FRAME_SIZE
	.cfi_offset d14, FRAME_D14 - FRAME_SIZE
	.cfi_offset d15, FRAME_D14 + 8 - FRAME_SIZE
	.endm

	/* All are back. */
	.macro cfi_restored
	.irp	register, x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, x30, d8, d9, d10, d11, d12, d13, d14, d15
	.cfi_restore \register
	.endr
	.cfi_def_cfa_offset 0
	.endm

	/* The rules that hold once the stack pointer is that of a suspended context. A debugger that wants to walk a parked fiber sets
	 * the stack pointer to its saved one and the program counter to coiri_arch_parked. */
	.macro cfi_suspended
	.cfi_def_cfa sp, FRAME_SIZE
	cfi_saved
	.endm

/* int coiri_arch_switch(void **save: x0, void *to: x1, coiri_post post: x2, void *arg: x3) */
	.globl	coiri_arch_switch
	.hidden	coiri_arch_switch
	.globl	coiri_arch_parked
	.hidden	coiri_arch_parked
	.type	coiri_arch_switch, %function
	.p2align 6
coiri_arch_switch:
	.cfi_startproc
	bti_c
	save_context
	mov	x10, sp
	str	x10, [x0]
	mov	sp, x1
	restore_fp
	mov	x29, sp
	mov	x1, x0
	mov	x0, x3
	cbz	x2, coiri_arch_parked
	blr	x2
coiri_arch_parked:
	.cfi_remember_state
	restore_context
	ret
	.cfi_restore_state
	restore_fp_cold
	.cfi_endproc
	.size	coiri_arch_switch, .-coiri_arch_switch

/* void coiri_arch_leave(void *to: x0, coiri_post post: x1, void *arg: x2) */
	.globl	coiri_arch_leave
	.hidden	coiri_arch_leave
	.type	coiri_arch_leave, %function
	.p2align 6
coiri_arch_leave:
	.cfi_startproc
	bti_c
	mrs	x9, fpcr
	mov	sp, x0
	cfi_suspended
	restore_fp
	mov	x29, sp
	mov	x0, x2
	blr	x1
	.cfi_remember_state
	restore_context
	ret
	.cfi_restore_state
	restore_fp_cold
	.cfi_endproc
	.size	coiri_arch_leave, .-coiri_arch_leave

/* The first resume address of a fiber: calls the entry that coiri_arch_make left in x19. The outermost frame; x29 came as 0. */
	.globl	coiri_arch_entry
	.hidden	coiri_arch_entry
	.type	coiri_arch_entry, %function
	.p2align 4
coiri_arch_entry:
	.cfi_startproc
	.cfi_personality 0x1b, coiri_arch_personality
	.cfi_undefined x30
	.cfi_undefined x29
	bti_c
	blr	x19
	brk	#1000
	.cfi_endproc
	.size	coiri_arch_entry, .-coiri_arch_entry

/* intptr_t coiri_arch_call_entry(intptr_t (*fn)(void *): x0, void *arg: x1) */
	.globl	coiri_arch_call_entry
	.hidden	coiri_arch_call_entry
	.type	coiri_arch_call_entry, %function
	.p2align 4
coiri_arch_call_entry:
	.cfi_startproc
	.cfi_personality 0x1b, coiri_arch_personality
	bti_c
	stp	x29, x30, [sp, #-16]!
	.cfi_def_cfa_offset 16
	.cfi_offset x29, -16
	.cfi_offset x30, -8
	mov	x9, x0
	mov	x0, x1
	mov	x29, #0
	.cfi_remember_state
	.cfi_undefined x30
	.cfi_undefined x29
	blr	x9
	.cfi_restore_state
	ldp	x29, x30, [sp], #16
	.cfi_restore x29
	.cfi_restore x30
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size	coiri_arch_call_entry, .-coiri_arch_call_entry

/* intptr_t coiri_arch_call_on(void *top: x0, intptr_t (*fn)(void *): x1, void *arg: x2) */
	.globl	coiri_arch_call_on
	.hidden	coiri_arch_call_on
	.type	coiri_arch_call_on, %function
	.p2align 4
coiri_arch_call_on:
	.cfi_startproc
	bti_c
	stp	x29, x30, [sp, #-16]!
	.cfi_def_cfa_offset 16
	.cfi_offset x29, -16
	.cfi_offset x30, -8
	mov	x29, sp
	.cfi_def_cfa_register x29
	mov	sp, x0
	mov	x0, x2
	blr	x1
	mov	sp, x29
	.cfi_def_cfa_register sp
	ldp	x29, x30, [sp], #16
	.cfi_restore x29
	.cfi_restore x30
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size	coiri_arch_call_on, .-coiri_arch_call_on

/* void coiri_arch_wipe_below(void *low: x0). From the stack pointer downwards, by 16 bytes, then by one. */
	.globl	coiri_arch_wipe_below
	.hidden	coiri_arch_wipe_below
	.type	coiri_arch_wipe_below, %function
	.p2align 4
coiri_arch_wipe_below:
	.cfi_startproc
	bti_c
	mov	x9, sp
	subs	x10, x9, x0
	b.ls	4f
	b	2f
1:	stp	xzr, xzr, [x9, #-16]!
2:	subs	x10, x10, #16
	b.hs	1b
	adds	x10, x10, #16
	b.eq	4f
3:	strb	wzr, [x9, #-1]!
	subs	x10, x10, #1
	b.ne	3b
4:	ret
	.cfi_endproc
	.size	coiri_arch_wipe_below, .-coiri_arch_wipe_below

	.section .note.GNU-stack, "", %progbits

	/* The objects are BTI-clean and do not claim PAC. */
	.section .note.gnu.property, "a"
	.p2align 3
	.long	4
	.long	16
	.long	5
	.asciz	"GNU"
	.long	0xc0000000
	.long	4
	.long	1
	.long	0
