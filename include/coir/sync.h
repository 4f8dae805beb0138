/* SPDX-License-Identifier: MIT
 *
 * coir/sync.h - all that fibers synchronise with, besides channels.
 */
#ifndef COIR_SYNC_H
#define COIR_SYNC_H

#include <coir/future.h>
#include <coir/meet.h>
#include <coir/mutex.h>
#include <coir/rwlock.h>
#include <coir/semaphore.h>

#endif
