/* SPDX-License-Identifier: MIT
 *
 * support/bodies.h - entry functions that many tests spawn.
 */
#ifndef TESTS_SUPPORT_BODIES_H
#define TESTS_SUPPORT_BODIES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Its argument is its result. */
intptr_t fiber_give_back(void *arg);

/* The same, after one park. */
intptr_t fiber_park_once(void *arg);

/* The same, after a thousand yields. */
intptr_t fiber_yield_often(void *arg);

/* These never end. If arg is not NULL it is an atomic_int that each adds 1 to when it starts. */
intptr_t fiber_park_for_ever(void *arg);
intptr_t fiber_yield_for_ever(void *arg);

#ifdef __cplusplus
}
#endif

#endif
