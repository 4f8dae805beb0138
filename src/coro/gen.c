/* SPDX-License-Identifier: MIT
 *
 * coro/gen.c - generators and the stages of pipelines.
 *
 * A stage is a coroutine that resumes its source and yields to whoever resumes it: two inlined switches for each value,
 * and the call of what the stage does. It owns its source, which its first handler destroys.
 *
 * The loop of each stage is there twice: `direct`, as any C program would switch, and for a program with a C++ runtime.
 */
#include "coro/coro.h"
#include <coir/gen.h>

typedef struct stage {
	coir_coro *source;
	union {
		bool (*keep)(intptr_t value, void *context);
		intptr_t (*map)(intptr_t value, void *context);
		coir_gen_stage through;
		uint64_t n;
	};
	void *context;
} stage;

coir_coro *coir_generator(coir_coro_fn fn, const void *arg, size_t size)
{
	coir_coro_attr attr = COIR_CORO_ATTR_INIT;
	coir_coro *gen;
	attr.arg_size = size;
	return coir_coro_create(&attr, fn, (void *)arg, &gen) ? NULL : gen;
}

static void destroy_source(void *source)
{
	coir_coro_destroy(source);
}

static coir_coro *make_stage(coir_coro_fn fn, const stage *s)
{
	coir_coro *gen = s->source ? coir_generator(fn, s, sizeof *s) : NULL;
	/* a first handler needs no memory */
	if (!gen || coir_coro_defer(gen, destroy_source, s->source))
		coir_coro_destroy(s->source);
	return gen;
}

/* The next value of the source. */
COIRI_INLINE bool take(coir_coro *source, intptr_t *value, bool direct)
{
	*value = 0;
	if (direct)
		return coir_gen_next(source, value);
	coir_coro *apart = coiri_coro_apart(coiri_coro_of(source), true);
	if (!apart)
		return coir_gen_next(source, value);
	coiri_coro_mail mail = coiri_coro_enter(apart, 0, 0);
	*value = mail.value;
	return mail.code == 0;
}

/* False: the stage is being destroyed. */
COIRI_INLINE bool give(coir_coro *self, intptr_t value, bool direct)
{
	if (direct)
		return coir_coro_yield(self, value, NULL) == 0;
	coir_coro *apart = coiri_coro_apart(coiri_coro_of(self), false);
	return (apart ? coiri_coro_leave(apart, value, 0).code : coir_coro_yield(self, value, NULL)) == 0;
}

static bool is_direct(const coir_coro *self)
{
	return coiri_coro_of(self)->way == self;
}

COIRI_INLINE intptr_t filter(coir_coro *self, const stage s, bool direct)
{
	intptr_t value;
	while (take(s.source, &value, direct))
		if (s.keep(value, s.context) && !give(self, value, direct))
			break;
	return 0;
}

COIRI_INLINE intptr_t map(coir_coro *self, const stage s, bool direct)
{
	intptr_t value;
	while (take(s.source, &value, direct))
		if (!give(self, s.map(value, s.context), direct))
			break;
	return 0;
}

COIRI_INLINE intptr_t first(coir_coro *self, const stage s, bool direct)
{
	intptr_t value;
	for (uint64_t left = s.n; left > 0 && take(s.source, &value, direct); left--)
		if (!give(self, value, direct))
			break;
	return 0;
}

COIRI_INLINE intptr_t rest(coir_coro *self, const stage s, bool direct)
{
	intptr_t value;
	for (uint64_t left = s.n; left > 0; left--)
		if (!take(s.source, &value, direct))
			return 0;
	while (take(s.source, &value, direct))
		if (!give(self, value, direct))
			break;
	return 0;
}

static intptr_t run_filter(coir_coro *self, void *arg)
{
	const stage *s = arg;
	return is_direct(self) ? filter(self, *s, true) : filter(self, *s, false);
}

static intptr_t run_map(coir_coro *self, void *arg)
{
	const stage *s = arg;
	return is_direct(self) ? map(self, *s, true) : map(self, *s, false);
}

static intptr_t run_take(coir_coro *self, void *arg)
{
	const stage *s = arg;
	return is_direct(self) ? first(self, *s, true) : first(self, *s, false);
}

static intptr_t run_drop(coir_coro *self, void *arg)
{
	const stage *s = arg;
	return is_direct(self) ? rest(self, *s, true) : rest(self, *s, false);
}

static intptr_t run_through(coir_coro *self, void *arg)
{
	const stage *s = arg;
	s->through(self, s->source, s->context);
	return 0;
}

coir_coro *coir_gen_filter(coir_coro *source, bool (*keep)(intptr_t value, void *context), void *context)
{
	return make_stage(run_filter, &(stage){.source = source, .keep = keep, .context = context});
}

coir_coro *coir_gen_map(coir_coro *source, intptr_t (*fn)(intptr_t value, void *context), void *context)
{
	return make_stage(run_map, &(stage){.source = source, .map = fn, .context = context});
}

coir_coro *coir_gen_take(coir_coro *source, uint64_t n)
{
	return make_stage(run_take, &(stage){.source = source, .n = n});
}

coir_coro *coir_gen_drop(coir_coro *source, uint64_t n)
{
	return make_stage(run_drop, &(stage){.source = source, .n = n});
}

coir_coro *coir_gen_through(coir_coro *source, coir_gen_stage fn, void *context)
{
	return make_stage(run_through, &(stage){.source = source, .through = fn, .context = context});
}
