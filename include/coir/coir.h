/* SPDX-License-Identifier: MIT
 *
 * coir/coir.h - all of coir: goroutines for C.
 */
#ifndef COIR_COIR_H
#define COIR_COIR_H

#include <coir/base.h>
#include <coir/coro.h>
#include <coir/fiber.h>
#include <coir/gen.h>
#include <coir/runtime.h>
#include <coir/stats.h>

#endif
