/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/frame.h - a suspended context on its stack, shared by C and assembly.
 *
 *   sp + 0   MXCSR (4 bytes), x87 control word (2), result (2)
 *   sp + 8   r15
 *   sp + 16  r14
 *   sp + 24  r13
 *   sp + 32  r12
 *   sp + 40  rbx
 *   sp + 48  rbp
 *   sp + 56  resume address
 *
 * sp is 16-byte aligned: the post action is called from there.
 */
#ifndef COIRI_ARCH_FRAME_H
#define COIRI_ARCH_FRAME_H

#define FRAME_FP     0
#define FRAME_RESULT 6
#define FRAME_RBP    48
#define FRAME_RESUME 56
#define FRAME_SIZE   64

#endif
