/* SPDX-License-Identifier: MIT
 *
 * peer.c - the peer programs' side of the protocol; see peer.h.
 */
#include "peer.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* s. The kernel, and a hypervisor, take some ms to see that there is work for another processor. */
#define WARM_UP 0.05

static const char *program = "peer";
static double scale = 1;
static bool warming;
static long peak_before; /* before the warm-up */
static const struct peer_workload *chosen;

static const char *running(void)
{
	return chosen ? chosen->name : "";
}

static void fail(const char *why, const char *what)
{
	fprintf(stderr, "%s %s: %s%s\n", program, running(), why, what);
	exit(1);
}

bool peer_warming(void)
{
	return warming;
}

static const struct peer_workload *find(const struct peer_workload *w, const char *name)
{
	for (; w->name; w++)
		if (!strcmp(w->name, name))
			return w;
	return NULL;
}

/* A line of /proc/self/status, in KiB. */
static long status_kib(const char *field)
{
	FILE *f = fopen("/proc/self/status", "re");
	size_t length = strlen(field);
	char line[256];
	long kib = -1;

	if (!f)
		fail("cannot open ", "/proc/self/status");
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, field, length) && line[length] == ':')
			kib = atol(line + length + 1);
	fclose(f);
	if (kib < 0)
		fail("not in /proc/self/status: ", field);
	return kib;
}

/* The greatest VmRSS so far in KiB, without pages of files: code counts as it is first run, in lumps. */
static long peak_memory(void)
{
	return status_kib("VmHWM") - status_kib("RssFile");
}

/* The kernel forgets the greatest VmRSS so far. Where it cannot, growth counts from that. */
static void start_peak(void)
{
	FILE *f = fopen("/proc/self/clear_refs", "we");

	if (f) {
		fputs("5", f);
		fclose(f);
	}
	peak_before = peak_memory();
}

static void warm_up_and_measure(void)
{
	start_peak();
	double start = peer_now();
	warming = true;
	do
		chosen->run();
	while (peer_now() - start < WARM_UP && scale >= 1);
	warming = false;
	chosen->run();
}

static int list(const struct peer_workload *w)
{
	for (; w->name; w++)
		printf("%s %d %d\n", w->name, w->fewest, w->most);
	return fflush(stdout) ? 1 : 0;
}

int peer_main(int argc, char **argv, const struct peer_workload *workloads, peer_enter enter)
{
	const char *slash = strrchr(argv[0], '/');

	program = slash ? slash + 1 : argv[0];
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list(workloads);
	if (argc < 3 || argc > 4)
		fail("usage: WORKLOAD WORKERS [SCALE], or --list", "");
	chosen = find(workloads, argv[1]);
	int workers = atoi(argv[2]);
	scale = argc == 4 ? atof(argv[3]) : 1;
	if (!chosen)
		fail("no such workload: ", argv[1]);
	if (workers < chosen->fewest || workers > chosen->most)
		fail("cannot run with this number of workers: ", argv[2]);
	if (!(scale > 0))
		fail("bad scale: ", argv[3]);
	if (enter)
		enter(workers, warm_up_and_measure);
	else
		warm_up_and_measure();
	return fflush(stdout) ? 1 : 0;
}

bool peer_shrunk(void)
{
	return scale < 1;
}

long peer_rounds(long full)
{
	double n = (double)full * scale * (warming ? 0.1 : 1);
	return n > 10 ? (long)n : 10;
}

long peer_leaves(long full)
{
	long n = 10;
	while ((double)n * 10 <= (double)full * scale * 1.0001)
		n *= 10;
	return n;
}

int peer_fib_n(int full)
{
	int n = full + (int)(log(scale) / log(1.618)) - (warming ? 5 : 0);
	return n > 5 ? n : 5;
}

int peer_queens(void)
{
	return peer_shrunk() ? 8 : 11;
}

