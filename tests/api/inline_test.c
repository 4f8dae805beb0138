/* SPDX-License-Identifier: MIT
 *
 * api/inline_test.c - SEMANTICS, "Inlining is invisible": what a program can observe of a join does not depend on
 * whether the child ran inside it. Floating point is in fp_test.c, storage in fls_test.c, wiping in wipe_test.c,
 * exceptions in exceptions.cpp.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- it happens, and only where it may ---- */

enum { JOINS = 300 };

static intptr_t join_children(void *arg)
{
	const coir_attr *attr = arg;
	for (int i = 0; i < JOINS; i++) {
		coir_fiber f;
		must_ok(coir_spawn(attr, fiber_give_back, (void *)1, &f));
		must_eq(must_join(f), 1);
	}
	return 1;
}

/* On one worker nothing but the join can have run an unstarted child. Main has a stack size of its own, so the joiner
 * is another fiber; it has ended before main joins it. */
static uint64_t inlined_joins(const coir_attr *joiner, coir_attr *child)
{
	uint64_t before = must_stats().inlined;
	coir_fiber f;
	must_ok(coir_spawn(joiner, join_children, child, &f));
	while (coir_unpark(f) == 0)
		must_ok(coir_yield());
	must_eq(must_join(f), 1);
	return must_stats().inlined - before;
}

/* Nearly all: now and then a join goes the long way to let others have their turn. */
static bool nearly_all(uint64_t inlined)
{
	return inlined <= JOINS && inlined >= JOINS - JOINS / 30;
}

solo_test(inline, where_it_may)
{
	coir_attr plain = COIR_ATTR_INIT, sticky = COIR_ATTR_INIT, big = COIR_ATTR_INIT;
	sticky.sticky = true;
	big.stack_size = 1 << 20;
	must(nearly_all(inlined_joins(NULL, NULL)));
	must(nearly_all(inlined_joins(&plain, &plain)));
	must_eq(inlined_joins(NULL, &sticky), 0);
	must_eq(inlined_joins(&sticky, NULL), 0);
	must_eq(inlined_joins(NULL, &big), 0);
	must_eq(inlined_joins(&big, NULL), 0);
}

/* ---- identity ---- */

static void i_am(coir_fiber f, const char *name)
{
	char mine[COIR_NAME_MAX];
	coir_fiber self = must_self();
	must(self.fiber == f.fiber && self.seq == f.seq);
	must_eq(coir_id(), f.seq);
	must_ok(coir_name(mine, sizeof mine));
	must(strcmp(mine, name) == 0, "'%s', wanted '%s'", mine, name);
}

struct identity {
	coir_fiber parent;
	uint64_t id;
	bool park;
};

static intptr_t child_has_its_own(void *arg)
{
	struct identity *it = arg;
	coir_fiber me = must_self();
	it->id = coir_id();
	must(me.seq != it->parent.seq && me.fiber != it->parent.fiber);
	i_am(me, "child");
	must_ok(coir_set_name("grown up"));
	if (it->park)
		must_ok(coir_park());
	i_am(me, "grown up");
	return 1;
}

static intptr_t unpark_it(void *arg)
{
	must_ok(coir_unpark(*(coir_fiber *)arg));
	return 0;
}

static intptr_t parent_keeps_its_own(void *arg)
{
	coir_fiber me = must_self();
	coir_attr attr = COIR_ATTR_INIT;
	attr.name = "child";
	must_ok(coir_set_name("parent"));
	for (int i = 0; i < 200; i++) {
		struct identity it = {.parent = me, .park = i % 2};
		coir_fiber child;
		must_ok(coir_spawn(&attr, child_has_its_own, &it, &child));
		coir_fiber waker = {NULL, 0};
		if (it.park)
			waker = must_spawn(unpark_it, &child);
		must_eq(must_join(child), 1);
		must_eq(it.id, child.seq);
		i_am(me, "parent");
		if (it.park)
			must_join(waker);
		i_am(me, "parent");
	}
	return (intptr_t)arg;
}

