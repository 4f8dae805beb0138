/* SPDX-License-Identifier: MIT
 *
 * api/fls_test.c - fiber-local storage: values, keys, destructors and their rounds, also of inlined children.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>

static void *value_of(coir_key key)
{
	void *value = &value;
	must_ok(coir_get(key, &value));
	return value;
}

static void *number(intptr_t n)
{
	return (void *)n;
}

/* ---- values ---- */

static coir_key key, other;

static intptr_t keep_values(void *arg)
{
	must(value_of(key) == NULL && value_of(other) == NULL);
	must_ok(coir_set(key, arg));
	for (int i = 0; i < 50; i++) {
		must(value_of(key) == arg);
		must(value_of(other) == number(i));
		must_ok(coir_set(other, number(i + 1)));
		must_ok(coir_yield());
	}
	must_ok(coir_set(key, NULL));
	must(value_of(key) == NULL && value_of(other) == number(50));
	return 1;
}

fiber_test(fls, every_fiber_its_own)
{
	enum { N = 100 };
	coir_fiber f[N];
	must_ok(coir_key_create(&key, NULL));
	must_ok(coir_key_create(&other, NULL));
	must(key != other);
	must_ok(coir_set(key, number(-1)));
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(keep_values, number(i + 1));
	must_eq(must_join_all(f, N), N);
	must(value_of(key) == number(-1) && value_of(other) == NULL);
}

/* The child of a join is another fiber, on whatever stack. */
static intptr_t change_value(void *arg)
{
	must(value_of(key) == NULL);
	must_ok(coir_set(key, arg));
	if ((intptr_t)arg % 2)
		must_ok(coir_yield());
	must(value_of(key) == arg);
	return 1;
}

static intptr_t values_come_back(void *arg)
{
	for (int i = 1; i < 200; i++) {
		must_ok(coir_set(key, number(1000 + i)));
		must_eq(must_join(must_spawn(change_value, number(i))), 1);
		must(value_of(key) == number(1000 + i));
		must_ok(coir_call_with_stack(128 << 10, fiber_give_back, NULL, NULL));
		must(value_of(key) == number(1000 + i));
	}
	return (intptr_t)arg;
}

fiber_test(fls, joiners_values_come_back)
{
	must_ok(coir_key_create(&key, NULL));
	must_eq(must_join(must_spawn(values_come_back, number(3))), 3);
}

static intptr_t get_on_big_stack(void *arg)
{
	must(value_of(key) == arg);
	must_ok(coir_set(key, number(6)));
	return 0;
}

fiber_test(fls, call_with_stack_is_the_same_fiber)
{
	must_ok(coir_key_create(&key, NULL));
	must_ok(coir_set(key, number(5)));
	must_ok(coir_call_with_stack(256 << 10, get_on_big_stack, number(5), NULL));
	must(value_of(key) == number(6));
}

/* ---- keys ---- */

fiber_test(fls, bad_arguments)
{
	void *value;
	must_eq(coir_key_create(NULL, NULL), -EINVAL);
	must_eq(coir_set(COIR_KEYS_MAX + 7, NULL), -EINVAL);
	must_eq(coir_set((coir_key)-1, NULL), -EINVAL);
	must_eq(coir_get(COIR_KEYS_MAX + 7, &value), -EINVAL);
	must_eq(coir_key_delete((coir_key)-1), -EINVAL);
	must_ok(coir_key_create(&key, NULL));
	must_eq(coir_get(key, NULL), -EINVAL);
	must_ok(coir_key_delete(key));
	must_eq(coir_key_delete(key), -EINVAL);
	must_eq(coir_set(key, number(1)), -EINVAL);
	must_eq(coir_get(key, &value), -EINVAL);
}

fiber_test(fls, as_many_keys_as_promised)
{
	coir_key keys[COIR_KEYS_MAX], extra;
	for (int i = 0; i < COIR_KEYS_MAX; i++) {
		must_ok(coir_key_create(&keys[i], NULL));
		must_ok(coir_set(keys[i], number(i + 1)));
	}
	must_eq(coir_key_create(&extra, NULL), -EAGAIN);
	for (int i = 0; i < COIR_KEYS_MAX; i++)
		must(value_of(keys[i]) == number(i + 1)); /* all different */
	must_ok(coir_key_delete(keys[77]));
	must_ok(coir_key_create(&extra, NULL));
	must(value_of(extra) == NULL, "the value of a deleted key came back");
	must_eq(coir_key_create(&key, NULL), -EAGAIN);
}

static atomic_int destroyed;

static void count_destructor(void *value)
{
	atomic_fetch_add(&destroyed, (int)(intptr_t)value);
}

static intptr_t set_and_wait(void *arg)
{
	must_ok(coir_set(key, number(1)));
	atomic_fetch_add((atomic_int *)arg, 1);
	must_ok(coir_park());
	void *value;
	must_eq(coir_get(other, &value), 0);
	must(value == NULL, "a value of a key that was deleted");
	return 0;
}

/* A deleted key's values are forgotten, and the key that comes after in its place starts empty in every fiber. */
fiber_test(fls, deleted_while_in_use)
{
	enum { N = 20 };
	atomic_int waiting = 0;
	coir_fiber f[N];
	must_ok(coir_key_create(&key, count_destructor));
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(set_and_wait, &waiting);
	while (atomic_load(&waiting) < N)
		must_ok(coir_yield());
	must_ok(coir_key_delete(key));
	must_ok(coir_key_create(&other, count_destructor));
	for (int i = 0; i < N; i++)
		must_ok(coir_unpark(f[i]));
	must_join_all(f, N);
	must_eq(atomic_load(&destroyed), 0);
}

