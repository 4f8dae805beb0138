/* SPDX-License-Identifier: MIT
 *
 * sched/spawn.c - making fibers: a descriptor, an id, a place in a queue. No stack yet.
 */
#include "sched/spawn.h"
#include "base/fault.h"
#include "sched/sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static COIRI_NOINLINE void refill_ids(coiri_worker *w)
{
	uint64_t first = at_add_relaxed(&w->rt->ids, COIRI_ID_BLOCK);
	w->next_id = first;
	w->last_id = first + COIRI_ID_BLOCK;
}

coiri_extra *coiri_extra_make(void)
{
	coiri_extra *extra = calloc(1, sizeof *extra);
	if (extra)
		extra->home = -1;
	return extra;
}

void coiri_extra_name(coiri_extra *extra, const char *name)
{
	strncpy(extra->name, name ? name : "", sizeof extra->name - 1);
	extra->name[sizeof extra->name - 1] = 0;
}

/* What is special about the attributes; *out is NULL if nothing is. */
static int check_attr(const coir_attr *given, coiri_extra **out)
{
	/* An older program's record is shorter. */
	coir_attr copy = COIR_ATTR_INIT, *attr = &copy;
	*out = NULL;
	if (given->size < offsetof(coir_attr, stack_high_water) || given->size > sizeof copy)
		return -EINVAL;
	memcpy(&copy, given, given->size);
	size_t size = attr->stack_size;
	if ((size && (size < COIR_STACK_MIN || size > COIR_STACK_MAX)))
		return -EINVAL;
	if (!attr->name && !size && !attr->sticky && !attr->stack_high_water)
		return 0;
	coiri_extra *extra = coiri_extra_make();
	if (!extra)
		return -ENOMEM;
	coiri_extra_name(extra, attr->name);
	extra->own_stack = size != 0;
	extra->stack_class = size ? (uint8_t)coiri_stack_class(size) : 0;
	extra->sticky = attr->sticky;
	extra->high_water = attr->stack_high_water;
	*out = extra;
	return 0;
}

/* What it shall be. body: what f->joiner is, until there is one. */
typedef struct plan {
	coir_fn fn;
	void *arg, *body, *home;
	coiri_extra *extra;
	uint64_t flags;
} plan;

COIRI_INLINE void furnish(coiri_fiber *f, uint64_t id, plan p)
{
	f->sp = NULL;
	f->fn = p.fn;
	f->arg = p.arg;
	if (p.body)
		f->joiner = p.body;
	f->cold = p.home;
	f->extra = p.extra;
	coiri_san_publish(&f->fn);
	/* relaxed: whoever gets at f, gets it through a queue or a handle that was passed on with its own order */
	at_store_relaxed(&f->state, id << COIRI_SEQ_SHIFT | p.flags);
}

static COIRI_NOINLINE int spawn_foreign(plan p, coir_fiber *out)
{
	coiri_runtime *rt = coiri_enter();
	if (!rt)
		return -EPERM;
	coiri_fiber *f = coiri_inject_is_empty(&rt->starved) ? coiri_slab_alloc_foreign() : NULL;
	if (!f) {
		coiri_exit();
		return -ENOMEM;
	}
	uint64_t id = at_add_relaxed(&rt->ids, 1);
	furnish(f, id, p);
	if (out)
		*out = (coir_fiber){f, id};
	at_add_relaxed(&rt->foreign_spawned, 1);
	coiri_ready_outside(rt, f);
	coiri_exit();
	return 0;
}

COIRI_INLINE int spawn(plan p, coir_fiber *out)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return spawn_foreign(p, out);
	if (unlikely(!coiri_inject_is_empty(&w->rt->starved)))
		return -ENOMEM;
	coiri_fiber *f = coiri_slab_alloc(w->slab);
	if (unlikely(!f))
		return -ENOMEM;
	if (unlikely(w->next_id == w->last_id))
		refill_ids(w);
	uint64_t id = w->next_id++;
	furnish(f, id, p);
	if (out)
		*out = (coir_fiber){f, id};
	at_count(&w->count.spawned, 1);
	return coiri_ready_new(w, f);
}

coiri_fiber *coiri_fiber_make(coiri_worker *w, coir_fn fn, void *arg, void *scope, coiri_extra *extra)
{
	coiri_fiber *f = coiri_slab_alloc(w->slab);
	if (unlikely(!f))
		return NULL;
	if (unlikely(w->next_id == w->last_id))
		refill_ids(w);
	furnish(f, w->next_id++, (plan){fn, arg, NULL, scope, extra, COIRI_CLAIMED | COIRI_PERMIT});
	at_count(&w->count.spawned, 1);
	return f;
}

int coiri_spawn_awaited(coiri_extra *extra, coir_fn fn, void *arg, void *joiner)
{
	int r = spawn_foreign((plan){fn, arg, joiner, NULL, extra, COIRI_CLAIMED | COIRI_AWAITED}, NULL);
	if (r)
		free(extra);
	return r;
}

/* A stack of its own size is taken at once, where its lack is an error code. */
static int take_stack(coiri_worker *w, coiri_extra *extra)
{
	if (!extra || !extra->own_stack)
		return 0;
	coiri_stack_pool *pool = w ? &w->stacks : NULL;
	extra->stack = coiri_stack_get_slow(pool, pool ? pool->node : 0, extra->stack_class);
	return extra->stack ? 0 : -ENOMEM;
}

static int spawn_with_attr(coiri_worker *w, const coir_attr *attr, plan p, coir_fiber *out)
{
	coiri_extra *extra;
	int r = check_attr(attr, &extra);
	if (r)
		return r;
	p.extra = extra;
	r = take_stack(w, extra);
	if (!r)
		r = spawn(p, out);
	if (r && extra) {
		if (extra->stack)
			coiri_stack_put_slow(w ? &w->stacks : NULL, extra->stack);
		free(extra);
	}
	return r;
}

static COIRI_NOINLINE int spawn_special(const coir_attr *attr, plan p, coir_fiber *out)
{
	coiri_worker *w = coiri_here();
	if (attr->detached)
		p.flags |= COIRI_DETACHED;
	if (!p.flags && !out)
		return -EINVAL;
	if (!w && !coiri_enter())
		return -EPERM;
	int r = spawn_with_attr(w, attr, p, out);
	if (!w)
		coiri_exit();
	return r;
}

int coir_spawn(const coir_attr *attr, coir_fn fn, void *arg, coir_fiber *out)
{
	if (unlikely(!fn))
		return -EINVAL;
	if (unlikely(attr != NULL))
		return spawn_special(attr, (plan){fn, arg, NULL, NULL, NULL, 0}, out);
	if (unlikely(!out))
		return -EINVAL;
	return spawn((plan){fn, arg, NULL, NULL, NULL, 0}, out);
}

int coir_go(coir_fn fn, void *arg)
{
	if (unlikely(!fn))
		return -EINVAL;
	return spawn((plan){fn, arg, NULL, NULL, NULL, COIRI_DETACHED}, NULL);
}

int coiri_spawn_into(void *scope, const coir_attr *attr, coir_fn main, coir_fn fn, void *arg, coir_fiber *out)
{
	plan p = {main, arg, (void *)fn, scope, NULL, COIRI_DETACHED};
	return likely(!attr) ? spawn(p, out) : spawn_special(attr, p, out);
}
