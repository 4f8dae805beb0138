/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/context.c - the first context of a fiber.
 */
#include "arch/arch.h"
#include "arch/x86_64/frame.h"

#include <string.h>

void coiri_arch_entry(void);

coiri_fp coiri_fp_default = {0x1f80, 0x037f, 0};

/* The frame as C sees it. */
struct frame {
	coiri_fp fp;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	void (*resume)(void);
};

_Static_assert(sizeof(struct frame) == FRAME_SIZE, "frame.h");
_Static_assert(offsetof(struct frame, fp) == FRAME_FP, "frame.h");
_Static_assert(offsetof(struct frame, rbp) == FRAME_RBP, "frame.h");
_Static_assert(offsetof(struct frame, resume) == FRAME_RESUME, "frame.h");
_Static_assert(offsetof(coiri_fp, result) == FRAME_RESULT, "frame.h");
_Static_assert(offsetof(coiri_fp, x87) == 4, "switch.S");

void *coiri_arch_make(void *top, void (*entry)(void))
{
	/* coiri_arch_entry starts with the stack pointer at top, which a call wants 16-byte aligned. */
	struct frame *frame = (struct frame *)top - 1;
	memset(frame, 0, sizeof *frame);
	frame->fp = coiri_fp_default;
	frame->rbx = (uintptr_t)entry;
	frame->resume = coiri_arch_entry;
	return frame;
}

void coiri_arch_set_result(void *context, int result)
{
	((struct frame *)context)->fp.result = (int16_t)result;
}

void coiri_arch_fp_capture(void)
{
	__asm__ volatile("stmxcsr %0" : "=m"(coiri_fp_default.mxcsr));
	coiri_fp_default.mxcsr &= ~0x3fu; /* the flags of past exceptions are not control */
	coiri_fp_default.x87 = coiri_fp_x87();
}
