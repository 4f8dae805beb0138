/* SPDX-License-Identifier: MIT
 *
 * support/deep.h - using so many bytes of the caller's stack, and not less.
 */
#ifndef TESTS_SUPPORT_DEEP_H
#define TESTS_SUPPORT_DEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Calls itself until so many bytes of stack below the caller are used, all of them written; says how many it were. */
size_t use_stack(size_t bytes);

/* coir_stack_left() so many bytes further down. */
intptr_t stack_left_after(size_t bytes);

/* Calls itself for ever. */
void overflow_stack(void);

/* Writes to the far end of a frame larger than any stack here. Only a compiler that touches every page of a large frame
 * in order (-fstack-clash-protection) gets that into a guard page: without, it does nothing and returns false. */
bool overflow_with_one_frame(void);

#ifdef __cplusplus
}
#endif

#endif
