/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "util.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 256, PIN, STACK, STATS, INFO, LIST, REBUILD, VERSION };

static const struct option table[] = {
	{"workers", required_argument, NULL, WORKERS},
	{"pin", required_argument, NULL, PIN},
	{"stack", required_argument, NULL, STACK},
	{"stats", no_argument, NULL, STATS},
	{"info", no_argument, NULL, INFO},
	{"list", no_argument, NULL, LIST},
	{"rebuild", no_argument, NULL, REBUILD},
	{"version", no_argument, NULL, VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int set_workers(struct options *options, const char *word)
{
	uint64_t count;
	if (!read_number(word, 1, COIR_WORKERS_MAX, &count)) {
		complain_usage("--workers takes a number from 1 to %d, not '%s'", COIR_WORKERS_MAX, word);
		return -EINVAL;
	}
	options->config.workers = (unsigned)count;
	return 0;
}

/* "0,2,4-7": numbers and rising ranges. Whether there are such processors is the library's to say. */
static bool is_processor_list(const char *word)
{
	for (;; word++) {
		char *end;
		if (*word < '0' || *word > '9')
			return false;
		unsigned long first = strtoul(word, &end, 10);
		word = end;
		if (*word == '-') {
			word++;
			if (*word < '0' || *word > '9' || strtoul(word, &end, 10) < first)
				return false;
			word = end;
		}
		if (*word != ',')
			return !*word;
	}
}

static int set_pin(struct options *options, const char *word)
{
	options->pin = word;
	if (strcmp(word, "none") == 0) {
		options->config.pin = COIR_PIN_NONE;
	} else if (strcmp(word, "compact") == 0) {
		options->config.pin = COIR_PIN_COMPACT;
	} else if (strcmp(word, "scatter") == 0) {
		options->config.pin = COIR_PIN_SCATTER;
	} else if (is_processor_list(word)) {
		options->config.pin = COIR_PIN_LIST;
		options->config.pin_list = word;
	} else {
		complain_usage("--pin takes none, compact, scatter or a list of processors such as 0,2,4-7, not '%s'",
			       word);
		return -EINVAL;
	}
	return 0;
}

static int set_stack(struct options *options, const char *word)
{
	uint64_t size;
	if (!read_size(word, COIR_STACK_MIN, COIR_STACK_MAX, &size)) {
		complain_usage(
			"--stack takes a size from %zuk to %zuG (a number of bytes, or with k, M or G), not '%s'",
			COIR_STACK_MIN >> 10, COIR_STACK_MAX >> 30, word);
		return -EINVAL;
	}
	options->config.stack_size = size;
	return 0;
}

/* The option getopt stumbled over, as the user wrote it but without a value. */
static int bad_option(char *const *argv, bool lacks_value)
{
	if (optopt > 0 && optopt < 256) {
		complain_usage("there is no option '-%c'", optopt);
		return -EINVAL;
	}
	const char *word = argv[optind - 1];
	int length = (int)strcspn(word, "=");
	if (lacks_value)
		complain_usage("%.*s needs a value behind it", length, word);
	else if (optopt)
		complain_usage("%.*s takes no value", length, word);
	else
		complain_usage("there is no option '%.*s', or it is cut too short", length, word);
	return -EINVAL;
}

static int take(struct options *options, int option, char *const *argv)
{
	switch (option) {
	case WORKERS:
		return set_workers(options, optarg);
	case PIN:
		return set_pin(options, optarg);
	case STACK:
		return set_stack(options, optarg);
	case STATS:
		options->stats = true;
		return 0;
	case INFO:
		options->info = true;
		return 0;
	case LIST:
		options->list = true;
		return 0;
	case REBUILD:
		options->rebuild = true;
		return 0;
	case VERSION:
		options->version = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	default:
		return bad_option(argv, option == ':');
	}
}

int options_read(struct options *options, int argc, char **argv)
{
	*options = (struct options){.config = COIR_CONFIG_INIT};
	opterr = 0;
	for (;;) {
		/* '+': the first word that is no option is the program; ':': a missing value is told apart */
		int option = getopt_long(argc, argv, "+:h", table, NULL);
		if (option == -1)
			break;
		int failed = take(options, option, argv);
		if (failed)
			return failed;
	}
	options->program = optind;
	return 0;
}

static void set_number(const char *name, size_t value)
{
	char digits[32];
	if (!value)
		return;
	snprintf(digits, sizeof digits, "%zu", value);
	setenv(name, digits, 1);
}

void options_to_environment(const struct options *options)
{
	set_number("COIR_WORKERS", options->config.workers);
	set_number("COIR_STACK", options->config.stack_size);
	if (options->pin)
		setenv("COIR_PIN", options->pin, 1);
}
