/* SPDX-License-Identifier: MIT
 *
 * coir/coro_switch.h - how coroutines switch: inlined into the program. Not an interface; see coir/coro.h.
 *
 * Return prediction is the cost of a switch: a processor guesses where a `ret` goes by a stack of its own, which knows
 * nothing of ours. So a switch is a jump, in the very function that calls resume or yield: it then has a place of its
 * own, and is guessed by it.
 *
 * A context is four words (where to go on, and three registers that no compiler gives away); all other registers are
 * named as lost, so the compiler saves what it uses and nothing else. A coroutine has two: `own`, where it stands while
 * it is suspended, and `back`, where its resumer stands while it is active. An empty one (pc NULL) says that it is not:
 *
 *   suspended   own set, back empty       active (runs, or has resumed another)   own empty, back set
 *   never again to be resumed: both empty
 *
 * so that one load is both the check and the address. An empty one sends the call to the library, which answers misuse,
 * and does by itself what needs more than a jump: it leaves this pair of contexts empty for ever, and uses a second one
 * that lies behind it,
 *
 *   - under sanitizers, which must be told of each switch;
 *   - in a program with a C++ runtime, whose two words of exceptions (caught, uncaught) are the coroutine's own. C++
 * code looks at the second pair, and switches by it at once while these words are zero on both sides; C code goes the
 * long way there. A C program so pays for no exceptions.
 *
 * The calls of the library below have the number of this format in their names: a program that was compiled with
 * another does not link, instead of jumping anywhere.
 */
#ifndef COIR_CORO_SWITCH_H
#define COIR_CORO_SWITCH_H

#include <coir/base.h>

COIR_BEGIN_DECLS

typedef struct coir_coro coir_coro;

typedef struct coiri_coro_context {
	void *pc, *sp, *fp, *bp;
} coiri_coro_context;

struct coir_coro {
	coiri_coro_context own, back;
	/* After a transfer: the coroutine that the resumer named, and back's true pc, while that is coir_coro_home_1,
	 * which puts the name back into its register before it goes on there. */
	coir_coro *named;
	void *home;
	void *exceptions[2]; /* of whichever side does not run */
};

/* What goes over with a switch, both ways. The code is that of the call which it ends: 0, COIR_CORO_DONE, -errno. */
typedef struct coiri_coro_mail {
	intptr_t value;
	intptr_t code;
} coiri_coro_mail;

#define COIRI_CORO_INLINE static inline __attribute__((always_inline, unused))

/* The long way of each call. */
COIR_API coiri_coro_mail coir_coro_resume_1(coir_coro *co, intptr_t value);
COIR_API coiri_coro_mail coir_coro_yield_1(coir_coro *self, intptr_t value);
COIR_API coiri_coro_mail coir_coro_transfer_1(coir_coro *from, coir_coro *to, intptr_t value);
COIR_API extern void *const coir_coro_home_1;

/* The calling thread's two words of exceptions, or NULL if the library has not yet come by them. */
COIR_API extern __thread void **coir_coro_exceptions_1 __attribute__((tls_model("initial-exec")));

#if defined(__x86_64__)
#include <coir/coro_x86_64.h>
#elif defined(__aarch64__)
#include <coir/coro_aarch64.h>
#elif defined(__riscv) && __riscv_xlen == 64
#include <coir/coro_riscv64.h>
#else
#error "coir runs on x86-64, aarch64 and riscv64"
#endif

/* A program that a sanitizer watches takes the long way; so does one for registers that the lists do not name. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__APX_F__)
#define COIRI_CORO_LONG_WAY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define COIRI_CORO_LONG_WAY 1
#endif
#endif
#ifndef COIRI_CORO_LONG_WAY
#define COIRI_CORO_LONG_WAY 0
#endif

/* Into a suspended coroutine. The resumer is left in `back`. Its register is no output: the same value is in it again,
 * so the next switch need not wait for a load. */
COIRI_CORO_INLINE coiri_coro_mail coiri_coro_enter(coir_coro *co, intptr_t v, intptr_t c)
{
	register coir_coro *self __asm__(COIRI_CORO_SELF) = co;
	register intptr_t value __asm__(COIRI_CORO_VALUE) = v;
	register intptr_t code __asm__(COIRI_CORO_CODE) = c;
	__asm__ volatile(COIRI_CORO_SWITCH(COIRI_CORO_SELF, 32, 0)
			 : "+r"(value), "+r"(code)
			 : "r"(self)
			 : COIRI_CORO_OTHER, COIRI_CORO_CLOBBERS);
	coiri_coro_mail mail = {value, code};
	return mail;
}

