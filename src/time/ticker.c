/* SPDX-License-Identifier: MIT
 *
 * time/ticker.c - beats: arithmetic over coir_sleep_until.
 */
#include <coir/timer.h>
#include <errno.h>

int coir_ticker_init(coir_ticker *ticker, int64_t period)
{
	if (!ticker || period <= 0)
		return -EINVAL;
	*ticker = (coir_ticker){coir_after(period), period};
	return 0;
}

/* The beats up to now, and the next one. */
static int64_t take_beats(coir_ticker *ticker, coir_time now)
{
	if (now < ticker->next)
		return 0;
	int64_t beats = (now - ticker->next) / ticker->period + 1;
	if (__builtin_add_overflow(ticker->next, beats * ticker->period, &ticker->next))
		ticker->next = COIR_NEVER;
	return beats;
}

int64_t coir_ticker_try_wait(coir_ticker *ticker)
{
	if (!ticker || ticker->period <= 0)
		return -EINVAL;
	int64_t beats = take_beats(ticker, coir_now());
	return beats ? beats : -EAGAIN;
}

int64_t coir_ticker_wait_until(coir_ticker *ticker, coir_time deadline)
{
	if (!ticker || ticker->period <= 0)
		return -EINVAL;
	int r = coir_sleep_until(ticker->next < deadline ? ticker->next : deadline);
	if (r)
		return r;
	int64_t beats = take_beats(ticker, coir_now());
	return beats ? beats : -ETIMEDOUT;
}

int64_t coir_ticker_wait(coir_ticker *ticker)
{
	return coir_ticker_wait_until(ticker, COIR_NEVER);
}
