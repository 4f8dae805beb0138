/* SPDX-License-Identifier: MIT */
#include "stack/guard.h"
#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13; older headers lack it */
#endif

/* Each mprotect guard splits its arena: one mapping for the guard, one for the stack above. */
#define MAPS_PER_GUARD 2

static coir_guard wanted_guard;
static coiri_rung first_rung = COIRI_RUNG_NONE;
static coiri_atomic(long) maps_left;
static coiri_atomic(bool) refusal_said;

static int install(char *guard, size_t bytes)
{
	int saved = errno;
	int r = madvise(guard, bytes, MADV_GUARD_INSTALL) ? -errno : 0;
	errno = saved;
	return r;
}

/* True if the kernel refuses to read from the page. */
static bool is_guarded(const char *page)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		return true; /* no descriptors left: believe the kernel */
	bool guarded = write(ends[1], page, 1) < 0 && errno == EFAULT;
	close(ends[0]);
	close(ends[1]);
	return guarded;
}

static bool install_works(void)
{
	int saved = errno;
	char *page = mmap(NULL, COIRI_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool works = false;
	if (page != MAP_FAILED) {
		works = install(page, COIRI_PAGE) == 0 && is_guarded(page);
		munmap(page, COIRI_PAGE);
	}
	errno = saved;
	return works;
}

static long read_number(const char *path, long fallback)
{
	long n = fallback;
	FILE *f = fopen(path, "re");
	if (f) {
		if (fscanf(f, "%ld", &n) != 1)
			n = fallback;
		fclose(f);
	}
	return n;
}

static long count_maps(void)
{
	long lines = 0;
	FILE *f = fopen("/proc/self/maps", "re");
	if (!f)
		return 1000;
	for (int c = getc(f); c != EOF; c = getc(f))
		lines += c == '\n';
	fclose(f);
	return lines;
}

static coiri_rung find_first_rung(coir_guard wanted)
{
	if (wanted == COIR_GUARD_MPROTECT)
		return COIRI_RUNG_MPROTECT;
	return install_works() ? COIRI_RUNG_INSTALL : COIRI_RUNG_MPROTECT;
}

void coiri_guard_start(coir_guard wanted)
{
	int saved = errno;
	wanted_guard = wanted;
	first_rung = find_first_rung(wanted);
	long max = read_number("/proc/sys/vm/max_map_count", 65530);
	/* An eighth, at most 4096, stays for the rest of the process. */
	long spare = max / 8 < 4096 ? max / 8 : 4096;
	at_store_relaxed(&maps_left, max - spare - count_maps());
	at_store_relaxed(&refusal_said, false);
	errno = saved;
}

void coiri_guard_stop(void)
{
	first_rung = COIRI_RUNG_NONE;
}

static bool guard_by_mprotect(char *guard)
{
	if (at_add_relaxed(&maps_left, -MAPS_PER_GUARD) >= MAPS_PER_GUARD) {
		int saved = errno;
		int r = mprotect(guard, COIRI_GUARD_BYTES, PROT_NONE);
		errno = saved;
		if (r == 0)
			return true;
	}
	at_add_relaxed(&maps_left, MAPS_PER_GUARD);
	return false;
}

coiri_rung coiri_guard_page(char *low)
{
	char *guard = low - COIRI_GUARD_BYTES;
	if (first_rung == COIRI_RUNG_INSTALL && install(guard, COIRI_GUARD_BYTES) == 0)
		return COIRI_RUNG_INSTALL;
	if (guard_by_mprotect(guard))
		return COIRI_RUNG_MPROTECT;
	if (wanted_guard == COIR_GUARD_CANARY)
		return COIRI_RUNG_CANARY;
	if (!at_load_relaxed(&refusal_said)) {
		at_store_relaxed(&refusal_said, true);
		coiri_complain(
			"no guard for another stack: the process has used its memory maps; raise vm.max_map_count, use "
			"Linux 6.13 or later, or allow unguarded stacks with COIR_GUARD=canary");
	}
	return COIRI_RUNG_NONE;
}

const char *coiri_guard_name(coir_guard wanted)
{
	coiri_rung rung = first_rung == COIRI_RUNG_NONE ? find_first_rung(wanted) : first_rung;
	return rung == COIRI_RUNG_INSTALL    ? "install"
	       : wanted == COIR_GUARD_CANARY ? "mprotect, then canary"
					     : "mprotect";
}
