/* SPDX-License-Identifier: MIT
 *
 * api/coro_test.c - coroutines by themselves: resume, yield, transfer, misuse, stacks.
 */
#include "support/coro.h"
#include "support/deep.h"

#include <errno.h>
#include <fenv.h>
#include <stdlib.h>
#include <string.h>

/* ---- resume and yield ---- */

static intptr_t add_up(coir_coro *self, void *arg)
{
	intptr_t sum = (intptr_t)arg, sent = 0;
	do {
		int r = coir_coro_yield(self, sum, &sent);
		if (r)
			return r;
		sum += sent;
	} while (sent);
	return -sum;
}

coro_test(coro, values_go_both_ways)
{
	coir_coro *co = must_make(add_up, (void *)100);
	intptr_t out = 0;
	must_eq(coir_coro_resume(co, 77, &out), 0);
	must_eq(out, 100);
	for (int i = 1, sum = 100; i < 1000; i++) {
		must_eq(coir_coro_resume(co, i, &out), 0);
		must_eq(out, sum += i);
		must_eq(coir_coro_status(co), COIR_CORO_SUSPENDED);
	}
	must_eq(coir_coro_resume(co, INTPTR_MIN, &out), 0);
	must_eq(out, INTPTR_MIN + 100 + 999 * 500);
	must_eq(coir_coro_resume(co, 0, &out), COIR_CORO_DONE);
	must_eq(out, -(INTPTR_MIN + 100 + 999 * 500));
	must_eq(coir_coro_status(co), COIR_CORO_FINISHED);
	must_ok(coir_coro_destroy(co));
}

/* Yields from the bottom of so many calls; what is around the yield must survive. */
static intptr_t deep(coir_coro *self, intptr_t depth)
{
	volatile char around[200];
	intptr_t sent = 0;
	memset((char *)around, (int)depth, sizeof around);
	if (depth > 0)
		sent = deep(self, depth - 1);
	else
		must_ok(coir_coro_yield(self, 5, &sent));
	must_eq(around[0], (char)depth);
	must_eq(around[199], (char)depth);
	return sent + 1;
}

static intptr_t deep_body(coir_coro *self, void *arg)
{
	return deep(self, (intptr_t)arg);
}

coro_test(coro, yields_from_deep_calls)
{
	for (intptr_t depth = 0; depth < 200; depth += 33) {
		intptr_t out = 0;
		coir_coro *co = must_make(deep_body, (void *)depth);
		must_eq(coir_coro_resume(co, 0, &out), 0);
		must_eq(out, 5);
		must_eq(coir_coro_resume(co, 1000, &out), COIR_CORO_DONE);
		must_eq(out, 1000 + depth + 1);
		must_ok(coir_coro_destroy(co));
	}
}

/* Many values of all kinds that live across a switch, on both sides: whatever register they are in. */
enum side { OUTSIDE, INSIDE, ALONE };

static __attribute__((noinline)) double mix(coir_coro *co, enum side side, long a, long from)
{
	long b = a * 3, c = a ^ 5, d = a + 7, e = a * 11, f = a - 13, g = a * 17;
	double x = (double)a * 0.5, y = (double)b + 0.25, z = x * y;
	long double l = (long double)z * 3;
	for (int i = 0; i < 10; i++) {
		intptr_t got = i + from;
		if (side == INSIDE)
			must_ok(coir_coro_yield(co, i + a, &got));
		else if (side == OUTSIDE)
			must_ok(coir_coro_resume(co, i + a, &got));
		b += got + c;
		c ^= d + b;
		d += e - got;
		e += f * 3;
		f -= g;
		g += b;
		x += y;
		y -= z * 0.125;
		z += (double)got;
		l += (long double)x;
	}
	return x + y + z + (double)l + (double)(b ^ c ^ d ^ e ^ f ^ g);
}

static intptr_t mix_body(coir_coro *self, void *arg)
{
	*(double *)arg = mix(self, INSIDE, 1000, 0);
	return 0;
}

coro_test(coro, locals_live_across_switches)
{
	double inside = 0;
	coir_coro *co = must_make(mix_body, &inside);
	must(mix(co, OUTSIDE, 10, 0) == mix(NULL, ALONE, 10, 1000));
	must_eq(coir_coro_resume(co, 20, NULL), COIR_CORO_DONE);
	must(inside == mix(NULL, ALONE, 1000, 11)); /* the first value sent was dropped */
	must_ok(coir_coro_destroy(co));
}

