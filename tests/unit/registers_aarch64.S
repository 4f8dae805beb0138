/* SPDX-License-Identifier: MIT
 *
 * unit/registers_aarch64.S - a switch with known values in the callee-saved registers.
 *
 * int switch_with_registers(void **save, void *to, coiri_post post, void *arg, const uint64_t set[19], uint64_t got[19])
 * loads x19 to x29, d8 to d15 from `set`, switches, and stores them to `got` when it is resumed.
 */
	.text
	.globl	switch_with_registers
	.type	switch_with_registers, %function
switch_with_registers:
	.cfi_startproc
	hint	#34
	stp	x29, x30, [sp, #-176]!
	.cfi_def_cfa_offset 176
	.cfi_offset x30, -168
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	str	x5, [sp, #160]
	ldp	x19, x20, [x4]
	ldp	x21, x22, [x4, #16]
	ldp	x23, x24, [x4, #32]
	ldp	x25, x26, [x4, #48]
	ldp	x27, x28, [x4, #64]
	ldr	x29, [x4, #80]
	ldp	d8, d9, [x4, #88]
	ldp	d10, d11, [x4, #104]
	ldp	d12, d13, [x4, #120]
	ldp	d14, d15, [x4, #136]
	bl	coiri_arch_switch
	ldr	x5, [sp, #160]
	stp	x19, x20, [x5]
	stp	x21, x22, [x5, #16]
	stp	x23, x24, [x5, #32]
	stp	x25, x26, [x5, #48]
	stp	x27, x28, [x5, #64]
	str	x29, [x5, #80]
	stp	d8, d9, [x5, #88]
	stp	d10, d11, [x5, #104]
	stp	d12, d13, [x5, #120]
	stp	d14, d15, [x5, #136]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	ldp	x29, x30, [sp], #176
	.cfi_restore x30
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size	switch_with_registers, .-switch_with_registers

	.section .note.GNU-stack, "", %progbits
