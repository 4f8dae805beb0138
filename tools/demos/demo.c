/* SPDX-License-Identifier: MIT */
#include "demo.h"

#include "../gorun/util.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const struct demo *const demos[] = {&demo_skynet, &demo_wc, &demo_primes, &demo_ring, &demo_nqueens, NULL};

bool demo_number(int argc, char **argv, int index, const char *name, uint64_t least, uint64_t most, uint64_t *value)
{
	if (index >= argc || read_number(argv[index], least, most, value))
		return true;
	complain_usage("%s: %s is a number from %" PRIu64 " to %" PRIu64 ", not '%s'", argv[0], name, least, most,
		       argv[index]);
	return false;
}

bool demo_count(int argc, char **argv, int most)
{
	if (argc - 1 <= most)
		return true;
	complain_usage("%s: '%s' is one argument too many", argv[0], argv[most + 1]);
	return false;
}

int demo_refused(char **argv, const char *name, const char *what, const char *word)
{
	complain_usage("%s: %s is %s, not '%s'", argv[0], name, what, word);
	return EXIT_BAD_USAGE;
}

int demo_failed(const char *name, const char *what, int error)
{
	complain("%s: %s: %s", name, what, strerror(error < 0 ? -error : error));
	return EXIT_OWN_FAILURE;
}

int64_t demo_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
