/* SPDX-License-Identifier: MIT
 *
 * api/fp_test.c - floating point (coir/fiber.h; SEMANTICS, "Inlining is invisible"): a fiber starts with the control
 * words of the thread that started the runtime, and what it changes is its own, across every wait and every join.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <fenv.h>
#include <stdatomic.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

static const int modes[4] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

/* What the processor does, not what the C library says: the x87 and the SSE unit have a rounding mode each. */
static int mode_in_force(void)
{
	volatile double one = 1, three = 3, minus = -1;
	double up = one / three, down = minus / three;
	bool larger = up > 0x1.5555555555555p-2, smaller = down < -0x1.5555555555555p-2;
	return larger ? FE_UPWARD : smaller ? FE_DOWNWARD : FE_TONEAREST; /* towards zero looks like to nearest here */
}

static void rounds(int mode)
{
	must_eq(fegetround(), mode);
	must_eq(mode_in_force(), mode == FE_TOWARDZERO ? FE_TONEAREST : mode);
}

static void round_by(int mode)
{
	must_eq(fesetround(mode), 0);
	rounds(mode);
}

/* ---- over joins ---- */

struct child {
	int mode;
	bool park;
	coir_fiber self;
	atomic_bool parked;
};

static intptr_t change_rounding(void *arg)
{
	struct child *c = arg;
	rounds(FE_TONEAREST); /* whatever the spawner or the joiner has */
	round_by(c->mode);
	c->self = must_self();
	atomic_store(&c->parked, true);
	if (c->park)
		must_ok(coir_park());
	rounds(c->mode);
	return 1;
}

static intptr_t wake_child(void *arg)
{
	struct child *c = arg;
	rounds(FE_TONEAREST);
	while (!atomic_load(&c->parked))
		must_ok(coir_yield());
	must_ok(coir_unpark(c->self));
	return 0;
}

static intptr_t join_rounding_children(void *arg)
{
	for (int i = 0; i < 400; i++) {
		int mine = modes[i % 4];
		round_by(mine);
		struct child c = {.mode = modes[(i / 4) % 4], .park = i % 3 == 0};
		coir_fiber waker = {NULL, 0};
		if (c.park)
			waker = must_spawn(wake_child, &c);
		coir_fiber f = must_spawn(change_rounding, &c);
		if (i % 5 == 0)
			must_ok(coir_yield()); /* starts it otherwise than by the join */
		rounds(mine);
		must_eq(must_join(f), 1);
		rounds(mine);
		if (c.park)
			must_join(waker);
		rounds(mine);
	}
	return (intptr_t)arg;
}

fiber_test(fp, joiner_and_child_keep_their_own)
{
	must_eq(must_join(must_spawn(join_rounding_children, (void *)1)), 1);
	rounds(FE_TONEAREST);
}

/* ---- over waits, on one worker and from worker to worker ---- */

static intptr_t keep_rounding(void *arg)
{
	int mode = modes[(intptr_t)arg % 4];
	rounds(FE_TONEAREST);
	round_by(mode);
	for (int i = 0; i < 500; i++) {
		must_ok(coir_yield());
		rounds(mode);
	}
	return 1;
}

fiber_test(fp, yielding_fibers_keep_their_own)
{
	enum { N = 40 };
	coir_fiber f[N];
	round_by(FE_UPWARD);
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(keep_rounding, (void *)(intptr_t)i);
	must_eq(must_join_all(f, N), N);
	rounds(FE_UPWARD);
}

static intptr_t set_upward(void *arg)
{
	rounds(FE_DOWNWARD); /* fn runs as the calling fiber */
	round_by(FE_UPWARD);
	must_ok(coir_yield());
	rounds(FE_UPWARD);
	return (intptr_t)arg;
}

fiber_test(fp, call_with_stack_is_the_same_fiber)
{
	round_by(FE_DOWNWARD);
	must_ok(coir_call_with_stack(1 << 20, set_upward, NULL, NULL));
	rounds(FE_UPWARD);
}

/* ---- what a fiber starts with ---- */

static intptr_t is_towards_zero(void *arg)
{
	must_eq(fegetround(), FE_TOWARDZERO);
	return (intptr_t)arg;
}

