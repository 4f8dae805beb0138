/* SPDX-License-Identifier: MIT
 *
 * child.c - running one peer program: pinned before exec, its standard output read through a pipe, killed at its time
 * limit. Its standard error stays ours, so that a wrong result shows in its own words.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int child_core(int i)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && i-- == 0)
			return cpu;
	return -1;
}

/* In the child: pins, wires the pipe, becomes the program. */
static void become(const struct child_run *run, int out)
{
	cpu_set_t cores;

	CPU_ZERO(&cores);
	for (int i = 0; i < run->cores; i++) {
		int core = child_core(run->first_core + i);
		if (core >= 0)
			CPU_SET(core, &cores);
	}
	if (run->cores && sched_setaffinity(0, sizeof(cores), &cores))
		_exit(126);
	if (dup2(out, STDOUT_FILENO) < 0 || (run->folder && chdir(run->folder)))
		_exit(126);
	execvp(run->path, run->argv);
	_exit(127);
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Reads to the end or the time limit: 0 or -1. */
static int read_all(int fd, int timeout, char *out, size_t size)
{
	long long end = now_ms() + timeout * 1000LL;
	size_t used = 0;
	char rest[256];

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		long long left = end - now_ms();
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return -1;
		bool full = used + 1 >= size;
		ssize_t got = full ? read(fd, rest, sizeof(rest)) : read(fd, out + used, size - 1 - used);
		if (got <= 0) {
			out[used] = 0;
			return 0;
		}
		if (!full)
			used += (size_t)got;
	}
}

static int verdict(int status, char *why, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(why, size, "died of %s", strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == 127)
		snprintf(why, size, "could not be started");
	else if (WEXITSTATUS(status))
		snprintf(why, size, "failed with status %d", WEXITSTATUS(status));
	else
		return 0;
	return -1;
}

int child_output(const struct child_run *run, char *out, size_t size, char *why, size_t why_size)
{
	int fd[2], status;

	if (pipe2(fd, O_CLOEXEC)) {
		snprintf(why, why_size, "pipe: %s", strerror(errno));
		return -1;
	}
	pid_t pid = fork();
	if (pid == 0)
		become(run, fd[1]);
	close(fd[1]);
	bool late = pid > 0 && read_all(fd[0], run->timeout, out, size);
	close(fd[0]);
	if (pid < 0) {
		snprintf(why, why_size, "fork: %s", strerror(errno));
		return -1;
	}
	if (late)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (late) {
		snprintf(why, why_size, "took longer than %d s", run->timeout);
		return -1;
	}
	return verdict(status, why, why_size);
}
