/* SPDX-License-Identifier: MIT
 *
 * demos/primes.c - the sieve as a chain of fibers. The main fiber sends 2, 3, 4, ... into it; each filter keeps the
 * first number it receives, a prime, and passes on what that does not divide to a filter that it spawns. When the
 * last filter has its prime, the main fiber ends the chain with a 0. After: C. A. R. Hoare, "Communicating
 * Sequential Processes" (1978), and D. McIlroy's sieve there.
 */
#include "demo.h"
#include "mailbox.h"
#include "progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_PRIMES 10000
#define LIMIT_FOR   20 /* the n-th prime is below 20 n + 20 as far as MOST_PRIMES */

struct sieve;

struct filter {
	struct mailbox box;
	uint64_t prime; /* written by its fiber, read after the joins */
	struct sieve *sieve;
};

struct sieve {
	struct filter *filter;
	uint64_t count;
	struct progress progress;
	/* relaxed: tells the main fiber to stop sending, and orders nothing; `failure` is read after the joins */
	_Atomic bool done;
	_Atomic int failure;
};

/* Reads on until the end of the chain's numbers. */
static void swallow(struct filter *filter)
{
	atomic_store_explicit(&filter->sieve->done, true, memory_order_relaxed);
	while (mailbox_receive(&filter->box))
		;
}

static void pass_on(struct filter *filter, struct filter *next, coir_fiber receiver)
{
	for (;;) {
		uint64_t number = mailbox_receive(&filter->box);
		if (number % filter->prime || !number)
			mailbox_send(&next->box, receiver, number);
		if (!number)
			return;
	}
}

static int spawn_filter(struct filter *filter, intptr_t (*fn)(void *), coir_fiber *out)
{
	coir_self(&filter->box.sender);
	return coir_spawn(NULL, fn, filter, out);
}

static intptr_t filter_numbers(void *arg)
{
	struct filter *filter = arg, *next = filter + 1;
	struct sieve *sieve = filter->sieve;
	coir_fiber receiver;
	filter->prime = mailbox_receive(&filter->box);
	if (!filter->prime)
		return 0; /* the chain ended early: another filter failed */
	progress_add(&sieve->progress, 1);
	if (next == sieve->filter + sieve->count) {
		swallow(filter);
		return 0;
	}
	int failed = spawn_filter(next, filter_numbers, &receiver);
	if (failed) {
		atomic_store_explicit(&sieve->failure, failed, memory_order_relaxed);
		swallow(filter);
		return 0;
	}
	pass_on(filter, next, receiver);
	return coir_join(receiver, NULL);
}

/* Sends numbers until the last filter has its prime. */
static int run_chain(struct sieve *sieve)
{
	coir_fiber receiver;
	uint64_t number = 2;
	int failed = spawn_filter(sieve->filter, filter_numbers, &receiver);
	if (failed)
		return failed;
	while (!atomic_load_explicit(&sieve->done, memory_order_relaxed))
		mailbox_send(&sieve->filter[0].box, receiver, number++);
	mailbox_send(&sieve->filter[0].box, receiver, 0);
	failed = coir_join(receiver, NULL);
	return failed ? failed : atomic_load_explicit(&sieve->failure, memory_order_relaxed);
}

/* Eratosthenes, without fibers. Returns 0 if the filters hold the same primes, 1 if not, -ENOMEM. */
static int compare(const struct sieve *sieve, uint64_t *sum)
{
	uint64_t limit = LIMIT_FOR * (sieve->count + 1), found = 0;
	bool *crossed = calloc(limit, sizeof *crossed);
	if (!crossed)
		return -ENOMEM;
	for (uint64_t n = 2; n < limit && found < sieve->count; n++) {
		if (crossed[n])
			continue;
		for (uint64_t m = n * n; m < limit; m += n)
			crossed[m] = true;
		if (sieve->filter[found].prime != n)
			break;
		found++;
		*sum += n;
	}
	free(crossed);
	return found != sieve->count;
}

static int report_primes(struct demo_report *report, const struct sieve *sieve)
{
	uint64_t sum = 0;
	int wrong = compare(sieve, &sum);
	if (wrong < 0)
		return demo_failed("primes", "cannot check the result", wrong);
	snprintf(report->result, sizeof report->result,
		 "%" PRIu64 " primes, %s: the last %" PRIu64 ", their sum %" PRIu64, sieve->count,
		 wrong ? "WRONG" : "right", sieve->filter[sieve->count - 1].prime, sum);
	return wrong;
}

static int run(struct demo_report *report, int argc, char **argv)
{
	struct sieve sieve = {.count = 1000};
	if (!demo_count(argc, argv, 1) || !demo_number(argc, argv, 1, "COUNT", 1, MOST_PRIMES, &sieve.count))
		return 2;
	sieve.filter = calloc(sieve.count, sizeof *sieve.filter);
	if (!sieve.filter)
		return demo_failed("primes", "cannot make the filters", ENOMEM);
	for (uint64_t i = 0; i < sieve.count; i++)
		sieve.filter[i].sieve = &sieve;
	progress_start(&sieve.progress, "primes", "primes", sieve.count);
	int64_t start = demo_now();
	int failed = run_chain(&sieve);
	report->ns = demo_now() - start;
	progress_hide(&sieve.progress);
	int code = failed ? demo_failed("primes", "cannot run the chain", failed) : report_primes(report, &sieve);
	free(sieve.filter);
	return code;
}

const struct demo demo_primes = {
	.name = "primes",
	.arguments = "[COUNT]",
	.summary = "the first primes by a chain of filter fibers",
	.details = "A sieve of fibers finds the first COUNT primes (up to 10000; default 1000): each is a\n"
		   "filter that passes on what its prime does not divide, by park and unpark. The result\n"
		   "is checked against a plain sieve.",
	.run = run,
};
