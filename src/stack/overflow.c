/* SPDX-License-Identifier: MIT */
#include "stack/overflow.h"
#include "base/fault.h"
#include "stack/stack.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALT_STACK ((size_t)64 << 10) /* the unwinder and the symbol look-up run there */
#define FRAMES    24

static const int signals[] = {SIGSEGV, SIGBUS};
static struct sigaction before[2];
static bool covered[2]; /* somebody put a handler over ours, which may call it: it stays, and so does `before` */
static coiri_describe describe_current; /* NULL: no report is wanted */

static void print_backtrace(void)
{
	void *frames[FRAMES];
	int n = backtrace(frames, FRAMES);
	coiri_complain("innermost calls:");
	backtrace_symbols_fd(frames, n, STDERR_FILENO);
}

void coiri_overflow_die(size_t size, const char *how)
{
	static coiri_atomic(uint32_t) dying;
	char who[256] = "a thread of the program";
	if (at_xchg_acquire(&dying, 1))
		pause(); /* another thread is dying of the same and will take us with it */
	if (describe_current)
		describe_current(who, sizeof who);
	coiri_complain("stack overflow%s in %s: its stack has %zu bytes; give it more with coir_attr.stack_size (a "
		       "coroutine: coir_coro_attr.stack_size), all fibers with COIR_STACK (the main fiber: "
		       "COIR_MAIN_STACK), or one "
		       "deep call with coir_call_with_stack",
		       how, who, size);
	print_backtrace();
	abort();
}

/* Hands the signal to its earlier owner. */
static void pass_on(int number, siginfo_t *info, void *context, const struct sigaction *old)
{
	sigset_t mask;
	if (!(old->sa_flags & SA_SIGINFO) && (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN)) {
		/* The default action, and at the place of the fault: it happens again when we return. A signal that was
		 * sent does not, so it is sent again. (A synchronous fault can't be ignored: the kernel kills.) */
		if (old->sa_handler == SIG_IGN && info->si_code <= 0)
			return;
		signal(number, SIG_DFL);
		if (info->si_code <= 0)
			raise(number);
		return;
	}
	pthread_sigmask(SIG_BLOCK, &old->sa_mask, &mask);
	if (old->sa_flags & SA_SIGINFO)
		old->sa_sigaction(number, info, context);
	else
		old->sa_handler(number);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	size_t size = 0;
	if (info->si_code > 0 && coiri_stack_guard_hit(info->si_addr, &size))
		coiri_overflow_die(size, "");
	pass_on(number, info, context, &before[number == SIGBUS]);
	errno = saved;
}

static bool is_ours(const struct sigaction *action)
{
	return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == on_fault;
}

static bool is_nothing(const struct sigaction *action)
{
	return !(action->sa_flags & SA_SIGINFO) && (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN);
}

int coiri_overflow_start(coiri_describe describe)
{
	void *frame;
	backtrace(&frame, 1); /* loads the unwinder now, not in the handler */
	describe_current = describe;
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK}, now;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < 2; i++) {
		if (sigaction(signals[i], NULL, &now))
			return -errno;
		if (is_ours(&now) || (covered[i] && !is_nothing(&now)))
			continue; /* still there from an earlier runtime, or from before a fork */
		before[i] = now;
		if (sigaction(signals[i], &action, NULL))
			return -errno;
	}
	return 0;
}

void coiri_overflow_stop(void)
{
	for (size_t i = 0; i < 2; i++) {
		struct sigaction now;
		if (sigaction(signals[i], NULL, &now))
			continue;
		covered[i] = !is_ours(&now);
		if (!covered[i])
			sigaction(signals[i], &before[i], NULL);
	}
	describe_current = NULL;
}

int coiri_overflow_thread_begin(void **memory)
{
	stack_t now;
	*memory = NULL;
	if (!describe_current)
		return 0;
	if (sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE))
		return 0;
	void *p = mmap(NULL, ALT_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	stack_t alt = {.ss_sp = p, .ss_size = ALT_STACK};
	if (sigaltstack(&alt, NULL)) {
		munmap(p, ALT_STACK);
		return -ENOMEM;
	}
	*memory = p;
	return 0;
}

void coiri_overflow_thread_end(void *memory)
{
	if (!memory)
		return;
	stack_t off = {.ss_flags = SS_DISABLE};
	sigaltstack(&off, NULL);
	munmap(memory, ALT_STACK);
}
