/* SPDX-License-Identifier: MIT
 *
 * arch/riscv64/frame.h - a suspended context on its stack, shared by C and assembly.
 *
 *   sp + 0    fs0 to fs11
 *   sp + 96   frm, the rounding mode (4), result (4)
 *   sp + 104  s1 to s11
 *   sp + 192  s0
 *   sp + 200  resume address (ra)
 *
 * The last two lie where the frame record of any function does, s0 being its frame pointer: frame-pointer walks go
 * through. sp is 16-byte aligned: the post action is called from there.
 */
#ifndef COIRI_ARCH_FRAME_H
#define COIRI_ARCH_FRAME_H

#if __riscv_xlen != 64 || !defined(__riscv_float_abi_double)
#error "coir on RISC-V wants 64 bits and the lp64d ABI"
#endif

#define FRAME_FS0    0
#define FRAME_FP     96
#define FRAME_RESULT 100
#define FRAME_S1     104
#define FRAME_S0     192
#define FRAME_RESUME 200
#define FRAME_SIZE   208

#endif
