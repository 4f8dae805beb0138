/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/home.S - back to a resumer from another coroutine than the one that it resumed (include/coir/coro_switch.h).
 *
 * Jumped to on the resumer's stack, with rdi the coroutine that comes back: the resumer expects there the one that it
 * named. Touches nothing but registers that a switch loses: the stack below is the resumer's red zone.
 */
	.text
	.globl	coiri_arch_home
	.hidden	coiri_arch_home
	.type	coiri_arch_home, @function
	.p2align 4
coiri_arch_home:
	.cfi_startproc
	endbr64
	movq	72(%rdi), %rax
	movq	64(%rdi), %rdi
	notrack jmp *%rax
	.cfi_endproc
	.size	coiri_arch_home, .-coiri_arch_home

	.section .note.GNU-stack, "", @progbits

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
