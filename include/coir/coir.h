/* SPDX-License-Identifier: MIT
 *
 * coir/coir.h - all of coir: goroutines for C.
 */
#ifndef COIR_COIR_H
#define COIR_COIR_H

#include <coir/base.h>
#include <coir/chan.h>
#include <coir/coro.h>
#include <coir/fiber.h>
#include <coir/gen.h>
#include <coir/parallel.h>
#include <coir/runtime.h>
#include <coir/scope.h>
#include <coir/select.h>
#include <coir/stats.h>
#include <coir/sync.h>
#include <coir/task.h>
#include <coir/time.h>
#include <coir/timer.h>

#endif
