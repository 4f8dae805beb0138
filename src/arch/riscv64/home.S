/* SPDX-License-Identifier: MIT
 *
 * arch/riscv64/home.S - back to a resumer from another coroutine than the one that it resumed (include/coir/coro_switch.h).
 *
 * Jumped to on the resumer's stack, with a0 the coroutine that comes back: the resumer expects there the one that it
 * named. Touches nothing but registers that a switch loses.
 */
	.text
	.globl	coiri_arch_home
	.hidden	coiri_arch_home
	.type	coiri_arch_home, @function
	.p2align 4
coiri_arch_home:
	.cfi_startproc
	ld	t2, 72(a0)
	ld	a0, 64(a0)
	jr	t2
	.cfi_endproc
	.size	coiri_arch_home, .-coiri_arch_home

	.section .note.GNU-stack, "", @progbits
