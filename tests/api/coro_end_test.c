/* SPDX-License-Identifier: MIT
 *
 * api/coro_end_test.c - how coroutines end: by themselves or destroyed, and the handlers that run then.
 */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

static intptr_t yield_for_ever(coir_coro *self, void *arg)
{
	intptr_t got = (intptr_t)arg;
	while (coir_coro_yield(self, got, &got) == 0)
		continue;
	return 0;
}

struct log {
	char text[64];
	coir_coro *self;
	bool stubborn;
};

struct entry {
	struct log *log;
	char mark;
};

static void note(void *arg)
{
	const struct entry *e = arg;
	size_t n = strlen(e->log->text);
	must(n + 1 < sizeof e->log->text);
	e->log->text[n] = e->mark;
}

static struct entry entries[10];

static void defer_all(coir_coro *self, struct log *log, int from, int to)
{
	for (int i = from; i < to; i++) {
		entries[i] = (struct entry){log, (char)('0' + i)};
		must_ok(coir_coro_defer(self, note, &entries[i]));
	}
}

static intptr_t with_handlers(coir_coro *self, void *arg)
{
	struct log *log = arg;
	defer_all(self, log, 0, 3);
	int r = coir_coro_yield(self, 1, NULL);
	if (r) {
		must_eq(r, -ECANCELED);
		strcat(log->text, "c");
		if (log->stubborn) {
			coir_coro_yield(self, 2, NULL);
			must(false, "not cut off");
		}
		return 0;
	}
	defer_all(self, log, 3, 9); /* more than need no memory */
	must_ok(coir_coro_undefer(self, note, &entries[4]));
	must_eq(coir_coro_undefer(self, note, &entries[4]), -ENOENT);
	strcat(log->text, "r");
	return 5;
}

coro_test(coro_end, handlers_at_the_end)
{
	struct log log = {.stubborn = false};
	intptr_t out = 0;
	coir_coro *co = must_make(with_handlers, &log);
	must_ok(coir_coro_resume(co, 0, &out));
	must_eq(out, 1);
	must_eq(coir_coro_resume(co, 0, &out), COIR_CORO_DONE);
	must_eq(out, 5);
	must(strcmp(log.text, "r87653210") == 0, "%s", log.text);
	must_eq(coir_coro_defer(co, note, &entries[0]), -ESRCH);
	must_ok(coir_coro_destroy(co));
	must(strcmp(log.text, "r87653210") == 0, "%s", log.text);
}

coro_test(coro_end, handlers_on_destroy)
{
	for (int stubborn = 0; stubborn < 2; stubborn++) {
		struct log log = {.stubborn = stubborn};
		coir_coro *co = must_make(with_handlers, &log);
		must_ok(coir_coro_resume(co, 0, NULL));
		must_ok(coir_coro_destroy(co));
		must(strcmp(log.text, "c210") == 0, "%s", log.text);
	}
}

coro_test(coro_end, handlers_of_one_that_never_started)
{
	struct log log = {.stubborn = false};
	coir_coro *co = must_make(with_handlers, &log);
	defer_all(co, &log, 5, 7);
	must_ok(coir_coro_destroy(co));
	must(strcmp(log.text, "65") == 0, "%s", log.text);
}

static intptr_t ignores_everything(coir_coro *self, void *arg)
{
	struct log *log = arg;
	log->self = self;
	defer_all(self, log, 0, 1);
	while (log->self)
		coir_coro_yield(self, 0, NULL);
	return 0;
}

static void yield_in_handler(void *arg)
{
	struct log *log = arg;
	must_eq(coir_coro_yield(log->self, 0, NULL), -ECANCELED);
	must_eq(coir_coro_resume(log->self, 0, NULL), -EBUSY);
	must_eq(coir_coro_destroy(log->self), -EBUSY);
	must(coir_coro_status(log->self) == COIR_CORO_NORMAL || coir_coro_status(log->self) == COIR_CORO_RUNNING);
	strcat(log->text, "y");
	must_ok(coir_coro_defer(log->self, note, &entries[9])); /* runs too */
}

coro_test(coro_end, destroy_never_hangs)
{
	struct log log = {.stubborn = false};
	coir_coro *co = must_make(ignores_everything, &log);
	for (int i = 0; i < 10; i++)
		must_ok(coir_coro_resume(co, 0, NULL));
	entries[9] = (struct entry){&log, '9'};
	must_ok(coir_coro_defer(co, yield_in_handler, &log));
	must_ok(coir_coro_destroy(co));
	must(strcmp(log.text, "y90") == 0, "%s", log.text);
}

static intptr_t ends_with_handler_that_yields(coir_coro *self, void *arg)
{
	struct log *log = arg;
	log->self = self;
	entries[9] = (struct entry){log, '9'};
	must_ok(coir_coro_defer(self, yield_in_handler, log));
	return 8;
}

coro_test(coro_end, handlers_do_not_yield)
{
	struct log log = {.stubborn = false};
	intptr_t out = 0;
	coir_coro *co = must_make(ends_with_handler_that_yields, &log);
	must_eq(coir_coro_resume(co, 0, &out), COIR_CORO_DONE);
	must_eq(out, 8);
	must(strcmp(log.text, "y9") == 0, "%s", log.text);
	must_ok(coir_coro_destroy(co));
}

static void destroy_it(void *co)
{
	must_ok(coir_coro_destroy(co));
}

/* Owns another one, which its handler destroys; that one too... */
static intptr_t owner(coir_coro *self, void *arg)
{
	intptr_t left = (intptr_t)arg;
	if (left > 0) {
		coir_coro *next = must_make(owner, (void *)(left - 1));
		must_ok(coir_coro_defer(self, destroy_it, next));
		must_ok(coir_coro_resume(next, 0, NULL));
	}
	coir_coro_yield(self, left, NULL);
	return 0;
}

coro_test(coro_end, destroy_goes_down_a_chain)
{
	uint64_t before = coir_coro_count();
	coir_coro *co = must_make(owner, (void *)30);
	must_ok(coir_coro_resume(co, 0, NULL));
	must_eq(coir_coro_count(), before + 31);
	must_ok(coir_coro_destroy(co));
	must_eq(coir_coro_count(), before);
}

static intptr_t transfers_when_canceled(coir_coro *self, void *arg)
{
	int r = coir_coro_yield(self, 0, NULL);
	must_eq(r, -ECANCELED);
	coir_coro_transfer(self, arg, 0, NULL); /* ends here */
	must(false, "not cut off");
	return 0;
}

coro_test(coro_end, destroy_of_one_that_transfers)
{
	coir_coro *other = must_make(yield_for_ever, (void *)1), *co = must_make(transfers_when_canceled, other);
	must_ok(coir_coro_resume(co, 0, NULL));
	must_ok(coir_coro_destroy(co));
	must_eq(coir_coro_status(other), COIR_CORO_SUSPENDED);
	must_ok(coir_coro_resume(other, 0, NULL));
	must_ok(coir_coro_destroy(other));
}
