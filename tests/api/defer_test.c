/* SPDX-License-Identifier: MIT
 *
 * api/defer_test.c - coir/scope.h: deferred handlers run at a fiber's end, newest first, shielded, in that fiber.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

/* What happened, in order: one letter each. */
static char story[64];
static atomic_int told;

static void *letter(char c)
{
	static char letters[256];
	letters[(unsigned char)c] = c;
	return &letters[(unsigned char)c];
}

static void tell(void *c)
{
	story[atomic_fetch_add(&told, 1)] = *(char *)c;
}

static void story_is(const char *expected)
{
	must(strcmp(story, expected) == 0, "%s, not %s", story, expected);
	memset(story, 0, sizeof story);
	atomic_store(&told, 0);
}

static coir_key key;

static intptr_t defer_three(void *arg)
{
	must_ok(coir_set(key, letter('L')));
	must_ok(coir_defer(tell, letter('1')));
	must_ok(coir_defer(tell, letter('2')));
	must_ok(coir_yield());
	must_ok(coir_defer(tell, letter('3')));
	tell(letter('b'));
	return (intptr_t)arg;
}

static void look_for_it(void *unused)
{
	void *value;
	(void)unused;
	must_ok(coir_get(key, &value));
	must(value != NULL); /* the storage is still there */
}

static intptr_t defer_look(void *arg)
{
	must_ok(coir_set(key, letter('L')));
	must_ok(coir_defer(look_for_it, NULL));
	return (intptr_t)arg;
}

static intptr_t join_in_between(void *arg)
{
	must_ok(coir_defer(tell, letter('o')));
	must_eq(must_join(must_spawn(defer_three, (void *)4)), 4); /* most likely inline */
	tell(letter('e'));
	return (intptr_t)arg;
}

fiber_test(defer, order)
{
	must_ok(coir_key_create(&key, tell));
	must_eq(must_join(must_spawn(defer_three, (void *)3)), 3);
	story_is("b321L");
	must_eq(must_join(must_spawn(join_in_between, (void *)5)), 5);
	story_is("b321Leo");
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn(&s, defer_three, NULL));
	must_ok(coir_scope_wait(&s));
	story_is("b321L"); /* before the scope was left */
	must_eq(must_join(must_spawn(defer_look, (void *)6)), 6);
	story_is("L");
}

static void sleep_in_peace(void *c)
{
	must_eq(coir_cancelled(), 0);
	must_ok(coir_sleep(1000));
	must_ok(coir_yield());
	tell(c);
}

static void defer_more(void *c)
{
	must_ok(coir_defer(sleep_in_peace, letter('m')));
	tell(c);
}

static intptr_t cancelled(void *arg)
{
	must_ok(coir_defer(sleep_in_peace, letter('1')));
	must_ok(coir_defer(defer_more, letter('2')));
	must_eq(coir_park(), -ECANCELED);
	return (intptr_t)arg;
}

fiber_test(defer, at_a_cancel)
{
	coir_fiber f = must_spawn(cancelled, (void *)9);
	must_ok(coir_yield());
	must_ok(coir_cancel(f));
	must_eq(must_join(f), 9);
	story_is("2m1");
	coir_scope s;
	must_ok(coir_scope_begin(&s, NULL));
	must_ok(coir_scope_spawn(&s, cancelled, NULL));
	must_ok(coir_scope_cancel(&s));
	must_eq(coir_scope_wait(&s), -ECANCELED);
	story_is("2m1");
}

static intptr_t pop(void *arg)
{
	must_eq(coir_defer_pop(true), -EINVAL);
	must_ok(coir_defer(tell, letter('1')));
	must_ok(coir_defer(tell, letter('2')));
	must_ok(coir_defer(tell, letter('3')));
	must_ok(coir_defer_pop(false));
	must_ok(coir_defer_pop(true));
	tell(letter('b'));
	return (intptr_t)arg;
}

fiber_test(defer, pop)
{
	must_eq(must_join(must_spawn(pop, NULL)), 0);
	story_is("2b1");
}

static void defer_from_destructor(void *value)
{
	tell(value);
	must_ok(coir_defer(tell, letter('d')));
}

static intptr_t set_it(void *arg)
{
	must_ok(coir_set(key, letter('s')));
	return (intptr_t)arg;
}

fiber_test(defer, by_a_destructor)
{
	must_ok(coir_key_create(&key, defer_from_destructor));
	must_eq(must_join(must_spawn(set_it, NULL)), 0);
	story_is("sd");
}

static void nothing(void *unused)
{
	(void)unused;
}

static intptr_t many(void *arg)
{
	for (int i = 0; i < 1000; i++)
		must_ok(coir_defer(nothing, NULL));
	must_ok(coir_defer(tell, letter('x')));
	return (intptr_t)arg;
}

static intptr_t main_defers(void *arg)
{
	must_eq(many(arg), 3);
	tell(letter('m'));
	return (intptr_t)arg;
}

workers_test(defer, in_the_main_fiber)
{
	must_eq(with_workers(workers, main_defers, (void *)3), 3);
	story_is("mx");
}

static void lexical(void)
{
	COIR_DEFER(tell, letter('1'));
	COIR_DEFER(tell, letter('2'));
	for (int i = 0; i < 2; i++) {
		COIR_DEFER(sleep_in_peace, letter('i'));
		tell(letter('b'));
		if (i == 1)
			return;
	}
}

static intptr_t lexical_when_cancelled(void *arg)
{
	must_eq(coir_park(), -ECANCELED);
	lexical();
	must_eq(coir_cancelled(), -ECANCELED);
	return (intptr_t)arg;
}

fiber_test(defer, lexical)
{
	lexical();
	story_is("bibi21");
	coir_fiber f = must_spawn(lexical_when_cancelled, NULL);
	must_ok(coir_cancel(f));
	must_eq(must_join(f), 0);
	story_is("bibi21");
}

fiber_test(defer, misuse)
{
	must_eq(coir_defer(NULL, NULL), -EINVAL);
	must_eq(coir_defer_pop(false), -EINVAL);
}

Test(defer, outside)
{
	must_eq(coir_defer(tell, NULL), -EPERM);
	must_eq(coir_defer_pop(true), -EPERM);
	{
		COIR_DEFER(tell, letter('t'));
	}
	story_is("t");
}
