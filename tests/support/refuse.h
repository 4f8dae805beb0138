/* SPDX-License-Identifier: MIT
 *
 * support/refuse.h - making the kernel refuse what an older or fuller one would, by a seccomp filter over the process.
 */
#ifndef TESTS_SUPPORT_REFUSE_H
#define TESTS_SUPPORT_REFUSE_H

#include <stdbool.h>

enum {
	REFUSE_GUARD_INSTALL = 1, /* MADV_GUARD_INSTALL gives EINVAL, as before Linux 6.13 */
	REFUSE_PROT_NONE = 2,     /* mprotect(PROT_NONE) gives ENOMEM, as with no mapping left */
	REFUSE_MEMBARRIER = 4,    /* membarrier gives ENOSYS, as in many a container: fences are symmetric */
};

/* From now on, and for ever: call it in a forked child. False: no filter can be had here. */
bool refuse(unsigned what);

#endif
