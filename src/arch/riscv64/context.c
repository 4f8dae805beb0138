/* SPDX-License-Identifier: MIT
 *
 * arch/riscv64/context.c - the first context of a fiber.
 */
#include "arch/arch.h"
#include "arch/riscv64/frame.h"

#include <string.h>

void coiri_arch_entry(void);

coiri_fp coiri_fp_default;

/* The frame as C sees it. */
struct frame {
	uint64_t fs[12];
	uint32_t frm;
	int32_t result;
	uint64_t s1_to_s11[11];
	uint64_t s0;
	void (*resume)(void);
};

_Static_assert(sizeof(struct frame) == FRAME_SIZE && FRAME_SIZE % 16 == 0, "frame.h");
_Static_assert(offsetof(struct frame, fs) == FRAME_FS0, "frame.h");
_Static_assert(offsetof(struct frame, frm) == FRAME_FP, "frame.h");
_Static_assert(offsetof(struct frame, result) == FRAME_RESULT, "frame.h");
_Static_assert(offsetof(struct frame, s1_to_s11) == FRAME_S1, "frame.h");
_Static_assert(offsetof(struct frame, s0) == FRAME_S0, "frame.h");
_Static_assert(offsetof(struct frame, resume) == FRAME_RESUME, "frame.h");
_Static_assert(FRAME_S0 == FRAME_SIZE - 16 && FRAME_RESUME == FRAME_SIZE - 8, "a frame record");

void *coiri_arch_make(void *top, void (*entry)(void))
{
	/* coiri_arch_entry starts with the stack pointer at top, which a call wants 16-byte aligned. */
	struct frame *frame = (struct frame *)top - 1;
	memset(frame, 0, sizeof *frame);
	frame->frm = (uint32_t)coiri_fp_default;
	frame->s1_to_s11[0] = (uintptr_t)entry;
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
