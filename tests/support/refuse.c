/* SPDX-License-Identifier: MIT */
#include "support/refuse.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define GUARD_INSTALL 102 /* MADV_GUARD_INSTALL, which older headers do not have */
#define NEVER         0xffffffffu

#define LOAD(field)       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))
#define ANSWER(action)    BPF_STMT(BPF_RET | BPF_K, (action))

/* The low half of args[2] is what an int argument is, on the little-endian machines coir runs on. */
bool refuse(unsigned what)
{
	unsigned advice = what & REFUSE_GUARD_INSTALL ? GUARD_INSTALL : NEVER;
	unsigned protection = what & REFUSE_PROT_NONE ? PROT_NONE : NEVER;
	unsigned barrier = what & REFUSE_MEMBARRIER ? SYS_membarrier : NEVER;
	struct sock_filter rules[] = {
		LOAD(nr),
		SKIP_UNLESS(barrier, 1),
		ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
		SKIP_UNLESS(SYS_madvise, 3),
		LOAD(args[2]),
		SKIP_UNLESS(advice, 5),
		ANSWER(SECCOMP_RET_ERRNO | EINVAL),
		SKIP_UNLESS(SYS_mprotect, 3),
		LOAD(args[2]),
		SKIP_UNLESS(protection, 1),
		ANSWER(SECCOMP_RET_ERRNO | ENOMEM),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
