/* SPDX-License-Identifier: MIT
 *
 * unit/ask_test.c - questions of thieves: which answer is one. Seen failing with a flag in place of numbers, and with
 * the grant of everything not taken back under the lock.
 */
#include "support/run.h"
#include "support/stress.h"
#include "support/test.h"

#include "sched/ask.h"

Test(ask, an_owner_that_comes_by_grants)
{
	coiri_ask ask = {0};
	cr_assert_eq(coiri_ask_heard(&ask), 0);
	for (int i = 0; i < 3; i++) {
		uint64_t question = coiri_ask_begin(&ask);
		coiri_ask_grant(&ask, coiri_ask_heard(&ask));
		cr_assert(coiri_ask_wait(&ask, question));
		coiri_ask_end(&ask, question);
		cr_assert_eq(coiri_ask_heard(&ask), 0);
	}
}

/* The owner is stopped between look and grant, until another theft has asked: of that claim it knows nothing. */
Test(ask, a_late_grant_is_none_for_the_next_question)
{
	coiri_ask ask = {0};
	uint64_t first = coiri_ask_begin(&ask), heard = coiri_ask_heard(&ask);
	cr_assert(!coiri_ask_wait(&ask, first));
	coiri_ask_end(&ask, first);
	uint64_t second = coiri_ask_begin(&ask);
	coiri_ask_grant(&ask, heard);
	cr_assert(!coiri_ask_wait(&ask, second));
	coiri_ask_grant(&ask, coiri_ask_heard(&ask));
	cr_assert(coiri_ask_wait(&ask, second));
}

/* ---- the lock ---- */

static struct {
	coiri_ask ask;
	coiri_lock lock;
} both;

static void *lock_as_owner(void *arg)
{
	(void)arg;
	coiri_ask_lock(&both.ask, &both.lock);
	coiri_lock_release(&both.lock);
	return NULL;
}

static bool owner_waits(void *arg)
{
	(void)arg;
	return at_load_relaxed(&both.ask.granted) == COIRI_ASK_EVERY;
}

/* An owner that waits for the lock grants also what is asked later; one that had it does not. */
Test(ask, an_owner_that_waits_for_the_lock_grants_every_question)
{
	coiri_lock_acquire(&both.lock);
	pthread_t owner = thread_start(lock_as_owner, NULL);
	poll_until(owner_waits, NULL);
	for (int i = 0; i < 2; i++) {
		uint64_t question = coiri_ask_begin(&both.ask);
		cr_assert(coiri_ask_wait(&both.ask, question));
		coiri_ask_end(&both.ask, question);
	}
	coiri_lock_release(&both.lock);
	thread_end(owner);
	coiri_lock_acquire(&both.lock);
	cr_assert(!coiri_ask_wait(&both.ask, coiri_ask_begin(&both.ask)));
	coiri_lock_release(&both.lock);
}