/* Out of the active coroutine, to its resumer. */
COIRI_CORO_INLINE coiri_coro_mail coiri_coro_leave(coir_coro *co, intptr_t v, intptr_t c)
{
	register coir_coro *self __asm__(COIRI_CORO_SELF) = co;
	register intptr_t value __asm__(COIRI_CORO_VALUE) = v;
	register intptr_t code __asm__(COIRI_CORO_CODE) = c;
	__asm__ volatile(COIRI_CORO_SWITCH(COIRI_CORO_SELF, 0, 32)
			 : "+r"(value), "+r"(code)
			 : "r"(self)
			 : COIRI_CORO_OTHER, COIRI_CORO_CLOBBERS);
	coiri_coro_mail mail = {value, code};
	return mail;
}

#ifdef __cplusplus
/* The pair of contexts for C++ code, if there is nothing to keep apart. */
COIRI_CORO_INLINE coir_coro *coiri_coro_pair(coir_coro *co)
{
	coir_coro *second = co + 1;
	void **words = coiri_coro_exceptions();
	if (__builtin_expect(!co || !words, 0))
		return nullptr;
	uintptr_t any = (uintptr_t)words[0] | (uintptr_t)words[1] | (uintptr_t)second->exceptions[0] |
			(uintptr_t)second->exceptions[1];
	return __builtin_expect(any == 0, 1) ? second : nullptr;
}
#else
COIRI_CORO_INLINE coir_coro *coiri_coro_pair(coir_coro *co)
{
	return co;
}
#endif

COIRI_CORO_INLINE coiri_coro_mail coiri_coro_go_in(coir_coro *co, intptr_t value)
{
	if (!COIRI_CORO_LONG_WAY) {
		coir_coro *pair = coiri_coro_pair(co);
		if (__builtin_expect(pair && pair->own.pc, 1))
			return coiri_coro_enter(pair, value, 0);
	}
	return coir_coro_resume_1(co, value);
}

COIRI_CORO_INLINE coiri_coro_mail coiri_coro_go_out(coir_coro *self, intptr_t value)
{
	if (!COIRI_CORO_LONG_WAY) {
		coir_coro *pair = coiri_coro_pair(self);
		if (__builtin_expect(pair && pair->back.pc, 1))
			return coiri_coro_leave(pair, value, 0);
	}
	return coir_coro_yield_1(self, value);
}

/* The word, kept out of vectors: a load of what was stored in other pieces waits until that is in the cache. */
COIRI_CORO_INLINE void *coiri_coro_alone(void *word)
{
	__asm__("" : "+r"(word));
	return word;
}

/* Out of `from`, which is active, into `to`, which is suspended: from's resumer is to's from now on. */
COIRI_CORO_INLINE coiri_coro_mail coiri_coro_hop(coir_coro *from, coir_coro *to, intptr_t v, intptr_t c)
{
	bool first = from->back.pc != coir_coro_home_1;
	to->back.pc = coir_coro_home_1;
	to->back.sp = coiri_coro_alone(from->back.sp);
	to->back.fp = coiri_coro_alone(from->back.fp);
	to->back.bp = coiri_coro_alone(from->back.bp);
	to->home = coiri_coro_alone(first ? from->back.pc : from->home);
	to->named = (coir_coro *)coiri_coro_alone(first ? from : from->named);
	from->back.pc = NULL;
	register coir_coro *self __asm__(COIRI_CORO_SELF) = to;
	register intptr_t value __asm__(COIRI_CORO_VALUE) = v;
	register intptr_t code __asm__(COIRI_CORO_CODE) = c;
	register coir_coro *other __asm__(COIRI_CORO_OTHER) = from;
	__asm__ volatile(COIRI_CORO_SWITCH(COIRI_CORO_OTHER, 0, 0)
			 : "+r"(value), "+r"(code), "+r"(self), "+r"(other)
			 :
			 : COIRI_CORO_CLOBBERS);
	coiri_coro_mail mail = {value, code};
	return mail;
}

COIRI_CORO_INLINE coiri_coro_mail coiri_coro_go_over(coir_coro *from, coir_coro *to, intptr_t value)
{
	if (!COIRI_CORO_LONG_WAY && __builtin_expect(from && to, 1)) {
		coir_coro *out = coiri_coro_pair(from), *in = coiri_coro_pair(to);
		if (__builtin_expect(out && in && out->back.pc && in->own.pc, 1))
			return coiri_coro_hop(out, in, value, 0);
	}
	return coir_coro_transfer_1(from, to, value);
}

COIR_END_DECLS

#endif