fiber_test(inline, identity)
{
	must_eq(must_join(must_spawn(parent_keeps_its_own, (void *)4)), 4);
}

/* ---- a child that parks inside its join ---- */

struct link {
	struct link *inner; /* the child to join, or NULL: the innermost parks */
	coir_fiber self;
	atomic_bool parked;
};

static intptr_t join_chain(void *arg)
{
	struct link *l = arg;
	l->self = must_self();
	intptr_t below = 0;
	if (l->inner) {
		below = must_join(must_spawn(join_chain, l->inner));
	} else {
		atomic_store(&l->parked, true);
		must_ok(coir_park());
	}
	must_eq(coir_id(), l->self.seq);
	return below + 1;
}

static intptr_t wake_innermost(void *arg)
{
	struct link *l = arg;
	while (!atomic_load(&l->parked))
		must_ok(coir_yield());
	must_ok(coir_unpark(l->self));
	return 0;
}

enum { CHAIN = 20 };

fiber_test(inline, innermost_child_parks)
{
	for (int round = 0; round < 100; round++) {
		struct link l[CHAIN] = {{.inner = NULL}};
		for (int i = 1; i < CHAIN; i++)
			l[i].inner = &l[i - 1];
		coir_fiber waker = must_spawn(wake_innermost, &l[0]);
		must_eq(must_join(must_spawn(join_chain, &l[CHAIN - 1])), CHAIN);
		must_join(waker);
	}
}

/* Many chains at once: each parks on top of its joiners, all are woken in an order of their own. */
fiber_test(inline, many_chains_park)
{
	enum { CHAINS = 50 };
	struct link(*l)[CHAIN] = zeros(CHAINS, sizeof *l);
	coir_fiber f[CHAINS];
	for (int c = 0; c < CHAINS; c++) {
		for (int i = 1; i < CHAIN; i++)
			l[c][i].inner = &l[c][i - 1];
		f[c] = must_spawn(join_chain, &l[c][CHAIN - 1]);
	}
	for (int c = 0; c < CHAINS; c++)
		wake_innermost(l[(c * 37) % CHAINS]);
	must_eq(must_join_all(f, CHAINS), CHAINS * CHAIN);
	free(l);
}

/* ---- when the stack's reserve is used up ---- */

static intptr_t nest(void *arg)
{
	intptr_t depth = (intptr_t)arg;
	must(coir_stack_left() > 60000, "every fiber is promised 64 KiB"); /* less this frame */
	if (depth == 0)
		return 0;
	return must_join(must_spawn(nest, (void *)(depth - 1))) + 1;
}

fiber_test(inline, nested_100000_deep)
{
	long depth = scaled_fibers(100000);
	must_eq(must_join(must_spawn(nest, (void *)depth)), depth);
}

static intptr_t use_the_promise(void *arg)
{
	intptr_t depth = (intptr_t)arg;
	volatile char mine[48 << 10];
	for (size_t i = 0; i < sizeof mine; i += 512)
		mine[i] = (char)depth;
	intptr_t below = depth ? must_join(must_spawn(use_the_promise, (void *)(depth - 1))) : 0;
	for (size_t i = 0; i < sizeof mine; i += 512)
		must_eq(mine[i], (char)depth);
	return below + 1;
}

fiber_test(inline, every_child_has_its_promise)
{
	must_eq(must_join(must_spawn(use_the_promise, (void *)500)), 501);
}

/* ---- a started, a stolen and an ended child are joined alike ---- */

fiber_test(inline, joins_in_every_state)
{
	enum { N = 300 };
	coir_fiber f[N];
	static const coir_fn kind[3] = {fiber_give_back, fiber_yield_often, fiber_park_once};
	for (int i = 0; i < N; i++)
		f[i] = must_spawn(kind[i % 3], (void *)1);
	for (int i = 0; i < 5; i++)
		must_ok(coir_yield());
	for (int i = 2; i < N; i += 3)
		must_ok(coir_unpark(f[i]));
	must_eq(must_join_all(f, N), N);
}
