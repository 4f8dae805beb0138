/* SPDX-License-Identifier: MIT
 *
 * base/spin.h - waiting for what another thread is just about to do: some instructions, unless it was preempted.
 */
#ifndef COIRI_BASE_SPIN_H
#define COIRI_BASE_SPIN_H

/* The look number i (from 0) was in vain: spins a little, later lets others have the processor, then sleeps for a short
 * while. Leaves errno alone. */
void coiri_spin_wait(unsigned i);

#endif
