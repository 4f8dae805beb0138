/* SPDX-License-Identifier: MIT
 *
 * unit/arch_test.c - the context switch alone: what it keeps, where things run, how a context begins and ends.
 */
#include "support/run.h"
#include "support/test.h"

#include "arch/arch.h"

#include <errno.h>
#include <execinfo.h>
#include <fenv.h>
#include <stdlib.h>
#include <string.h>

enum { STACK = 64 << 10 };

struct context {
	void *sp;
	char *low;
};

static struct context outer, inner;
static int post_calls;
static const char *trace_at;

static char *new_stack(void)
{
	char *low = aligned_alloc(64, STACK);
	must(low != NULL);
	memset(low, 0, STACK);
	return low;
}

static void make(struct context *c, void (*entry)(void))
{
	c->low = new_stack();
	c->sp = coiri_arch_make(c->low + STACK, entry);
}

/* The address of a frame; on some processors that is the first byte above it. */
static bool is_on(const char *low, const void *frame)
{
	uintptr_t at = (uintptr_t)frame, from = (uintptr_t)low;
	return at > from && at <= from + STACK;
}

static void aligned_frame(void)
{
	must_eq((uintptr_t)__builtin_frame_address(0) % 16, 0);
}

static void no_post(void *arg, void **save)
{
	(void)arg;
	(void)save;
	post_calls++;
}

/* ---- beginning, going on, ending ---- */

static int steps;

static void step_forever(void)
{
	aligned_frame();
	for (;;) {
		steps++;
		must(is_on(inner.low, __builtin_frame_address(0)));
		must_eq(coiri_arch_switch(&inner.sp, outer.sp, no_post, NULL), 0);
	}
}

Test(arch, there_and_back)
{
	make(&inner, step_forever);
	for (int i = 1; i <= 1000; i++) {
		cr_assert_eq(coiri_arch_switch(&outer.sp, inner.sp, no_post, NULL), 0);
		cr_assert_eq(steps, i);
		cr_assert_eq(post_calls, 2 * i);
	}
}

static void post_on_new_stack(void *arg, void **save)
{
	aligned_frame();
	must(is_on(inner.low, __builtin_frame_address(0)), "on the new stack");
	must(arg == &inner);
	must(*save != NULL, "the old context is complete by now");
	must(save == &outer.sp);
	must_eq(steps, 0); /* nothing of the resumed side has run */
	post_calls++;
}

Test(arch, post_runs_first_on_the_new_stack)
{
	make(&inner, step_forever);
	coiri_arch_switch(&outer.sp, inner.sp, post_on_new_stack, &inner);
	cr_assert_eq(steps, 1);
	cr_assert_eq(post_calls, 2);
}

static void post_of_leave(void *arg, void **save)
{
	(void)save;
	must(!is_on(inner.low, __builtin_frame_address(0)), "the ended context is left by now");
	memset(arg, 0x77, STACK);
}

static void leave_at_once(void)
{
	aligned_frame();
	coiri_arch_leave(outer.sp, post_of_leave, inner.low);
}

Test(arch, leave)
{
	for (int i = 0; i < 100; i++) {
		make(&inner, leave_at_once);
		cr_assert_eq(coiri_arch_switch(&outer.sp, inner.sp, no_post, NULL), 0);
		cr_assert_eq(inner.low[STACK / 2], 0x77);
		free(inner.low);
	}
}

/* ---- many ---- */

enum { MANY = 1000, ROUNDS = 100 };

static struct context many[MANY];
static int counts[MANY], current;

static void count_in_turn(void)
{
	int me = current;
	volatile uint64_t mine = (uint64_t)me * 0x9e3779b97f4a7c15u;
	for (;;) {
		must_eq(current, me);
		must(mine == (uint64_t)me * 0x9e3779b97f4a7c15u);
		counts[me]++;
		current = (me + 1) % MANY;
		void *next = current == 0 ? outer.sp : many[current].sp;
		coiri_arch_switch(&many[me].sp, next, no_post, NULL);
	}
}

Test(arch, many_contexts)
{
	for (int i = 0; i < MANY; i++)
		make(&many[i], count_in_turn);
	for (int round = 1; round <= ROUNDS; round++) {
		coiri_arch_switch(&outer.sp, many[0].sp, no_post, NULL);
		for (int i = 0; i < MANY; i++)
			cr_assert_eq(counts[i], round);
	}
}

