/* SPDX-License-Identifier: MIT
 *
 * api/spawn_test.c - SEMANTICS, "Fibers and handles": spawning, attributes, ids, names. Joining is in join_test.c.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int ran;

static intptr_t count(void *arg)
{
	atomic_fetch_add(&ran, 1);
	return (intptr_t)arg;
}

static void yield_until_ran(int n)
{
	while (atomic_load(&ran) < n)
		must_ok(coir_yield());
}

/* ---- spawn ---- */

fiber_test(spawn, results_come_back)
{
	enum { N = 1000 };
	coir_fiber f[N];
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(fiber_give_back, (void *)(intptr_t)(i * 3 - 500));
	for (int i = 0; i < N; i++)
		must_eq(must_join(f[i]), i * 3 - 500);
	must_eq(must_join(must_spawn(fiber_give_back, (void *)INTPTR_MIN)), INTPTR_MIN);
	must_eq(must_join(must_spawn(fiber_give_back, (void *)INTPTR_MAX)), INTPTR_MAX);
	must_ok(coir_join(must_spawn(fiber_give_back, NULL), NULL));
}

fiber_test(spawn, go_and_detached)
{
	coir_attr attr = COIR_ATTR_INIT;
	attr.detached = true;
	for (int i = 0; i < 1000; i++) {
		must_ok(coir_go(count, NULL));
		must_ok(coir_spawn(&attr, count, NULL, NULL));
	}
	yield_until_ran(2000);
	must_eq(atomic_load(&ran), 2000);
}

fiber_test(spawn, bad_arguments)
{
	coir_fiber f = {NULL, 0};
	coir_attr attr = COIR_ATTR_INIT;
	must_eq(coir_spawn(NULL, NULL, NULL, &f), -EINVAL);
	must_eq(coir_go(NULL, NULL), -EINVAL);
	must_eq(coir_spawn(NULL, count, NULL, NULL), -EINVAL);
	must_eq(coir_spawn(&attr, count, NULL, NULL), -EINVAL);
	static const size_t sizes[] = {1, COIR_STACK_MIN - 1, COIR_STACK_MAX + 1, SIZE_MAX / 2, SIZE_MAX};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		attr.stack_size = sizes[i];
		must_eq(coir_spawn(&attr, count, NULL, &f), -EINVAL);
	}
	attr.stack_size = 0;
	attr.size = 0;
	must_eq(coir_spawn(&attr, count, NULL, &f), -EINVAL);
	attr.size = sizeof attr + 512;
	must_eq(coir_spawn(&attr, count, NULL, &f), -EINVAL);
	must_eq(must_stats().spawned - must_stats().finished, 1); /* only main lives: a refused spawn makes nothing */
	must_eq(must_join(must_spawn(count, (void *)1)), 1);
	must_eq(atomic_load(&ran), 1);
}

static intptr_t stack_left(void *arg)
{
	(void)arg;
	must_ok(coir_yield());
	return coir_stack_left();
}

fiber_test(spawn, stack_sizes)
{
	static const size_t sizes[] = {COIR_STACK_MIN, COIR_STACK_MIN + 1, 65536,    100000,
				       1 << 20,        (8 << 20) + 1,      64 << 20, COIR_STACK_MAX};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		coir_attr attr = COIR_ATTR_INIT;
		attr.stack_size = sizes[i];
		coir_fiber f;
		must_ok(coir_spawn(&attr, stack_left, NULL, &f));
		intptr_t left = must_join(f);
		must((size_t)left >= sizes[i] - sizes[i] / 4, "%jd of %zu", (intmax_t)left, sizes[i]);
	}
}

/* ---- ids ---- */

