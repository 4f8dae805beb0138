/* SPDX-License-Identifier: MIT
 *
 * scope/gather.c - many at once, in a scope of their own, results in order.
 *
 * There is no record for each: a child takes the next job as it starts, so the jobs begin in order whatever the order of
 * the children.
 */
#include "scope/scope.h"

typedef struct batch {
	const coir_fn *fns; /* or NULL: */
	coir_fn fn;
	void *const *args; /* or NULL: */
	char *items;
	size_t stride;
	size_t n;
	intptr_t *results; /* or NULL */
	coiri_atomic(size_t) next;
} batch;

static intptr_t do_next(void *arg)
{
	batch *b = arg;
	size_t i = at_add_relaxed(&b->next, 1);
	if (coir_cancelled())
		return -ECANCELED; /* as its result says already */
	intptr_t result = (b->fns ? b->fns[i] : b->fn)(b->args ? b->args[i] : b->items + i * b->stride);
	if (b->results)
		b->results[i] = result;
	return result;
}

static int gather(batch *b, coir_time deadline)
{
	coir_scope scope;
	int r = coir_scope_begin_until(&scope, deadline);
	if (r)
		return r;
	for (size_t i = 0; b->results && i < b->n; i++)
		b->results[i] = -ECANCELED;
	for (size_t i = 0; i < b->n && !r; i++)
		r = coir_scope_spawn(&scope, do_next, b);
	if (r && r != -ECANCELED)
		coir_scope_cancel(&scope);
	int failed = coir_scope_wait(&scope);
	return r && r != -ECANCELED ? r : failed;
}

int coir_gather_until(const coir_fn *fns, void *const *args, size_t n, intptr_t *results, coir_time deadline)
{
	if (n > 0 && (!fns || !args))
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (!fns[i])
			return -EINVAL;
	batch b = {.fns = fns, .args = args, .n = n, .results = results};
	return gather(&b, deadline);
}

int coir_gather(const coir_fn *fns, void *const *args, size_t n, intptr_t *results)
{
	return coir_gather_until(fns, args, n, results, COIR_NEVER);
}

int coir_gather_map_until(coir_fn fn, void *items, size_t stride, size_t n, intptr_t *results, coir_time deadline)
{
	if (!fn || (n > 0 && !items))
		return -EINVAL;
	batch b = {.fn = fn, .items = items, .stride = stride, .n = n, .results = results};
	return gather(&b, deadline);
}

int coir_gather_map(coir_fn fn, void *items, size_t stride, size_t n, intptr_t *results)
{
	return coir_gather_map_until(fn, items, stride, n, results, COIR_NEVER);
}
