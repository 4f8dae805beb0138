/* SPDX-License-Identifier: MIT
 *
 * arch/aarch64/context.c - the first context of a fiber.
 */
#include "arch/aarch64/frame.h"
#include "arch/arch.h"

#include <string.h>

void coiri_arch_entry(void);

coiri_fp coiri_fp_default;

/* The frame as C sees it. */
struct frame {
	uint64_t x29;
	void (*resume)(void);
	uint64_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28;
	uint64_t d8, d9, d10, d11, d12, d13, d14, d15;
	coiri_fp fp;
	int64_t result;
};

_Static_assert(sizeof(struct frame) == FRAME_SIZE && FRAME_SIZE % 16 == 0, "frame.h");
_Static_assert(offsetof(struct frame, x29) == FRAME_X29, "frame.h");
_Static_assert(offsetof(struct frame, resume) == FRAME_RESUME, "frame.h");
_Static_assert(offsetof(struct frame, x19) == FRAME_X19, "frame.h");
_Static_assert(offsetof(struct frame, x21) == FRAME_X21, "frame.h");
_Static_assert(offsetof(struct frame, x23) == FRAME_X23, "frame.h");
_Static_assert(offsetof(struct frame, x25) == FRAME_X25, "frame.h");
_Static_assert(offsetof(struct frame, x27) == FRAME_X27, "frame.h");
_Static_assert(offsetof(struct frame, d8) == FRAME_D8, "frame.h");
_Static_assert(offsetof(struct frame, d10) == FRAME_D10, "frame.h");
_Static_assert(offsetof(struct frame, d12) == FRAME_D12, "frame.h");
_Static_assert(offsetof(struct frame, d14) == FRAME_D14, "frame.h");
_Static_assert(offsetof(struct frame, fp) == FRAME_FP, "frame.h");
_Static_assert(offsetof(struct frame, result) == FRAME_RESULT, "frame.h");

void *coiri_arch_make(void *top, void (*entry)(void))
{
	/* coiri_arch_entry starts with the stack pointer at top, which must be 16-byte aligned. */
	struct frame *frame = (struct frame *)top - 1;
	memset(frame, 0, sizeof *frame);
	frame->fp = coiri_fp_default;
	frame->x19 = (uintptr_t)entry;
	frame->resume = coiri_arch_entry;
	return frame;
}

void coiri_arch_set_result(void *context, int result)
{
	((struct frame *)context)->result = result;
}

void coiri_arch_fp_capture(void)
{
	coiri_fp_default = coiri_fp_read();
}
