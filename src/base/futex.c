/* SPDX-License-Identifier: MIT */
#include "base/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static coiri_atomic(uint64_t) calls;

uint64_t coiri_futex_calls(void)
{
	return at_load_relaxed(&calls);
}

/* The raw system call keeps the caller's errno: a lock's slow path may sit under any API call. */
static long futex(coiri_atomic(uint32_t) * word, int op, uint32_t value, const struct timespec *timeout)
{
	int saved = errno;
	at_add_relaxed(&calls, 1);
	long r = syscall(SYS_futex, word, op, value, timeout, NULL, 0);
	if (r < 0)
		r = -errno;
	errno = saved;
	return r;
}

int coiri_futex_wait(coiri_atomic(uint32_t) * word, uint32_t expected, int64_t timeout_ns)
{
	struct timespec limit = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
	long r = futex(word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, expected, timeout_ns < 0 ? NULL : &limit);
	return r == -ETIMEDOUT ? -ETIMEDOUT : 0;
}

void coiri_futex_wake(coiri_atomic(uint32_t) * word, int count)
{
	futex(word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, (uint32_t)count, NULL);
}

void coiri_lock_slow(coiri_lock *lock)
{
	/* A holder is on its processor for well under a microsecond, unless it was preempted. */
	for (int i = 0; i < 100; i++) {
		uint32_t free = 0;
		if (at_load_relaxed(&lock->word) == 0 && at_cas_acquire(&lock->word, &free, 1))
			return;
		coiri_pause();
	}
	/* acquire: pairs with the release in coiri_lock_release */
	while (at_xchg_acquire(&lock->word, 2) != 0)
		coiri_futex_wait(&lock->word, 2, -1);
}
