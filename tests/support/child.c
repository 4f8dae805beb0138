/* SPDX-License-Identifier: MIT */
#include "support/child.h"
#include "support/must.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* As long as the case has: a hung child ends with it, and keeps nobody waiting at the other end of its pipe. */
static unsigned time_limit(void)
{
	const char *seconds = getenv("COIR_TEST_TIMEOUT");
	return seconds && atoi(seconds) > 0 ? (unsigned)atoi(seconds) : 60;
}

static void child_main(int (*fn)(void *arg), void *arg, int err)
{
	dup2(err, STDERR_FILENO);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	alarm(time_limit());
	_exit(fn(arg));
}

/* Keeps the beginning, drains the rest. */
static void read_all(int fd, struct child *c)
{
	char block[4096];
	size_t used = 0;
	for (ssize_t n; (n = read(fd, block, sizeof block)) != 0;) {
		if (n < 0) {
			must(errno == EINTR);
			continue;
		}
		for (ssize_t i = 0; i < n; i++)
			c->lines += block[i] == '\n';
		size_t keep = (size_t)n < sizeof c->text - 1 - used ? (size_t)n : sizeof c->text - 1 - used;
		memcpy(c->text + used, block, keep);
		used += keep;
	}
	c->text[used] = 0;
}

struct child run_child(int (*fn)(void *arg), void *arg)
{
	int pipe_ends[2];
	must_ok(pipe(pipe_ends));
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0)
		child_main(fn, arg, pipe_ends[1]);
	close(pipe_ends[1]);
	struct child c = {0, 0, ""};
	read_all(pipe_ends[0], &c);
	close(pipe_ends[0]);
	must(waitpid(pid, &c.status, 0) == pid);
	must(strstr(c.text, MUST_MARK) == NULL, "in the child: %s", c.text);
	return c;
}

bool child_exited(const struct child *c, int code)
{
	return WIFEXITED(c->status) && WEXITSTATUS(c->status) == code;
}

bool child_killed(const struct child *c, int signal)
{
	return WIFSIGNALED(c->status) && WTERMSIG(c->status) == signal;
}

bool child_refused(const struct child *c)
{
	return child_killed(c, SIGABRT) && (strncmp(c->text, "coir: ", 6) == 0 || strstr(c->text, "\ncoir: ") != NULL);
}