static intptr_t starts_towards_zero(void *arg)
{
	is_towards_zero(arg);
	round_by(FE_UPWARD); /* the spawner's does not count */
	coir_fiber f[20];
	for (int i = 0; i < 20; i++)
		f[i] = must_spawn(is_towards_zero, (void *)1);
	must_eq(must_join_all(f, 10), 10);
	for (int i = 0; i < 10; i++)
		must_ok(coir_yield());
	must_eq(must_join_all(f + 10, 10), 10);
	rounds(FE_UPWARD);
	return 1;
}

workers_test(fp, from_the_thread_that_started_the_runtime)
{
	must_eq(fesetround(FE_TOWARDZERO), 0);
	cr_assert_eq(with_workers(workers, starts_towards_zero, NULL), 1);
	cr_assert_eq(fegetround(), FE_TOWARDZERO, "the starter's own stays");
	start_workers(workers);
	must_eq(fesetround(FE_UPWARD), 0); /* then, not now */
	cr_assert_eq(must_join(must_spawn(starts_towards_zero, NULL)), 1);
	stop_workers();
	cr_assert_eq(fegetround(), FE_UPWARD);
}

/* ---- traps ---- */

static intptr_t divide_by_zero(void *arg)
{
	volatile double one = 1, zero = 0;
	for (int i = 0; i < 100; i++) {
		must_eq(fegetexcept(), 0);
		volatile double infinite = one / zero; /* a trap that leaked ends the process here */
		must(infinite > 0);
		must_ok(coir_yield());
	}
	return (intptr_t)arg;
}

static intptr_t keep_traps(void *arg)
{
	must_eq(fegetexcept(), 0);
	if (feenableexcept(FE_DIVBYZERO) < 0)
		return 1; /* this processor has none */
	for (int i = 0; i < 100; i++) {
		must_eq(fegetexcept(), FE_DIVBYZERO);
		must_eq(must_join(must_spawn(divide_by_zero, arg)), 1);
		must_eq(fegetexcept(), FE_DIVBYZERO);
		must_ok(coir_yield());
	}
	return 1;
}

fiber_test(fp, traps_are_its_own)
{
	coir_fiber f[10];
	for (int i = 0; i < 10; i++)
		f[i] = must_spawn(i % 2 ? keep_traps : divide_by_zero, (void *)1);
	must_eq(must_join_all(f, 10), 10);
}

/* ---- behind <fenv.h>'s back ---- */

#if defined(__x86_64__)

static intptr_t sse_is_default(void *arg)
{
	for (int i = 0; i < 50; i++) {
		must_eq(_MM_GET_ROUNDING_MODE(), _MM_ROUND_NEAREST);
		must_ok(coir_yield());
	}
	return (intptr_t)arg;
}

static intptr_t keeps_sse_when_told(void *arg)
{
	_MM_SET_ROUNDING_MODE(_MM_ROUND_UP);
	must_ok(coir_keep_fp());
	for (int i = 0; i < 50; i++) {
		must_ok(coir_yield());
		must_eq(_MM_GET_ROUNDING_MODE(), _MM_ROUND_UP);
		must_eq(must_join(must_spawn(sse_is_default, (void *)1)), 1);
		must_eq(_MM_GET_ROUNDING_MODE(), _MM_ROUND_UP);
	}
	return (intptr_t)arg;
}

static intptr_t changes_sse_behind_the_back(void *arg)
{
	for (int i = 0; i < 50; i++) {
		_MM_SET_ROUNDING_MODE(_MM_ROUND_DOWN);
		must_ok(coir_yield()); /* it lasts until here, maybe; in no case does it leak */
	}
	_MM_SET_ROUNDING_MODE(_MM_ROUND_DOWN); /* nor to whoever runs next, or joins */
	return (intptr_t)arg;
}

fiber_test(fp, sse_alone)
{
	static const coir_fn kind[3] = {sse_is_default, keeps_sse_when_told, changes_sse_behind_the_back};
	coir_fiber f[30];
	for (int i = 0; i < 30; i++)
		f[i] = must_spawn(kind[i % 3], (void *)1);
	must_eq(must_join_all(f, 30), 30);
	must_eq(_MM_GET_ROUNDING_MODE(), _MM_ROUND_NEAREST);
}

#else

fiber_test(fp, keep_fp_is_harmless)
{
	must_ok(coir_keep_fp());
	rounds(FE_TONEAREST);
}

#endif
