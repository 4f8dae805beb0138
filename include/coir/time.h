/* SPDX-License-Identifier: MIT
 *
 * coir/time.h - time: the clock, sleeping, deadlines, and a clock that a test can steer.
 *
 * Times are nanoseconds of coir_now(), which is CLOCK_MONOTONIC or, in a runtime started with one, the virtual clock.
 * A deadline is such a time; what takes one gives -ETIMEDOUT when it has come, COIR_NEVER never does, and one that has
 * passed already lets the call try once. Nothing ends before its time.
 */
#ifndef COIR_TIME_H
#define COIR_TIME_H

#include <coir/base.h>

COIR_BEGIN_DECLS

/* A moment, in nanoseconds. */
typedef int64_t coir_time;

#define COIR_NEVER INT64_MAX

/* Lengths of time, in nanoseconds. */
#define COIR_MICROSECOND INT64_C(1000)
#define COIR_MILLISECOND INT64_C(1000000)
#define COIR_SECOND      INT64_C(1000000000)

/* The present. Any thread, with or without a runtime (then the real clock); never parks. */
COIR_API coir_time coir_now(void);

/* The moment ns nanoseconds from now; COIR_NEVER if that is past the end of time. Any thread; never parks. */
static inline coir_time coir_after(int64_t ns)
{
	coir_time now = coir_now();
	return ns > COIR_NEVER - now ? COIR_NEVER : now + ns;
}

/* Waits ns nanoseconds; 0 or less: lets others run at most. Parks in a fiber, blocks in a plain thread. Cancellation
 * point. Errors: -ECANCELED, -EPERM (no runtime, or it has ended meanwhile). */
COIR_API int coir_sleep(int64_t ns);

/* Waits until that moment. As coir_sleep. */
COIR_API int coir_sleep_until(coir_time deadline);

/* ---- a clock for tests ----
 *
 * coir_config.clock (or COIR_CLOCK) chooses it. With the virtual clock time begins at one second, stands still while
 * any fiber runs, and jumps to the next timer when all wait: hours of sleep take no time, and a program does the same
 * every time (such a runtime has one worker, and one seed for all it chooses by chance). With the manual clock time
 * moves only by coir_clock_advance. While a plain thread waits in a call of coir without a deadline, or a hold is open,
 * time does not jump. */

/* Moves a manual clock on by ns nanoseconds and fires the timers that are then due. In a fiber, those that it woke run
 * when it next waits or yields. Any thread; never parks.
 * Errors: -EINVAL (ns below 0, or the clock is not manual), -EPERM (no runtime). */
COIR_API int coir_clock_advance(int64_t ns);

/* Keeps a virtual clock from jumping until coir_clock_release: while something outside the runtime will still come in.
 * Holds add up. Any thread; never parks. Errors: -EPERM (no runtime); release: -EINVAL (there is no hold). */
COIR_API int coir_clock_hold(void);
COIR_API int coir_clock_release(void);

COIR_END_DECLS

#endif
