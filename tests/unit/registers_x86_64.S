/* SPDX-License-Identifier: MIT
 *
 * unit/registers_x86_64.S - a switch with known values in the callee-saved registers.
 *
 * int switch_with_registers(void **save, void *to, coiri_post post, void *arg, const uint64_t set[6], uint64_t got[6])
 * loads rbx, rbp, r12 to r15 from `set`, switches, and stores them to `got` when it is resumed.
 */
	.text
	.globl	switch_with_registers
	.type	switch_with_registers, @function
switch_with_registers:
	.cfi_startproc
	endbr64
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%r9
	.cfi_adjust_cfa_offset 56
	movq	0(%r8), %rbx
	movq	8(%r8), %rbp
	movq	16(%r8), %r12
	movq	24(%r8), %r13
	movq	32(%r8), %r14
	movq	40(%r8), %r15
	call	coiri_arch_switch
	popq	%r9
	movq	%rbx, 0(%r9)
	movq	%rbp, 8(%r9)
	movq	%r12, 16(%r9)
	movq	%r13, 24(%r9)
	movq	%r14, 32(%r9)
	movq	%r15, 40(%r9)
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	.cfi_adjust_cfa_offset -56
	ret
	.cfi_endproc
	.size	switch_with_registers, .-switch_with_registers

	.section .note.GNU-stack, "", @progbits
