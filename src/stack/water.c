/* SPDX-License-Identifier: MIT
 *
 * stack/water.c - how deep a stack was used, and clearing it.
 *
 * Both stand on one fact: memory of an anonymous mapping that was given back reads as zero. A stack that is cleared
 * first and then used holds something else than zero at its deepest word (a saved register or a return address, never
 * all zero).
 */
#include "stack/stack.h"

#include <errno.h>
#include <sys/mman.h>

void coiri_stack_clear_pages(char *low, char *high)
{
	int saved = errno;
	if (high > low)
		madvise(low, (size_t)(high - low), MADV_DONTNEED);
	errno = saved;
}

void coiri_stack_clear(coiri_stack *stack, char *from)
{
	char *boundary = (char *)((uintptr_t)from & ~(uintptr_t)(COIRI_PAGE - 1));
	coiri_stack_clear_pages(stack->low + (stack->canary ? COIRI_PAGE : 0), boundary);
	for (volatile uint64_t *word = (uint64_t *)boundary; (char *)word < from; word++)
		*word = 0;
}

size_t coiri_stack_used(coiri_stack *stack)
{
	char *top = coiri_stack_top(stack);
	unsigned char resident[256];
	char *low = stack->low + (stack->canary ? COIRI_PAGE : 0);
	for (char *page = low; page < top; page += sizeof resident * COIRI_PAGE) {
		size_t bytes = coiri_round_up((size_t)(top - page), COIRI_PAGE);
		if (bytes > sizeof resident * COIRI_PAGE)
			bytes = sizeof resident * COIRI_PAGE;
		int saved = errno;
		bool known = mincore(page, bytes, resident) == 0;
		errno = saved;
		for (size_t i = 0; i < bytes / COIRI_PAGE; i++) {
			if (known && !(resident[i] & 1))
				continue; /* never touched: reading it would commit page tables for nothing */
			char *end = page + (i + 1) * COIRI_PAGE;
			for (char *p = page + i * COIRI_PAGE; p < end && p < top; p += sizeof(uint64_t))
				if (*(volatile uint64_t *)p)
					return (size_t)(top - p);
		}
	}
	return 0;
}
