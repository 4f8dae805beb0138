/* SPDX-License-Identifier: MIT */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((format(printf, 1, 0), nonnull(1))) static void say(const char *format, va_list args, const char *tail)
{
	fflush(stdout); /* in the order of the words, also when both go to one file */
	flockfile(stderr);
	fputs("gorun: ", stderr);
	vfprintf(stderr, format, args);
	fputs(tail, stderr);
	funlockfile(stderr);
}

void complain(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args, "\n");
	va_end(args);
}

void complain_usage(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args, "; see gorun --help\n");
	va_end(args);
}

static void *or_end(void *memory)
{
	if (!memory) {
		complain("out of memory");
		exit(EXIT_OWN_FAILURE);
	}
	return memory;
}

char *text(const char *format, ...)
{
	char *made = NULL;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&made, format, args);
	va_end(args);
	return or_end(length < 0 ? NULL : made);
}

void strings_add(struct strings *list, const char *item)
{
	if (list->count + 2 > list->room) {
		list->room = list->room ? 2 * list->room : 32;
		list->item = or_end(reallocarray(list->item, list->room, sizeof *list->item));
	}
	list->item[list->count++] = or_end(strdup(item));
	list->item[list->count] = NULL;
}

void strings_free(struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct strings){0};
}

/* The digits at the start of a word; *end is what follows them. */
static bool read_digits(const char *word, uint64_t *out, const char **end)
{
	uint64_t value = 0;
	const char *at = word;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
			return false;
	}
	*out = value;
	*end = at;
	return at != word;
}

bool read_number(const char *word, uint64_t least, uint64_t most, uint64_t *out)
{
	uint64_t value;
	const char *end;
	if (!read_digits(word, &value, &end) || *end || value < least || value > most)
		return false;
	*out = value;
	return true;
}

bool read_size(const char *word, uint64_t least, uint64_t most, uint64_t *out)
{
	static const char units[] = "kKmMgG";
	uint64_t value;
	const char *end;
	if (!read_digits(word, &value, &end))
		return false;
	if (*end) {
		const char *unit = strchr(units, *end);
		if (!unit || end[1])
			return false;
		if (__builtin_mul_overflow(value, UINT64_C(1) << 10 * ((unit - units) / 2 + 1), &value))
			return false;
	}
	if (value < least || value > most)
		return false;
	*out = value;
	return true;
}

static int read_all(int file, char **data, size_t *size)
{
	size_t used = 0, room = 0;
	char *memory = NULL;
	for (;;) {
		if (room - used < 4096) {
			room = room ? 2 * room : 16384;
			memory = or_end(realloc(memory, room));
		}
		ssize_t got = read(file, memory + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int failed = -errno;
			free(memory);
			return failed;
		}
		if (got == 0)
			break;
		used += (size_t)got;
	}
	memory[used] = '\0';
	*data = memory;
	*size = used;
	return 0;
}

int read_file(const char *path, char **data, size_t *size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	int failed = read_all(file, data, size);
	close(file);
	return failed;
}
