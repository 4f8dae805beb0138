/* SPDX-License-Identifier: MIT
 *
 * api/timer_test.c - timers that call a function, tickers, frames (coir/timer.h). By clocks that the tests move, so that
 * each answer is exact.
 */
#include "support/child.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <string.h>

#define SECOND COIR_SECOND

enum { SOME = 8 };

static intptr_t on_clock(coir_clock clock, coir_fn fn)
{
	coir_config cfg = COIR_CONFIG_INIT;
	intptr_t r = -1;
	cfg.clock = clock;
	must_ok(coir_run(&cfg, fn, NULL, &r));
	return r;
}

/* What the functions did: who was called, in order, and when. */
static struct {
	int n;
	int who[100];
	coir_time when[100];
} seen;

static int names[SOME] = {0, 1, 2, 3, 4, 5, 6, 7};

static void note(void *arg)
{
	seen.when[seen.n] = coir_now();
	seen.who[seen.n++] = *(int *)arg;
}

/* ---- timers ---- */

static coir_timer timers[SOME];

static intptr_t in_order(void *arg)
{
	coir_time start = coir_now();
	for (int i = 0; i < SOME; i++) {
		must_ok(coir_timer_init(&timers[i], note, &names[i]));
		must_eq(coir_timer_start(&timers[i], start + (SOME - i) * SECOND + i), 0);
	}
	must_eq(coir_timer_stop(&timers[3]), 1);
	must_eq(coir_timer_stop(&timers[3]), 0);
	must_eq(coir_timer_start(&timers[4], start + 20 * SECOND), 1); /* later */
	must_eq(coir_timer_start(&timers[0], start - SECOND), 1);      /* at once */
	must_ok(coir_sleep(30 * SECOND));
	const int order[] = {0, 7, 6, 5, 2, 1, 4};
	must_eq(seen.n, 7);
	for (int i = 0; i < 7; i++) {
		must_eq(seen.who[i], order[i]);
		coir_time due = order[i] == 4 ? 20 * SECOND : (SOME - order[i]) * SECOND + order[i];
		must_eq(seen.when[i] - start, order[i] ? due : 0);
	}
	for (int i = 0; i < SOME; i++) {
		must_eq(coir_timer_stop(&timers[i]), 0);
		must_ok(coir_timer_drain(&timers[i]));
	}
	return (intptr_t)arg;
}

Test(timer, in_order_and_on_time)
{
	must_ok(on_clock(COIR_CLOCK_VIRTUAL, in_order));
}

static void again(void *arg)
{
	note(arg);
	if (seen.n < 5)
		must_eq(coir_timer_start(&timers[0], coir_now() + SECOND), 0);
	must_eq(coir_timer_drain(&timers[0]), -EDEADLK);
}

static intptr_t five_times(void *arg)
{
	coir_time start = coir_now();
	must_ok(coir_timer_init(&timers[0], again, &names[1]));
	must_ok(coir_timer_start(&timers[0], start + SECOND));
	must_ok(coir_sleep(60 * SECOND));
	must_eq(seen.n, 5);
	for (int i = 0; i < 5; i++)
		must_eq(seen.when[i] - start, (i + 1) * SECOND);
	return (intptr_t)arg;
}

Test(timer, may_start_itself)
{
	must_ok(on_clock(COIR_CLOCK_VIRTUAL, five_times));
}

static coir_fiber parked;
static coir_event event;

static intptr_t spawned(void *arg)
{
	must_ok(coir_sleep(SECOND));
	must_ok(coir_event_set(&event));
	return (intptr_t)arg;
}

static void do_much(void *arg)
{
	(void)arg;
	must_eq(coir_yield(), -EPERM);
	must_eq(coir_park(), -EPERM);
	must_eq(coir_event_try_wait(&event), -EAGAIN);
	must_ok(coir_go(spawned, NULL));
	must_ok(coir_unpark(parked));
}

static intptr_t park_once(void *arg)
{
	must_ok(coir_park());
	return (intptr_t)arg;
}

static intptr_t have_much_done(void *arg)
{
	must_ok(coir_event_init(&event));
	parked = must_spawn(park_once, NULL);
	must_ok(coir_timer_init(&timers[0], do_much, NULL));
	must_ok(coir_timer_start(&timers[0], coir_after(SECOND)));
	must_ok(coir_event_wait(&event));
	must_join(parked);
	return (intptr_t)arg;
}

/* As a plain thread. */
Test(timer, its_function_may_do_what_does_not_wait)
{
	must_ok(on_clock(COIR_CLOCK_VIRTUAL, have_much_done));
}

static void wait_in_it(void *arg)
{
	(void)arg;
	coir_sleep(SECOND);
}

static intptr_t have_it_wait(void *arg)
{
	must_ok(coir_timer_init(&timers[0], wait_in_it, NULL));
	must_ok(coir_timer_start(&timers[0], coir_now()));
	must_ok(coir_sleep(SECOND));
	return (intptr_t)arg;
}

