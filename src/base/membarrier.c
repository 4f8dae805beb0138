/* SPDX-License-Identifier: MIT */
#include "base/membarrier.h"
#include "base/fault.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool coiri_fence_symmetric = true;

static bool membarrier(int command)
{
	int saved = errno;
	bool done = syscall(SYS_membarrier, command, 0, 0) == 0;
	errno = saved;
	return done;
}

void coiri_fence_setup(void)
{
	/* Tried out, not only asked for: an emulator may accept the registration alone. */
	coiri_fence_symmetric =
		!membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) || !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

void coiri_heavy_fence(void)
{
	at_fence_seq_cst();
	/* Others rely on it already, and may be past their light fence: there is no way back to symmetric fences. */
	if (!coiri_fence_symmetric && !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
		coiri_panic(__func__,
			    "membarrier(2) worked when coir started and fails now; a filter of system calls that is "
			    "installed later must allow it");
}