/* ---- what it keeps ---- */

/* How many callee-saved registers registers_PROCESSOR.S fills. */
#if defined(__x86_64__)
enum { REGISTERS = 6 };
#elif defined(__aarch64__)
enum { REGISTERS = 19 };
#else
enum { REGISTERS = 24 };
#endif

int switch_with_registers(void **save, void *to, coiri_post post, void *arg, const uint64_t *set, uint64_t *got);

static void fill(uint64_t *set, uint64_t seed)
{
	for (unsigned i = 0; i < REGISTERS; i++)
		set[i] = (seed + i) * 0x9e3779b97f4a7c15u;
}

static void other_registers(void)
{
	for (uint64_t i = 0;; i++) {
		uint64_t set[REGISTERS], got[REGISTERS] = {0};
		fill(set, 5000 + i);
		must_eq(switch_with_registers(&inner.sp, outer.sp, no_post, NULL, set, got), 0);
		must(memcmp(set, got, sizeof set) == 0);
	}
}

Test(arch, keeps_registers)
{
	make(&inner, other_registers);
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t set[REGISTERS], got[REGISTERS] = {0};
		fill(set, i);
		cr_assert_eq(switch_with_registers(&outer.sp, inner.sp, no_post, NULL, set, got), 0);
		cr_assert_eq(memcmp(set, got, sizeof set), 0);
	}
}

Test(arch, keeps_registers_over_leave)
{
	uint64_t set[REGISTERS], got[REGISTERS] = {0};
	fill(set, 1);
	make(&inner, leave_at_once);
	cr_assert_eq(switch_with_registers(&outer.sp, inner.sp, no_post, NULL, set, got), 0);
	cr_assert_eq(memcmp(set, got, sizeof set), 0);
}

static void round_upward(void)
{
	must_eq(fegetround(), FE_TONEAREST);
	must_eq(fesetround(FE_UPWARD), 0);
	for (;;) {
		coiri_arch_switch(&inner.sp, outer.sp, no_post, NULL);
		must_eq(fegetround(), FE_UPWARD);
	}
}

Test(arch, keeps_the_rounding_mode)
{
	coiri_arch_fp_capture();
	make(&inner, round_upward);
	must_eq(fesetround(FE_DOWNWARD), 0);
	for (int i = 0; i < 100; i++) {
		coiri_arch_switch(&outer.sp, inner.sp, no_post, NULL);
		cr_assert_eq(fegetround(), FE_DOWNWARD);
	}
}

static void is_downward(void)
{
	must_eq(fegetround(), FE_DOWNWARD);
	coiri_arch_leave(outer.sp, no_post, NULL);
}

Test(arch, begins_with_what_was_captured)
{
	must_eq(fesetround(FE_DOWNWARD), 0);
	coiri_arch_fp_capture();
	must_eq(fesetround(FE_UPWARD), 0);
	make(&inner, is_downward);
	coiri_arch_switch(&outer.sp, inner.sp, no_post, NULL);
	cr_assert_eq(fegetround(), FE_UPWARD);
	coiri_fp mine;
	coiri_fp_enter(&mine);
	cr_assert_eq(fegetround(), FE_DOWNWARD);
	coiri_fp_leave(&mine);
	cr_assert_eq(fegetround(), FE_UPWARD);
}

/* ---- unwinding ends at the entry ---- */

static int frames;

static void count_frames(void)
{
	void *frame[64];
	frames = backtrace(frame, 64);
	coiri_arch_leave(outer.sp, no_post, NULL);
}

Test(arch, backtrace_ends_at_the_entry)
{
	make(&inner, count_frames);
	coiri_arch_switch(&outer.sp, inner.sp, no_post, NULL);
	cr_assert(frames >= 1 && frames <= 4, "%d frames", frames);
}

static intptr_t count_frames_of_call(void *arg)
{
	void *frame[64];
	frames = backtrace(frame, 64);
	return (intptr_t)arg + 1;
}

Test(arch, backtrace_ends_at_a_called_entry)
{
	cr_assert_eq(coiri_arch_call_entry(count_frames_of_call, (void *)41), 42);
	cr_assert(frames >= 1 && frames <= 3, "%d frames", frames);
}

