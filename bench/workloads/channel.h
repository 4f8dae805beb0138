/* SPDX-License-Identifier: MIT
 *
 * channel.h - what the workloads of channels share: channels of 64-bit integers, whose calls may not fail.
 */
#ifndef BENCH_CHANNEL_H
#define BENCH_CHANNEL_H

#include "coir.h"

static inline coir_chan *bench_channel(size_t capacity)
{
	coir_chan *c;

	peer_ok("coir_chan_create", coir_chan_create(sizeof(int64_t), capacity, &c));
	return c;
}

static inline void bench_send(coir_chan *c, int64_t v)
{
	int err = coir_chan_send(c, &v);

	if (__builtin_expect(err != 0, 0))
		peer_ok("coir_chan_send", err);
}

#endif
