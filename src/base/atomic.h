/* SPDX-License-Identifier: MIT
 *
 * base/atomic.h - every atomic access of coir, with its memory order in its name.
 *
 * The one place that knows <stdatomic.h>, so that a model-checking build can put its own operations here.
 * A field that is accessed through these is declared coiri_atomic(T) and never touched by plain C operators
 * (those would be sequentially consistent without saying so). At each use a comment names the access that
 * an acquire or a release pairs with.
 */
#ifndef COIRI_BASE_ATOMIC_H
#define COIRI_BASE_ATOMIC_H

#include "base/compiler.h"
#include <stdatomic.h>

#define coiri_atomic(T) _Atomic(T)

#define at_init(p, v)          atomic_init((p), (v))
#define at_load_relaxed(p)     atomic_load_explicit((p), memory_order_relaxed)
#define at_load_acquire(p)     atomic_load_explicit((p), memory_order_acquire)
#define at_load_seq_cst(p)     atomic_load_explicit((p), memory_order_seq_cst)
#define at_store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define at_store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define at_store_seq_cst(p, v) atomic_store_explicit((p), (v), memory_order_seq_cst)
#define at_xchg_acquire(p, v)  atomic_exchange_explicit((p), (v), memory_order_acquire)
#define at_xchg_release(p, v)  atomic_exchange_explicit((p), (v), memory_order_release)
#define at_xchg_acq_rel(p, v)  atomic_exchange_explicit((p), (v), memory_order_acq_rel)
#define at_add_relaxed(p, v)   atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define at_add_seq_cst(p, v)   atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
#define at_add_acq_rel(p, v)   atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define at_sub_acq_rel(p, v)   atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)
#define at_or_acq_rel(p, v)    atomic_fetch_or_explicit((p), (v), memory_order_acq_rel)
#define at_and_acq_rel(p, v)   atomic_fetch_and_explicit((p), (v), memory_order_acq_rel)

/* Compare-and-swap; *expected gets what was there on failure, where the order is the failure order (the second one). */
#define at_cas_relaxed(p, expected, v) \
	atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_relaxed, memory_order_relaxed)
#define at_cas_acquire(p, expected, v) \
	atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_acquire, memory_order_relaxed)
#define at_cas_release(p, expected, v) \
	atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_release, memory_order_relaxed)
#define at_cas_acq_rel(p, expected, v) \
	atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_acq_rel, memory_order_acquire)
#define at_cas_seq_cst(p, expected, v) \
	atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_seq_cst, memory_order_relaxed)

#define at_fence_acquire() atomic_thread_fence(memory_order_acquire)
#define at_fence_release() atomic_thread_fence(memory_order_release)
#define at_fence_seq_cst() atomic_thread_fence(memory_order_seq_cst)

/* Keeps the compiler from moving accesses across; the processor may. */
#define at_fence_compiler() atomic_signal_fence(memory_order_seq_cst)

/* Adds to a counter that only the calling thread writes, and others read: no read-modify-write. */
#define at_count(p, n) at_store_relaxed((p), at_load_relaxed(p) + (n))

/* Tells the processor that this is a spin. */
#if defined(__x86_64__)
#define coiri_pause() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define coiri_pause() __asm__ volatile("isb" ::: "memory")
#else
#define coiri_pause() \
	__asm__ volatile(".word 0x0100000f" ::: "memory") /* riscv64: pause, of Zihintpause; else nothing */
#endif

#endif
