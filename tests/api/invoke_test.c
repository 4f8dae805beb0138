/* SPDX-License-Identifier: MIT
 *
 * api/invoke_test.c - several calls at a time: all run, whatever the others return, and may wait for each other.
 */
#include "support/bodies.h"
#include "support/run.h"
#include "support/test.h"

#include <errno.h>

static intptr_t negate(void *arg)
{
	return -(intptr_t)arg;
}

static void *invoke_some(void *arg)
{
	coir_job jobs[20];
	for (int i = 0; i < 20; i++)
		jobs[i] = (coir_job){.fn = fiber_give_back, .arg = (void *)(intptr_t)i};
	must_ok(coir_parallel_invoke(jobs, 20));
	for (int i = 0; i < 20; i++)
		must_eq(jobs[i].result, i);
	jobs[17].fn = jobs[11].fn = negate;
	must_eq(coir_parallel_invoke(jobs, 20), -11);
	must_eq(jobs[17].result, -17);
	must_eq(jobs[19].result, 19);
	must_ok(coir_parallel_invoke(jobs, 1));
	must_ok(coir_parallel_invoke(NULL, 0));
	must_eq(coir_parallel_invoke(NULL, 1), -EINVAL);
	jobs[0].result = 5;
	jobs[2].fn = NULL;
	must_eq(coir_parallel_invoke(jobs, 20), -EINVAL);
	must_eq(jobs[0].result, 5);
	return arg;
}

fiber_test(invoke, runs_all)
{
	for (long round = scaled(100); round > 0; round--)
		invoke_some(NULL);
	must_ok(coir_cancel(must_self()));
	invoke_some(NULL);
}

Test(invoke, in_threads)
{
	invoke_some(NULL);
	start_workers(1);
	thread_end(thread_start(invoke_some, NULL));
	stop_workers();
}

static intptr_t send_one(void *chan)
{
	return coir_chan_send(chan, &(int){7});
}

static intptr_t receive_one(void *chan)
{
	int n = 0;
	must_ok(coir_chan_recv(chan, &n));
	return n;
}

fiber_test(invoke, calls_wait_for_each_other)
{
	coir_chan *chan = NULL;
	must_ok(coir_chan_create(sizeof(int), 0, &chan));
	for (long round = scaled(100); round > 0; round--) {
		coir_job jobs[6];
		for (int i = 0; i < 6; i++)
			jobs[i] = (coir_job){.fn = (i + round) % 2 ? send_one : receive_one, .arg = chan};
		must_ok(coir_parallel_invoke(jobs, 6));
		must_eq(jobs[0].result + jobs[1].result, 7);
	}
	must_ok(coir_chan_destroy(chan));
}