static intptr_t first_class(coir_coro *self, void *arg)
{
	intptr_t out = 0;
	coir_coro *inner = arg;
	must_eq(coir_coro_status(self), COIR_CORO_RUNNING);
	must(coir_coro_self() == self);
	if (inner) {
		must_eq(coir_coro_status(inner), COIR_CORO_SUSPENDED);
		must_ok(coir_coro_resume(inner, 0, &out));
	}
	must(coir_coro_self() == self);
	must_ok(coir_coro_yield(self, out + 1, NULL));
	must(coir_coro_self() == self);
	return 0;
}

static intptr_t looks_at_resumer(coir_coro *self, void *arg)
{
	coir_coro **resumer = arg;
	must(coir_coro_self() == self);
	must_eq(coir_coro_status(*resumer), COIR_CORO_NORMAL);
	must_eq(coir_coro_resume(*resumer, 0, NULL), -EBUSY);
	must_eq(coir_coro_destroy(*resumer), -EBUSY);
	must_ok(coir_coro_yield(self, 10, NULL));
	return 0;
}

coro_test(coro, nested)
{
	coir_coro *outer = NULL, *inner = must_make(looks_at_resumer, &outer);
	outer = must_make(first_class, inner);
	intptr_t out = 0;
	must(coir_coro_self() == NULL);
	must_ok(coir_coro_resume(outer, 0, &out));
	must_eq(out, 11);
	must(coir_coro_self() == NULL);
	must_eq(coir_coro_status(outer), COIR_CORO_SUSPENDED);
	must_eq(coir_coro_status(inner), COIR_CORO_SUSPENDED);
	must_eq(coir_coro_resume(inner, 0, NULL), COIR_CORO_DONE);
	must_eq(coir_coro_resume(outer, 0, NULL), COIR_CORO_DONE);
	must_ok(coir_coro_destroy(outer));
	must_ok(coir_coro_destroy(inner));
}

/* Each resumes the next: a chain of resumers. */
static intptr_t chain(coir_coro *self, void *arg)
{
	intptr_t left = (intptr_t)arg, out = 0;
	if (left == 0) {
		must_ok(coir_coro_yield(self, 1, NULL));
		return 1;
	}
	coir_coro *next = must_make(chain, (void *)(left - 1));
	must_ok(coir_coro_resume(next, 0, &out));
	must_ok(coir_coro_yield(self, out + 1, NULL));
	must_eq(coir_coro_resume(next, 0, &out), COIR_CORO_DONE);
	must_ok(coir_coro_destroy(next));
	return out + 1;
}

coro_test(coro, chains)
{
	intptr_t out = 0;
	coir_coro *co = must_make(chain, (void *)100);
	must_ok(coir_coro_resume(co, 0, &out));
	must_eq(out, 101);
	must_eq(coir_coro_resume(co, 0, &out), COIR_CORO_DONE);
	must_eq(out, 101);
	must_ok(coir_coro_destroy(co));
}

/* ---- transfer ---- */

struct ring {
	coir_coro *co[5];
	long passes, left;
};

static intptr_t pass_on(coir_coro *self, void *arg)
{
	struct ring *ring = arg;
	intptr_t got = 0;
	int me = 0;
	while (ring->co[me] != self)
		me++;
	while (ring->left-- > 0) {
		intptr_t value = ring->passes++;
		int r = coir_coro_transfer(self, ring->co[(me + 1) % 5], value, &got);
		if (r)
			return r;
		must_eq(got, ring->passes - 1);
	}
	return me;
}

coro_test(coro, transfer_in_a_ring)
{
	struct ring ring = {.left = 1003};
	intptr_t out = 0;
	for (int i = 0; i < 5; i++)
		ring.co[i] = must_make(pass_on, &ring);
	must_eq(coir_coro_transfer(NULL, ring.co[0], 0, &out), COIR_CORO_DONE);
	must_eq(ring.passes, 1003);
	must_eq(out, 1003 % 5); /* the one that found nothing left */
	for (int i = 0; i < 5; i++) {
		must_eq(coir_coro_status(ring.co[i]), i == 3 ? COIR_CORO_FINISHED : COIR_CORO_SUSPENDED);
		must_ok(coir_coro_destroy(ring.co[i])); /* in the middle: the transfer gives -ECANCELED */
	}
}

static intptr_t transfer_then_yield(coir_coro *self, void *arg)
{
	coir_coro **to = arg;
	intptr_t got = 0;
	for (;;) {
		int r = coir_coro_transfer(self, *to, 100, &got);
		if (r)
			return r;
		r = coir_coro_yield(self, got + 1, &got);
		if (r)
			return r;
	}
}

static intptr_t yield_for_ever(coir_coro *self, void *arg)
{
	intptr_t got = (intptr_t)arg;
	while (coir_coro_yield(self, got, &got) == 0)
		continue;
	return 0;
}

