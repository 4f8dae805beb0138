/* SPDX-License-Identifier: MIT
 *
 * coir/gen.h - generators and pipelines: coroutines that give values, and loops over them.
 *
 * A generator is a coroutine that yields one value after the other and ends when there are no more; its result is no
 * value. Values are intptr_t: integers as they are, anything else by its address, which may be that of a variable of the
 * generator, valid until it goes on. Generators are made by functions that give a coir_coro *, or NULL if there is no
 * memory; whoever gets one owns it. coir_foreach and the stages below take it over.
 *
 *	COIR_GENERATOR(count, self, long, from)
 *	{
 *		while (coir_coro_yield(self, from++, NULL) == 0)
 *			continue;
 *	}
 *
 *	coir_foreach (long, n, coir_gen_take(coir_gen_filter(count(1), is_prime, NULL), 10))
 *		printf("%ld\n", n);
 *
 * A loop that is left early, by break, return or goto, destroys its generator: a stage destroys its source, so clean-up
 * handlers run all the way up and nothing leaks. (Not by longjmp.)
 *
 * After: Python (generators, itertools), Lua (iterators), C++20 ranges.
 */
#ifndef COIR_GEN_H
#define COIR_GEN_H

#include <coir/coro.h>

COIR_BEGIN_DECLS

/* Defines `static coir_coro *name(type arg)`, which makes a generator with a copy of arg, and begins the definition of
 * its body, which sees `coir_coro *self` and `type arg` under the names given, and returns nothing. sizeof(type) is at
 * most COIR_CORO_ARG_MAX; for several arguments use a struct. */
#define COIR_GENERATOR(name, self, type, arg)                                      \
	static void name##_body(coir_coro *self, type arg);                        \
	static intptr_t name##_entry(coir_coro *coir_self_, void *coir_arg_)       \
	{                                                                          \
		name##_body(coir_self_, *(type *)coir_arg_);                       \
		return 0;                                                          \
	}                                                                          \
	static __attribute__((unused)) coir_coro *name(type coir_arg_)             \
	{                                                                          \
		return coir_generator(name##_entry, &coir_arg_, sizeof coir_arg_); \
	}                                                                          \
	static void name##_body(coir_coro *self, type arg)

/* A generator that runs fn with a copy of size bytes at arg (size 0: with arg itself), on a default stack. NULL: no
 * memory, or size above COIR_CORO_ARG_MAX. Any thread; never parks. */
COIR_API coir_coro *coir_generator(coir_coro_fn fn, const void *arg, size_t size);

/* The next value of gen in *out: true; false if there is none, also when gen is NULL or in use. Any thread; parks only
 * if the generator does. */
COIRI_CORO_INLINE bool coir_gen_next(coir_coro *gen, intptr_t *out)
{
	return coir_coro_resume(gen, 0, out) == 0;
}

/* Runs the statement that follows for each value of a generator, as `type var`: an integer or a pointer. The generator
 * is destroyed at the loop's end, however it is left. With a generator that is NULL there is no round. */
#define coir_foreach(type, var, generator)                                                                  \
	for (coiri_each coir_each_##var __attribute__((cleanup(coiri_each_end))) = {(generator), 0, false}; \
	     coiri_each_next(&coir_each_##var);)                                                            \
		for (type var = (type)coir_each_##var.value; coir_each_##var.inside; coir_each_##var.inside = false)

/* Of coir_foreach. A break leaves the inner loop with `inside` set, and ends the outer one by that. */
typedef struct coiri_each {
	coir_coro *gen;
	intptr_t value;
	bool inside;
} coiri_each;

COIRI_CORO_INLINE bool coiri_each_next(coiri_each *each)
{
	if (each->inside)
		return false;
	coiri_coro_mail mail = coiri_coro_go_in(each->gen, 0);
	each->value = mail.value;
	each->inside = mail.code == 0;
	return each->inside;
}

COIRI_CORO_INLINE void coiri_each_end(coiri_each *each)
{
	coir_coro_destroy(each->gen);
}

/* ---- stages of a pipeline ----
 *
 * Each makes a generator out of another one, which it takes over, in any case: if source is NULL or there is no memory,
 * the result is NULL, and the source is destroyed. So a whole pipeline is written as one expression, and asked once.
 * Any thread; the making never parks. Destroying a stage destroys its source. */

/* The values for which keep(value, context) is true. */
COIR_API coir_coro *coir_gen_filter(coir_coro *source, bool (*keep)(intptr_t value, void *context), void *context);

/* fn(value, context) of each value. */
COIR_API coir_coro *coir_gen_map(coir_coro *source, intptr_t (*fn)(intptr_t value, void *context), void *context);

/* The first n values. After the nth the source is not resumed any more. */
COIR_API coir_coro *coir_gen_take(coir_coro *source, uint64_t n);

/* All but the first n values. */
COIR_API coir_coro *coir_gen_drop(coir_coro *source, uint64_t n);

/* A stage of one's own, for what needs memory between values, or gives another number of them than it gets:
 * fn(self, source, context) takes values by coir_gen_next(source, ...), and yields its own by self. */
typedef void (*coir_gen_stage)(coir_coro *self, coir_coro *source, void *context);
COIR_API coir_coro *coir_gen_through(coir_coro *source, coir_gen_stage fn, void *context);

COIR_END_DECLS

#endif
