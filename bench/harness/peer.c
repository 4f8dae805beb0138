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
#include <time.h>

static const char *program = "peer";
static double scale = 1;
static bool warming;
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

static void warm_up_and_measure(void)
{
	warming = true;
	chosen->run();
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
	return scale < 1 ? 8 : 11;
}

double peer_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int64_t peer_memory(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kb, sum = 0;

	if (!f)
		fail("cannot open ", "/proc/self/status");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1 || sscanf(line, "VmPTE: %ld", &kb) == 1)
			sum += kb;
	fclose(f);
	return sum * 1024;
}

long peer_fib(int n)
{
	long a = 0, b = 1;
	for (; n > 0; n--) {
		long c = a + b;
		a = b;
		b = c;
	}
	return a;
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

void peer_fib_result(int n, long got, double ns)
{
	char params[32];

	snprintf(params, sizeof(params), "n=%d", n);
	peer_check("fib", got, peer_fib(n));
	peer_result("ns/spawn", "ns", ns / (double)peer_fib_spawns(n), params);
}

void peer_queens_result(int n, long got, double ns)
{
	peer_check("solutions", got, n == 11 ? 2680 : 92);
	peer_result("ms", "ms", ns / 1e6, n == 11 ? NULL : "n=8");
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

void peer_latencies(double *ns, long n)
{
	qsort(ns, (size_t)n, sizeof(*ns), by_value);
	peer_result("p50", "us", ns[n / 2] / 1e3, NULL);
	peer_result("p99", "us", ns[n * 99 / 100] / 1e3, NULL);
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
