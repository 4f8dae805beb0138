/* SPDX-License-Identifier: MIT */
#include "support/deep.h"

#include <coir/coir.h>

enum { FRAME = 512 };

/* The address of a frame, as a number: what it points to is nobody's business. */
static inline uintptr_t here(void)
{
	return (uintptr_t)__builtin_frame_address(0);
}

typedef intptr_t (*bottom_fn)(void);

/* An address taken and a use after the call: no tail call, no merging of frames. */
__attribute__((noinline)) static size_t descend(uintptr_t from, size_t bytes, bottom_fn at_bottom, intptr_t *out)
{
	volatile char frame[FRAME];
	for (size_t i = 0; i < sizeof frame; i++)
		frame[i] = (char)~i;
	size_t used = from - here() + sizeof frame;
	if (used < bytes + sizeof frame)
		used = descend(from, bytes, at_bottom, out);
	else if (at_bottom)
		*out = at_bottom();
	frame[0] = (char)used;
	return used;
}

__attribute__((noinline)) size_t use_stack(size_t bytes)
{
	intptr_t unused;
	return descend(here(), bytes, NULL, &unused);
}

__attribute__((noinline)) intptr_t stack_left_after(size_t bytes)
{
	intptr_t left = 0;
	descend(here(), bytes, coir_stack_left, &left);
	return left;
}

void overflow_stack(void)
{
	use_stack(SIZE_MAX / 2);
}

__attribute__((noinline)) bool overflow_with_one_frame(void)
{
#ifdef TESTS_STACK_CLASH
	char huge[64 << 20];
	__asm__ volatile("" : : "r"(huge) : "memory"); /* or a compiler makes it smaller */
	*(volatile char *)huge = 1;                    /* the far end */
	return true;
#else
	return false;
#endif
}