/* The resumer gets what another coroutine than it resumed yields, and goes on with that it named. */
coro_test(coro, transfer_takes_the_resumer_along)
{
	coir_coro *b = must_make(yield_for_ever, (void *)7), *a = must_make(transfer_then_yield, &b);
	intptr_t out = 0;
	must_eq(coir_coro_resume(a, 0, &out), 0);
	must_eq(out, 7); /* of b */
	must_eq(coir_coro_status(a), COIR_CORO_SUSPENDED);
	for (intptr_t i = 0; i < 50; i++) {
		must_eq(coir_coro_resume(a, i, &out), 0);
		must_eq(out, i + 1);
		must_eq(coir_coro_resume(b, i * 2, &out), 0);
		must_eq(out, i * 2);
		must_eq(coir_coro_resume(a, 0, &out), 0);
		must_eq(out, 100); /* transferred to b, which yields what it received */
	}
	must_ok(coir_coro_destroy(a));
	must_ok(coir_coro_destroy(b));
}

static __attribute__((noinline)) intptr_t add_values(coir_coro *co, int n)
{
	intptr_t sum = 0, out = 0;
	while (n-- > 0 && coir_coro_resume(co, 1, &out) == 0)
		sum += out;
	return sum;
}

/* The same in a loop that calls nothing else: there a compiler trusts the register that the coroutine was in. */
coro_test(coro, transfer_keeps_the_name)
{
	coir_coro *b = must_make(yield_for_ever, (void *)7), *a = must_make(transfer_then_yield, &b);
	/* a transfers to b, which gives what it got; a gives 1 + 1 */
	must_eq(add_values(a, 100), 7 + 49 * 100 + 50 * 2);
	must_ok(coir_coro_destroy(a));
	must_ok(coir_coro_destroy(b));
}

static intptr_t transfer_badly(coir_coro *self, void *arg)
{
	coir_coro **other = arg; /* [0] finished, [1] suspended, [2] our resumer */
	must_eq(coir_coro_transfer(self, other[0], 0, NULL), -ESRCH);
	must_eq(coir_coro_transfer(self, self, 0, NULL), -EBUSY);
	must_eq(coir_coro_transfer(self, other[2], 0, NULL), -EBUSY);
	must_eq(coir_coro_transfer(other[1], self, 0, NULL), -EPERM);
	must_eq(coir_coro_transfer(other[1], NULL, 0, NULL), -EPERM);
	must_eq(coir_coro_yield(other[1], 0, NULL), -EPERM);
	must_eq(coir_coro_yield(other[0], 0, NULL), -EPERM);
	must_eq(coir_coro_resume(self, 0, NULL), -EBUSY);
	must_eq(coir_coro_destroy(self), -EBUSY);
	must_ok(coir_coro_transfer(self, NULL, 3, NULL));
	return 4;
}

static intptr_t resume_given(coir_coro *self, void *arg)
{
	coir_coro **other = arg;
	intptr_t out = 0;
	(void)self;
	must_eq(coir_coro_resume(other[3], 0, &out), 0);
	must_eq(out, 3);
	return 0;
}

coro_test(coro, misuse)
{
	intptr_t out = 99;
	coir_coro *co[4] = {must_make(add_up, NULL), must_make(yield_for_ever, NULL), NULL, NULL};
	must_ok(coir_coro_resume(co[0], 0, NULL));
	must_eq(coir_coro_resume(co[0], 0, NULL), COIR_CORO_DONE);
	co[2] = must_make(resume_given, co);
	co[3] = must_make(transfer_badly, co);
	must_eq(coir_coro_resume(co[2], 0, &out), COIR_CORO_DONE);
	must_eq(coir_coro_resume(co[3], 0, &out), COIR_CORO_DONE);
	must_eq(out, 4);
	for (int again = 0; again < 3; again++) {
		must_eq(coir_coro_resume(co[0], 1, &out), -ESRCH);
		must_eq(coir_coro_resume(NULL, 1, &out), -EINVAL);
		must_eq(coir_coro_yield(NULL, 1, &out), -EINVAL);
		must_eq(coir_coro_yield(co[1], 1, &out), -EPERM);
		must_eq(coir_coro_transfer(NULL, NULL, 1, &out), -EINVAL);
		must_eq(coir_coro_transfer(NULL, co[0], 1, &out), -ESRCH);
		must_eq(coir_coro_status(NULL), -EINVAL);
	}
	must_eq(out, 4); /* left alone by all these */
	for (int i = 0; i < 4; i++)
		must_ok(coir_coro_destroy(co[i]));
	must_ok(coir_coro_destroy(NULL));
}

