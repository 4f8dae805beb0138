/* SPDX-License-Identifier: MIT
 *
 * topo/cgroup.h - the processor quota of the control groups that the process lies in. Private to src/topo.
 */
#ifndef COIRI_TOPO_CGROUP_H
#define COIRI_TOPO_CGROUP_H

#include "base/compiler.h"

/* So many microseconds of processor time in each period. period 0: no limit. */
typedef struct coiri_quota {
	uint64_t quota;
	uint64_t period;
} coiri_quota;

/* Finds the tightest quota of the process's control group and all groups above it, as far as they can be seen; what is
 * missing or can't be read sets no limit. root stands before every path that is read: "" for the real ones, a
 * directory for tests. */
void coiri_cgroup_quota(const char *root, coiri_quota *out);

/* A quota as a number of processors, rounded up: 1 to UINT_MAX. q->period must not be 0. */
unsigned coiri_quota_cores(const coiri_quota *q);

#endif
