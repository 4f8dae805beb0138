/* SPDX-License-Identifier: MIT
 *
 * base/futex.h - kernel waiting on a 32-bit word, private to the process.
 */
#ifndef COIRI_BASE_FUTEX_H
#define COIRI_BASE_FUTEX_H

#include "base/atomic.h"

/* Sleeps while *word == expected, at most timeout_ns (below 0: no limit). Returns 0 when woken (also
 * spuriously, or when the word differed), -ETIMEDOUT when the time was up. */
int coiri_futex_wait(coiri_atomic(uint32_t) * word, uint32_t expected, int64_t timeout_ns);

/* How many calls of the two below and above reached the kernel, in the life of the process. */
uint64_t coiri_futex_calls(void);

/* Wakes up to count sleepers. */
void coiri_futex_wake(coiri_atomic(uint32_t) * word, int count);

/* A small lock for slow paths: one word, three states (0 free, 1 held, 2 held and wanted), after
 * U. Drepper, "Futexes are tricky". All zero is unlocked. Never held across a switch. */
typedef struct coiri_lock {
	coiri_atomic(uint32_t) word;
} coiri_lock;

void coiri_lock_slow(coiri_lock *lock);

COIRI_INLINE void coiri_lock_acquire(coiri_lock *lock)
{
	uint32_t free = 0;
	/* acquire: pairs with the release in coiri_lock_release */
	if (unlikely(!at_cas_acquire(&lock->word, &free, 1)))
		coiri_lock_slow(lock);
}

COIRI_INLINE bool coiri_lock_try(coiri_lock *lock)
{
	uint32_t free = 0;
	/* acquire: as above */
	return at_load_relaxed(&lock->word) == 0 && at_cas_acquire(&lock->word, &free, 1);
}

COIRI_INLINE void coiri_lock_release(coiri_lock *lock)
{
	/* release: what was done under the lock is seen by the next holder */
	if (unlikely(at_xchg_release(&lock->word, 0) == 2))
		coiri_futex_wake(&lock->word, 1);
}

#endif