double peer_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double peer_cpu(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int64_t peer_memory(void)
{
	return (status_kib("VmRSS") + status_kib("VmPTE")) * 1024;
}

/* splitmix64 */
uint64_t peer_random(int64_t i)
{
	uint64_t z = ((uint64_t)i + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t wrapping_fib(long n)
{
	uint64_t a = 0, b = 1;
	for (; n > 0; n--) {
		uint64_t c = a + b;
		a = b;
		b = c;
	}
	return a;
}

long peer_fib(int n)
{
	return (long)wrapping_fib(n);
}

long peer_fib_spawns(int n)
{
	return peer_fib(n + 1) - 1;
}

void peer_check(const char *what, int64_t got, int64_t want)
{
	if (got == want)
		return;
	fprintf(stderr, "%s %s: WRONG RESULT: %s is %lld, not %lld\n", program, running(), what, (long long)got,
		(long long)want);
	exit(1);
}

void peer_ok(const char *what, int err)
{
	if (err == 0)
		return;
	fprintf(stderr, "%s %s: %s failed: %s\n", program, running(), what, strerror(abs(err)));
	exit(1);
}

void peer_result(const char *metric, const char *unit, double value, const char *params)
{
	if (!warming)
		printf("%s %s %.6g %s\n", metric, unit, value, params ? params : "-");
}

void peer_peak_from_here(void)
{
	if (warming)
		start_peak();
}

void peer_peak_result(const char *params)
{
	long growth = peak_memory() - peak_before;

	/* Pages of code that came after the peak are taken off it as if they had been there. */
	peer_result("peak", "KiB", growth > 0 ? (double)growth : 0, params);
}

void peer_fib_result(int n, long got, double ns)
{
	char params[32];

	snprintf(params, sizeof(params), "n=%d", n);
	peer_check("fib", got, peer_fib(n));
	peer_result("ns/spawn", "ns", ns / (double)peer_fib_spawns(n), params);
	peer_peak_result(params);
}

void peer_queens_result(int n, long got, double ns)
{
	peer_check("solutions", got, n == 11 ? 2680 : 92);
	peer_result("ms", "ms", ns / 1e6, n == 11 ? NULL : "n=8");
	peer_peak_result(n == 11 ? NULL : "n=8");
}

void peer_skynet_result(long leaves, int64_t sum, double ns, const char *how)
{
	char params[64];

	peer_check("sum", sum, (int64_t)leaves * (leaves - 1) / 2);
	if (leaves == 1000000)
		snprintf(params, sizeof(params), "%s", how);
	else
		snprintf(params, sizeof(params), "%s;n=%ld", how, leaves);
	peer_result("ms", "ms", ns / 1e6, params);
	peer_peak_result(params);
}

/* n as params, where it is not the workload's own size. */
static const char *sized(char *text, size_t size, long n, long full)
{
	if (n == full)
		return NULL;
	snprintf(text, size, "n=%ld", n);
	return text;
}

void peer_generator_result(long n, uint64_t sum, double ns)
{
	peer_check("sum of the values", (int64_t)sum, (int64_t)(wrapping_fib(n + 1) - 1));
	peer_result("ns/value", "ns", ns / (double)n, NULL);
}

void peer_pipeline_result(long n, int64_t sum, double ns)
{
	char text[32];
	const char *params = sized(text, sizeof(text), n, PEER_PIPELINE_ITEMS);

	peer_check("sum", sum, (int64_t)n * (n - 1) / 2 + (int64_t)n * (PEER_STAGES - 1));
	peer_result("ms", "ms", ns / 1e6, params);
	peer_peak_result(params);
}

void peer_spin_until(double time)
{
	while (peer_now() < time)
		;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void latencies(double *ns, long n, const char *params)
{
	qsort(ns, (size_t)n, sizeof(*ns), by_value);
	peer_result("p50", "us", ns[n / 2] / 1e3, params);
	peer_result("p99", "us", ns[n * 99 / 100] / 1e3, params);
}

void peer_latencies(double *ns, long n)
{
	latencies(ns, n, NULL);
}

double *peer_sleepers(long n)
{
	double *late = malloc((size_t)n * sizeof(*late));

	if (!late)
		peer_ok("malloc", ENOMEM);
	for (long i = 0; i < n; i++)
		late[i] = -1;
	return late;
}

int64_t peer_nap(long i)
{
	return (int64_t)(peer_random(i) % 1000000000);
}

void peer_timers_result(double *late, long n, double cpu)
{
	char text[32];
	const char *params = sized(text, sizeof(text), n, PEER_SLEEPERS);
	long woken = 0;

	for (long i = 0; i < n; i++)
		woken += late[i] >= 0;
	peer_check("sleepers woken, none early", woken, n);
	peer_result("cpu", "s", cpu, params);
	latencies(late, n, params);
	free(late);
}

void peer_look(struct peer_spread *s)
{
	int32_t least = INT32_MAX, most = INT32_MIN;

	for (int i = 0; i < s->fibers; i++) {
		int32_t c = s->counts[i];
		least = c < least ? c : least;
		most = c > most ? c : most;
	}
	if (most - least > s->worst)
		s->worst = most - least;
}