static intptr_t id_is_the_handles(void *arg)
{
	coir_fiber me = must_self();
	must(coir_id() > 0);
	must_eq(me.seq, coir_id());
	must_ok(coir_yield());
	must_eq(me.seq, coir_id());
	*(uint64_t *)arg = coir_id();
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

enum { ROUND = 200, ROUNDS_MOST = 50 };

static uint64_t ids[2 * ROUNDS_MOST * ROUND];
static int id_count;

static intptr_t collect_ids(void *arg)
{
	for (long round = scaled_spawns(ROUNDS_MOST); round > 0; round--) { /* descriptors are used again and again */
		coir_fiber f[ROUND];
		for (int i = 0; i < ROUND; i++)
			f[i] = must_spawn(id_is_the_handles, &ids[id_count + i]);
		must_ok(coir_yield());
		for (int i = 0; i < ROUND; i++) {
			must_join(f[i]);
			must_eq(ids[id_count + i], f[i].seq);
		}
		id_count += ROUND;
	}
	return (intptr_t)arg;
}

workers_test(spawn, ids_are_unique_in_the_process)
{
	with_workers(workers, collect_ids, NULL);
	with_workers(workers, collect_ids, NULL); /* also in the next runtime */
	qsort(ids, (size_t)id_count, sizeof *ids, compare_ids);
	for (int i = 1; i < id_count; i++)
		cr_assert_neq(ids[i - 1], ids[i]);
}

/* ---- names ---- */

static void name_is(const char *wanted)
{
	char name[COIR_NAME_MAX + 8];
	memset(name, 'z', sizeof name);
	must_ok(coir_name(name, sizeof name));
	must(strcmp(name, wanted) == 0, "'%s', wanted '%s'", name, wanted);
}

static intptr_t check_name(void *arg)
{
	const char *wanted = arg;
	name_is(wanted);
	must_ok(coir_yield());
	name_is(wanted);
	return 0;
}

fiber_test(spawn, names)
{
	char source[100] = "worker bee";
	coir_attr attr = COIR_ATTR_INIT;
	attr.name = source;
	coir_fiber f, nameless;
	must_ok(coir_spawn(&attr, check_name, (void *)"worker bee", &f));
	strcpy(source, "scribbled over"); /* it was copied */
	attr.name = NULL;
	must_ok(coir_spawn(&attr, check_name, (void *)"", &nameless));
	must_join(f);
	must_join(nameless);
}

fiber_test(spawn, long_names_are_cut)
{
	char source[100], cut[COIR_NAME_MAX];
	memset(source, 'n', sizeof source - 1);
	source[sizeof source - 1] = 0;
	memset(cut, 'n', sizeof cut - 1);
	cut[sizeof cut - 1] = 0;
	coir_attr attr = COIR_ATTR_INIT;
	attr.name = source;
	coir_fiber f;
	must_ok(coir_spawn(&attr, check_name, cut, &f));
	must_join(f);
	must_ok(coir_set_name(source));
	name_is(cut);
	source[COIR_NAME_MAX - 1] = 0; /* fits exactly */
	must_ok(coir_set_name(source));
	name_is(source);
}

fiber_test(spawn, rename_and_small_buffers)
{
	char name[COIR_NAME_MAX];
	must_ok(coir_set_name("abcdef"));
	name_is("abcdef");
	must_ok(coir_name(name, 4));
	must(strcmp(name, "abc") == 0);
	must_ok(coir_name(name, 1));
	must(name[0] == 0);
	must_eq(coir_name(name, 0), -EINVAL);
	must_eq(coir_name(NULL, 8), -EINVAL);
	must_eq(coir_self(NULL), -EINVAL);
	must_ok(coir_set_name("other"));
	name_is("other");
	must_ok(coir_set_name(""));
	name_is("");
	must_ok(coir_set_name("again"));
	must_ok(coir_set_name(NULL));
	name_is("");
}

/* A descriptor that is used again remembers no name. */
fiber_test(spawn, names_do_not_linger)
{
	for (int i = 0; i < 200; i++) {
		coir_attr attr = COIR_ATTR_INIT;
		attr.name = "old";
		coir_fiber f;
		must_ok(coir_spawn(&attr, check_name, (void *)"old", &f));
		must_join(f);
		must_join(must_spawn(check_name, (void *)""));
	}
}

/* ---- foreign threads ---- */

enum { PAIRS = 2000 };

static void *spawn_many(void *arg)
{
	(void)arg;
	for (long i = scaled_spawns(PAIRS); i > 0; i--) {
		must_ok(coir_go(count, NULL));
		must_eq(must_join(must_spawn(count, (void *)i)), i);
	}
	return NULL;
}

static bool all_ran(void *arg)
{
	(void)arg;
	return atomic_load(&ran) == 3 * 2 * scaled_spawns(PAIRS);
}

workers_test(spawn, from_foreign_threads)
{
	start_workers(workers);
	pthread_t t[3];
	for (int i = 0; i < 3; i++)
		t[i] = thread_start(spawn_many, NULL);
	for (int i = 0; i < 3; i++)
		thread_end(t[i]);
	poll_until(all_ran, NULL);
	while (coir_stop(0) == -EBUSY) /* the last detached one may still be ending */
		usleep(100);
	coir_stats s = must_stats();
	cr_assert_eq(s.spawned, (uint64_t)(3 * 2 * scaled_spawns(PAIRS)));
	cr_assert_eq(s.finished, s.spawned);
}