coro_test(coro, bad_arguments_of_create)
{
	coir_coro *co = NULL;
	coir_coro_attr attr = COIR_CORO_ATTR_INIT;
	must_eq(coir_coro_create(NULL, NULL, NULL, &co), -EINVAL);
	must_eq(coir_coro_create(NULL, add_up, NULL, NULL), -EINVAL);
	attr.size = 3;
	must_eq(coir_coro_create(&attr, add_up, NULL, &co), -EINVAL);
	attr = (coir_coro_attr)COIR_CORO_ATTR_INIT;
	attr.stack_size = COIR_STACK_MIN - 1;
	must_eq(coir_coro_create(&attr, add_up, NULL, &co), -EINVAL);
	attr.stack_size = COIR_STACK_MAX + 1;
	must_eq(coir_coro_create(&attr, add_up, NULL, &co), -EINVAL);
	attr.stack_size = 0;
	attr.arg_size = COIR_CORO_ARG_MAX + 1;
	must_eq(coir_coro_create(&attr, add_up, &attr, &co), -EINVAL);
	must(co == NULL);
}

/* The floating-point control words are the resumer's, as in a function call. */
static intptr_t round_upward(coir_coro *self, void *arg)
{
	(void)arg;
	must_eq(fegetround(), FE_DOWNWARD);
	must_ok(coir_coro_yield(self, 0, NULL));
	must_eq(fegetround(), FE_TONEAREST);
	fesetround(FE_UPWARD);
	return 0;
}

coro_test(coro, rounding_is_shared)
{
	coir_coro *co = must_make(round_upward, NULL);
	fesetround(FE_DOWNWARD);
	must_ok(coir_coro_resume(co, 0, NULL));
	fesetround(FE_TONEAREST);
	must_eq(coir_coro_resume(co, 0, NULL), COIR_CORO_DONE);
	must_eq(fegetround(), FE_UPWARD);
	fesetround(FE_TONEAREST);
	must_ok(coir_coro_destroy(co));
}

/* ---- stacks and arguments ---- */

static intptr_t use_it(coir_coro *self, void *arg)
{
	size_t bytes = (size_t)arg;
	must(use_stack(bytes) >= bytes);
	must_ok(coir_coro_yield(self, 0, NULL));
	must(use_stack(bytes) >= bytes);
	return 0;
}

coro_test(coro, stack_sizes)
{
	static const size_t sizes[] = {COIR_STACK_MIN, 20 << 10, 64 << 10, 0, 1 << 20, 16 << 20};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		size_t size = sizes[i] ? sizes[i] : 128 << 10;
		coir_coro_attr attr = COIR_CORO_ATTR_INIT;
		coir_coro *co;
		attr.stack_size = sizes[i];
		must_ok(coir_coro_create(&attr, use_it, (void *)(size - (10 << 10)), &co));
		must_ok(coir_coro_resume(co, 0, NULL));
		must_eq(coir_coro_resume(co, 0, NULL), COIR_CORO_DONE);
		must_ok(coir_coro_destroy(co));
	}
}

struct big {
	char bytes[COIR_CORO_ARG_MAX];
};

static intptr_t sum_of_copy(coir_coro *self, void *arg)
{
	const struct big *big = arg;
	must_eq((uintptr_t)arg % 16, 0);
	must_ok(coir_coro_yield(self, 0, NULL));
	intptr_t sum = 0;
	for (size_t i = 0; i < sizeof big->bytes; i++)
		sum += big->bytes[i];
	return sum;
}

coro_test(coro, copied_arguments)
{
	coir_coro_attr attr = COIR_CORO_ATTR_INIT;
	struct big big;
	coir_coro *co;
	intptr_t out = 0;
	attr.arg_size = sizeof big;
	memset(&big, 3, sizeof big);
	must_ok(coir_coro_create(&attr, sum_of_copy, &big, &co));
	memset(&big, 0, sizeof big);
	must_ok(coir_coro_resume(co, 0, NULL));
	must_eq(coir_coro_resume(co, 0, &out), COIR_CORO_DONE);
	must_eq(out, 3 * COIR_CORO_ARG_MAX);
	must_ok(coir_coro_destroy(co));
}

coro_test(coro, many_at_once)
{
	long n = scaled_fibers(3000);
	uint64_t before = coir_coro_count();
	coir_coro **co = zeros((size_t)n, sizeof *co);
	for (int round = 0; round < 3; round++) {
		for (long i = 0; i < n; i++)
			co[i] = must_make(add_up, (void *)i);
		must_eq(coir_coro_count(), before + (uint64_t)n);
		for (long i = 0; i < 3 * n; i++) {
			intptr_t out = -1;
			must_ok(coir_coro_resume(co[i % n], 1, &out));
			must_eq(out, i % n + i / n);
		}
		for (long i = 0; i < n; i++)
			must_ok(coir_coro_destroy(co[n - 1 - i]));
		must_eq(coir_coro_count(), before);
	}
	free(co);
}
