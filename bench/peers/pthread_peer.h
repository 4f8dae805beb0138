/* SPDX-License-Identifier: MIT
 *
 * pthread_peer.h - what the files of the peer "pthread" share.
 */
#ifndef BENCH_PTHREAD_PEER_H
#define BENCH_PTHREAD_PEER_H

#include <pthread.h>

/* Start and join a thread with a small stack. */
pthread_t thread_spawn(void *(*fn)(void *), void *arg);
void thread_join(pthread_t t);

/* pthread_channel.c */
void bench_pingpong(void);
void bench_chan_spsc(void);
void bench_chan_mpmc(void);

#endif
