/* SPDX-License-Identifier: MIT
 *
 * unit/registers_riscv64.S - a switch with known values in the callee-saved registers.
 *
 * int switch_with_registers(void **save, void *to, coiri_post post, void *arg, const uint64_t set[24], uint64_t got[24])
 * loads s0 to s11, fs0 to fs11 from `set`, switches, and stores them to `got` when it is resumed.
 */
	.text

	/* \integer and \fp for each register, with its place from \base. */
	.macro each_register integer, fp, base
	\integer s0, 0(\base)
	\integer s1, 8(\base)
	\integer s2, 16(\base)
	\integer s3, 24(\base)
	\integer s4, 32(\base)
	\integer s5, 40(\base)
	\integer s6, 48(\base)
	\integer s7, 56(\base)
	\integer s8, 64(\base)
	\integer s9, 72(\base)
	\integer s10, 80(\base)
	\integer s11, 88(\base)
	\fp	fs0, 96(\base)
	\fp	fs1, 104(\base)
	\fp	fs2, 112(\base)
	\fp	fs3, 120(\base)
	\fp	fs4, 128(\base)
	\fp	fs5, 136(\base)
	\fp	fs6, 144(\base)
	\fp	fs7, 152(\base)
	\fp	fs8, 160(\base)
	\fp	fs9, 168(\base)
	\fp	fs10, 176(\base)
	\fp	fs11, 184(\base)
	.endm

	.globl	switch_with_registers
	.type	switch_with_registers, @function
switch_with_registers:
	.cfi_startproc
	addi	sp, sp, -208
	.cfi_def_cfa_offset 208
	sd	ra, 200(sp)
	.cfi_offset ra, -8
	each_register sd, fsd, sp
	sd	a5, 192(sp)
	each_register ld, fld, a4
	call	coiri_arch_switch
	ld	a5, 192(sp)
	each_register sd, fsd, a5
	each_register ld, fld, sp
	ld	ra, 200(sp)
	.cfi_restore ra
	addi	sp, sp, 208
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size	switch_with_registers, .-switch_with_registers

	.section .note.GNU-stack, "", @progbits
