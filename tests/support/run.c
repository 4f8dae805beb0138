/* SPDX-License-Identifier: MIT */
#include "support/run.h"
#include "support/refuse.h"

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* COIR_TEST_REFUSE=membarrier: as on a system without it. */
static void refuse_as_asked(void)
{
	static bool done;
	const char *what = getenv("COIR_TEST_REFUSE");
	if (!what || done)
		return;
	must(strcmp(what, "membarrier") == 0);
	must(refuse(REFUSE_MEMBARRIER));
	done = true;
}

intptr_t with_workers(unsigned workers, coir_fn fn, void *arg)
{
	refuse_as_asked();
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = workers;
	intptr_t result = 0;
	must_ok(coir_run(&cfg, fn, arg, &result));
	return result;
}

void start_workers(unsigned workers)
{
	refuse_as_asked();
	coir_config cfg = COIR_CONFIG_INIT;
	cfg.workers = workers;
	must_ok(coir_start(&cfg));
}

void stop_workers(void)
{
	must_ok(coir_stop(0));
}

coir_fiber must_spawn(coir_fn fn, void *arg)
{
	coir_fiber f;
	must_ok(coir_spawn(NULL, fn, arg, &f));
	return f;
}

coir_fiber must_spawn_sticky(coir_fn fn, void *arg)
{
	coir_attr attr = COIR_ATTR_INIT;
	attr.sticky = true;
	coir_fiber f;
	must_ok(coir_spawn(&attr, fn, arg, &f));
	return f;
}

intptr_t must_join(coir_fiber f)
{
	intptr_t result = 0;
	must_ok(coir_join(f, &result));
	return result;
}

intptr_t must_join_all(const coir_fiber *fibers, int n)
{
	intptr_t sum = 0;
	for (int i = 0; i < n; i++)
		sum += must_join(fibers[i]);
	return sum;
}

coir_fiber must_self(void)
{
	coir_fiber f;
	must_ok(coir_self(&f));
	return f;
}

coir_stats must_stats(void)
{
	coir_stats s = {.size = sizeof s};
	must_ok(coir_get_stats(&s));
	return s;
}

pthread_t thread_start(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	must_eq(pthread_create(&thread, NULL, fn, arg), 0);
	return thread;
}

void *thread_end(pthread_t thread)
{
	void *result = NULL;
	must_eq(pthread_join(thread, &result), 0);
	return result;
}

void poll_until(bool (*state)(void *arg), void *arg)
{
	while (!state(arg))
		usleep(500);
}

int thread_id(void)
{
	return (int)syscall(SYS_gettid);
}

int thread_count(void)
{
	DIR *tasks = opendir("/proc/self/task");
	must(tasks != NULL);
	int n = 0;
	for (struct dirent *e; (e = readdir(tasks)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(tasks);
	return n;
}

void thread_count_settles(int threads)
{
	while (!TESTS_TSAN && thread_count() != threads)
		sched_yield();
}

long scaled(long n)
{
	const char *by = getenv("COIR_TEST_SCALE");
	long divisor = by ? atol(by) : 1;
	n = divisor > 1 ? n / divisor : n;
	return n > 0 ? n : 1;
}

#if defined(__SANITIZE_THREAD__)
#define FIBERS_MAX 4000 /* SEMANTICS: gcc's ThreadSanitizer stops at 8128 */
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FIBERS_MAX 4000
#endif
#endif
#ifdef FIBERS_MAX
#define FIBER_COST 20 /* it takes a millisecond to make one */
#else
#define FIBERS_MAX 10000000
#define FIBER_COST 1
#endif

long scaled_fibers(long n)
{
	n = scaled(n);
	return n < FIBERS_MAX ? n : FIBERS_MAX;
}

long scaled_spawns(long n)
{
	n = scaled(n) / FIBER_COST;
	return n > 0 ? n : 1;
}

void *zeros(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);
	must(p != NULL);
	return p;
}

struct fiber_body {
	void (*body)(unsigned workers);
	unsigned workers;
};

static intptr_t fiber_body_main(void *arg)
{
	const struct fiber_body *b = (const struct fiber_body *)arg;
	b->body(b->workers);
	return 0;
}

void run_fiber_body(unsigned workers, void (*body)(unsigned workers))
{
	struct fiber_body b = {body, workers};
	with_workers(workers, fiber_body_main, &b);
}
