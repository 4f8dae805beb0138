/* SPDX-License-Identifier: MIT
 *
 * support/test.h - what a test file includes: Criterion, or the stand-in with the same macros.
 *
 * Test(suite, name) { ... } is one case. It runs in a process of its own, so it starts the runtime itself; more than
 * its time limit is a failure, and the only form a hang takes here. cr_assert belongs to the thread that runs the case;
 * in fibers, in other threads and in forked children use must() (support/must.h), which needs no framework.
 *
 * What is used of Criterion: Test with .signal, .exit_code, .timeout, .init, .fini; cr_assert, cr_assert_eq, _neq, _lt,
 * _leq, _gt, _geq, _null, _not_null, _str_eq, cr_fail, cr_skip_test.
 */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#ifdef COIR_TEST_STANDIN
#include "support/standin.h"
#else
#include <criterion/criterion.h>
#endif

#include "support/must.h"

#endif
