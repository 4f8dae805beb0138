/* SPDX-License-Identifier: MIT
 *
 * arch/aarch64/frame.h - a suspended context on its stack, shared by C and assembly.
 *
 *   sp + 0    x29, x30 = resume address (an AAPCS64 frame record: frame-pointer walks go through)
 *   sp + 16   x19, x20
 *   sp + 32   x21, x22
 *   sp + 48   x23, x24
 *   sp + 64   x25, x26
 *   sp + 80   x27, x28
 *   sp + 96   d8, d9
 *   sp + 112  d10, d11
 *   sp + 128  d12, d13
 *   sp + 144  d14, d15
 *   sp + 160  FPCR
 *   sp + 168  result
 *
 * sp is 16-byte aligned: the post action is called from there, and the processor faults on any other.
 */
#ifndef COIRI_ARCH_FRAME_H
#define COIRI_ARCH_FRAME_H

#define FRAME_X29    0
#define FRAME_RESUME 8
#define FRAME_X19    16
#define FRAME_X21    32
#define FRAME_X23    48
#define FRAME_X25    64
#define FRAME_X27    80
#define FRAME_D8     96
#define FRAME_D10    112
#define FRAME_D12    128
#define FRAME_D14    144
#define FRAME_FP     160
#define FRAME_RESULT 168
#define FRAME_SIZE   176

#endif