static intptr_t set_one(void *arg)
{
	must(value_of(key) == NULL);
	must_ok(coir_set(key, arg));
	return 0;
}

workers_test(fls, keys_outlive_runtimes)
{
	must_ok(coir_key_create(&key, count_destructor)); /* also without a runtime */
	for (int i = 1; i <= 3; i++) {
		with_workers(workers, set_one, number(1));
		cr_assert_eq(atomic_load(&destroyed), i, "main's destructors run too");
	}
	cr_assert_eq(coir_key_delete(key), 0);
	cr_assert_eq(coir_key_delete(key), -EINVAL);
}

/* ---- destructors ---- */

static intptr_t set_and_end(void *arg)
{
	must_ok(coir_set(key, arg));
	return 0;
}

static intptr_t set_and_end_later(void *arg)
{
	must_ok(coir_set(key, arg));
	must_ok(coir_yield());
	return 0;
}

fiber_test(fls, destructors_run_before_the_join_returns)
{
	must_ok(coir_key_create(&key, count_destructor));
	for (int i = 1; i <= 200; i++) {
		must_join(must_spawn(i % 2 ? set_and_end : set_and_end_later, number(1)));
		must_eq(atomic_load(&destroyed), i);
	}
	must_join(must_spawn(fiber_give_back, NULL)); /* no value, no call */
	must_eq(atomic_load(&destroyed), 200);
}

fiber_test(fls, destructors_of_detached_fibers)
{
	must_ok(coir_key_create(&key, count_destructor));
	for (int i = 0; i < 200; i++)
		must_ok(coir_go(i % 2 ? set_and_end : set_and_end_later, number(1)));
	while (atomic_load(&destroyed) < 200)
		must_ok(coir_yield());
}

/* Called in the fiber, which is still itself, with the value gone already. */
static coir_fiber dying;
static atomic_int seen_itself;

static void look_around(void *value)
{
	must_eq(coir_id(), dying.seq);
	must_eq((intptr_t)value, 44);
	must(value_of(key) == NULL);
	atomic_fetch_add(&seen_itself, 1);
}

static intptr_t die_with_44(void *arg)
{
	dying = must_self();
	must_ok(coir_set(key, number(44)));
	return (intptr_t)arg;
}

fiber_test(fls, destructors_run_in_the_fiber)
{
	must_ok(coir_key_create(&key, look_around));
	must_ok(coir_set(key, number(1))); /* the joiner's, which stays */
	must_eq(must_join(must_spawn(die_with_44, number(9))), 9);
	must_eq(atomic_load(&seen_itself), 1);
	must(value_of(key) == number(1));
	must_ok(coir_set(key, NULL));
}

/* ---- rounds ---- */

static char trace[32];
static int traced;

static void again(void *value)
{
	trace[traced++] = 'a';
	must_ok(coir_set(key, value)); /* for ever, if it were not for the limit */
}

static void once(void *value)
{
	(void)value;
	trace[traced++] = 'o';
}

static intptr_t set_both(void *arg)
{
	must_ok(coir_set(key, number(1)));
	must_ok(coir_set(other, number(1)));
	return (intptr_t)arg;
}

fiber_test(fls, four_rounds)
{
	must_ok(coir_key_create(&key, again));
	must_ok(coir_key_create(&other, once));
	must_join(must_spawn(set_both, NULL));
	must_eq(traced, COIR_DESTRUCTOR_ITERATIONS + 1);
	int a = 0, o = -1;
	for (int i = 0; i < traced; i++) {
		a += trace[i] == 'a';
		o = trace[i] == 'o' ? i : o;
	}
	must_eq(a, COIR_DESTRUCTOR_ITERATIONS);
	must(o == 0 || o == 1, "every value has its turn in the first round");
}

static void set_the_other(void *value)
{
	trace[traced++] = 's';
	must_ok(coir_set(other, value));
}

static intptr_t set_key(void *arg)
{
	must_ok(coir_set(key, number(1)));
	return (intptr_t)arg;
}

fiber_test(fls, values_set_by_destructors)
{
	must_ok(coir_key_create(&key, set_the_other));
	must_ok(coir_key_create(&other, once));
	must_join(must_spawn(set_key, NULL));
	must_eq(traced, 2);
	must(trace[0] == 's' && trace[1] == 'o');
}

/* ---- destructors may use coir, and park ---- */

static atomic_int parked_destructors;
static coir_fiber last_parked;

static void park_in_destructor(void *value)
{
	must_eq(must_join(must_spawn(fiber_yield_often, number(2))), 2);
	last_parked = must_self();
	atomic_fetch_add(&parked_destructors, 1);
	must_ok(coir_park());
	atomic_fetch_add(&destroyed, (int)(intptr_t)value);
}

static intptr_t wake_destructors(void *arg)
{
	for (int i = 1; i <= (int)(intptr_t)arg; i++) {
		while (atomic_load(&parked_destructors) < i)
			must_ok(coir_yield());
		must_ok(coir_unpark(last_parked));
	}
	return 0;
}

fiber_test(fls, destructors_that_park)
{
	enum { N = 20 };
	must_ok(coir_key_create(&key, park_in_destructor));
	coir_fiber waker = must_spawn(wake_destructors, number(N));
	for (int i = 1; i <= N; i++) {
		must_join(must_spawn(i % 2 ? set_and_end : set_and_end_later, number(1)));
		must_eq(atomic_load(&destroyed), i);
	}
	must_join(waker);
}