enum { DEEPEST = 64 };

static void *before[DEEPEST], *within[DEEPEST];
static int frames_before, frames_within;

static void walk_in_post(void *arg, void **save)
{
	(void)arg;
	(void)save;
	frames_within = backtrace(within, DEEPEST);
}

static void walk_and_switch(void)
{
	frames_before = backtrace(before, DEEPEST);
	coiri_arch_switch(&inner.sp, outer.sp, no_post, NULL);
	coiri_arch_leave(outer.sp, no_post, NULL);
}

/* A post action is called from the suspended frame, so what it sees is what a debugger sees of a parked context:
 * itself, the switch, and then what the context's own walk found, the frame that called the switch being at another
 * place in its function. */
Test(arch, backtrace_through_a_suspended_context)
{
	make(&inner, walk_and_switch);
	coiri_arch_switch(&outer.sp, inner.sp, no_post, NULL);
	coiri_arch_switch(&outer.sp, inner.sp, walk_in_post, NULL);
	cr_assert_geq(frames_before, 2);
	cr_assert_eq(frames_within, frames_before + 2);
	for (int i = 1; i < frames_before; i++)
		cr_assert_eq(within[i + 2], before[i], "frame %d", i);
	cr_assert((uintptr_t)within[2] - (uintptr_t)before[0] < 1000);
}

/* ---- call_on ---- */

static intptr_t on_the_other_stack(void *arg)
{
	aligned_frame();
	must(is_on(arg, __builtin_frame_address(0)));
	return -12345;
}

static intptr_t nest_call(void *arg)
{
	char *low = new_stack();
	must(is_on(arg, __builtin_frame_address(0)));
	intptr_t r = coiri_arch_call_on(low + STACK, on_the_other_stack, low);
	must(is_on(arg, __builtin_frame_address(0)));
	return r + 1;
}

Test(arch, call_on)
{
	char *low = new_stack();
	cr_assert_eq(coiri_arch_call_on(low + STACK, on_the_other_stack, low), -12345);
	cr_assert_eq(coiri_arch_call_on(low + STACK, nest_call, low), -12344);
}

/* ---- wiping ---- */

static intptr_t wipe_half(void *arg)
{
	trace_at = __builtin_frame_address(0);
	coiri_arch_wipe_below((char *)arg + STACK / 2);
	return 0;
}

Test(arch, wipe_below)
{
	char *low = new_stack();
	memset(low, 0x5a, STACK);
	coiri_arch_call_on(low + STACK, wipe_half, low);
	for (char *p = low; p < low + STACK / 2; p++)
		cr_assert_eq(*p, 0x5a, "below the limit");
	for (char *p = low + STACK / 2; p < trace_at - 256; p++)
		cr_assert_eq(*p, 0, "%td bytes below the caller", trace_at - p);
}

/* ---- results ---- */

static int passed_on;

static void hand_back(void)
{
	for (;;) {
		int got = coiri_arch_switch(&inner.sp, outer.sp, no_post, NULL);
		passed_on = got;
	}
}

static void set_result_of_saved(void *arg, void **save)
{
	coiri_arch_set_result(*save, *(int *)arg);
}

/* Each switch returns what was put into its context, once: else 0. */
Test(arch, results)
{
	static const int results[] = {0, 1, -1, -ECANCELED, -ETIMEDOUT, 32767, -32768, 77};
	make(&inner, hand_back);
	cr_assert_eq(coiri_arch_switch(&outer.sp, inner.sp, no_post, NULL), 0);
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		int result = results[i];
		coiri_arch_set_result(inner.sp, result);
		cr_assert_eq(coiri_arch_switch(&outer.sp, inner.sp, no_post, NULL), 0);
		cr_assert_eq(passed_on, result);
		cr_assert_eq(coiri_arch_switch(&outer.sp, inner.sp, no_post, NULL), 0);
		cr_assert_eq(passed_on, 0);
		/* In the post action, into a context just saved: it comes out of that very switch. */
		cr_assert_eq(coiri_arch_switch(&outer.sp, inner.sp, set_result_of_saved, &result), result);
		cr_assert_eq(passed_on, 0);
	}
	free(inner.low);
}