static int wait_in_a_function(void *arg)
{
	(void)arg;
	return (int)on_clock(COIR_CLOCK_REAL, have_it_wait);
}

Test(timer, a_wait_in_its_function_ends_the_program)
{
	struct child c = run_child(wait_in_a_function, NULL);
	cr_assert(child_refused(&c), "status %#x: %s", c.status, c.text);
	cr_assert(strstr(c.text, "must not wait"), "%s", c.text);
}

Test(timer, misuse)
{
	coir_timer t;
	must_eq(coir_timer_init(NULL, note, NULL), -EINVAL);
	must_eq(coir_timer_init(&t, NULL, NULL), -EINVAL);
	must_ok(coir_timer_init(&t, note, NULL));
	must_eq(coir_timer_start(NULL, 0), -EINVAL);
	must_eq(coir_timer_stop(NULL), -EINVAL);
	must_eq(coir_timer_drain(NULL), -EINVAL);
	must_eq(coir_timer_start(&t, 0), -EPERM);
	must_eq(coir_timer_stop(&t), -EPERM);
	must_ok(coir_timer_drain(&t));
}

/* One that the end of a runtime left is idle in the next. */
Test(timer, outlives_runtimes)
{
	must_ok(coir_timer_init(&timers[0], note, &names[0]));
	for (int run = 0; run < 5; run++) {
		start_workers(2);
		must_eq(coir_timer_stop(&timers[0]), 0);
		must_eq(coir_timer_start(&timers[0], coir_after(3600 * SECOND)), 0);
		stop_workers();
		must_ok(coir_timer_drain(&timers[0]));
	}
	must_eq(seen.n, 0);
}

/* ---- tickers ---- */

static intptr_t beats(void *arg)
{
	coir_ticker t;
	coir_time start = coir_now();
	must_ok(coir_ticker_init(&t, SECOND));
	must_eq(coir_ticker_try_wait(&t), -EAGAIN);
	for (int i = 1; i <= 3; i++) {
		must_eq(coir_ticker_wait(&t), 1);
		must_eq(coir_now() - start, i * SECOND);
	}
	must_ok(coir_sleep(2 * SECOND + SECOND / 2)); /* 5.5 */
	must_eq(coir_ticker_wait(&t), 2);
	must_eq(coir_ticker_wait_until(&t, start + 6 * SECOND - 1), -ETIMEDOUT);
	must_eq(coir_ticker_wait_until(&t, start + 6 * SECOND), 1);
	must_eq(coir_now() - start, 6 * SECOND); /* it does not drift */
	must_ok(coir_cancel(must_self()));
	must_eq(coir_ticker_wait(&t), -ECANCELED);
	must_eq(coir_ticker_try_wait(&t), -EAGAIN);
	must_eq(coir_ticker_init(&t, 0), -EINVAL);
	must_eq(coir_ticker_init(NULL, 1), -EINVAL);
	must_eq(coir_ticker_wait(NULL), -EINVAL);
	return (intptr_t)arg;
}

Test(ticker, beats)
{
	must_ok(on_clock(COIR_CLOCK_VIRTUAL, beats));
}

/* ---- frames ---- */

static coir_frames frames = COIR_FRAMES_INIT;

static intptr_t play(void *arg)
{
	for (int64_t frame = 1; frame <= 10; frame++) {
		must_eq(coir_frames_wait(&frames), frame);
		note(arg);
	}
	return 0;
}

static intptr_t game(void *arg)
{
	coir_fiber f[SOME];
	for (int i = 0; i < SOME; i++)
		f[i] = must_spawn(play, &names[i]);
	must_ok(coir_yield());
	for (int frame = 1; frame <= 10; frame++) {
		must_ok(coir_clock_advance(SECOND / 50));
		seen.n = 0;
		must_eq(coir_frames_advance(&frames), SOME);
		must_eq(seen.n, SOME); /* all have run, in the order in which they came, each time */
		static int order[SOME];
		for (int i = 0; i < SOME; i++) {
			if (frame == 1)
				order[i] = seen.who[i];
			must_eq(seen.who[i], order[i]);
			must_eq(seen.when[i], coir_now());
		}
	}
	must_eq(must_join_all(f, SOME), 0);
	must_eq(coir_frames_advance(&frames), 0);
	must_eq((int)frames.number, 11);
	must_eq(coir_frames_wait_until(&frames, coir_now()), -ETIMEDOUT);
	must_eq(coir_frames_wait(NULL), -EINVAL);
	must_eq(coir_frames_advance(NULL), -EINVAL);
	must_ok(coir_cancel(must_self()));
	must_eq(coir_frames_wait(&frames), -ECANCELED);
	return (intptr_t)arg;
}

Test(frames, all_run_in_a_fixed_order)
{
	must_ok(on_clock(COIR_CLOCK_MANUAL, game));
	must_eq(coir_frames_wait(&frames), -EPERM);
	must_eq(coir_frames_advance(&frames), -EPERM);
}
