/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Takes one name off a rule and puts it unescaped into `name`, which has room. Returns what follows it. A name
 * ends at a blank; "\ ", "\#" and "\\" before a blank are escapes, "$$" is a dollar, backslash newline a blank. */
static const char *take_name(const char *at, char *name)
{
	while (*at && !strchr(" \t\n", *at)) {
		if (at[0] == '\\' && at[1] == '\n')
			break;
		if (at[0] == '\\' && at[1] && strchr(" #\\", at[1]))
			at++;
		else if (at[0] == '$' && at[1] == '$')
			at++;
		*name++ = *at++;
	}
	*name = '\0';
	return at;
}

static const char *skip_blanks(const char *at)
{
	while (*at && (strchr(" \t\n", *at) || (at[0] == '\\' && at[1] == '\n')))
		at++;
	return at;
}

int sources_from_rule(const char *path, struct strings *files)
{
	char *rule;
	size_t size;
	int failed = read_file(path, &rule, &size);
	if (failed)
		return failed;
	const char *at = strchr(rule, ':');
	char *name = text("%s", rule); /* room for the longest name */
	while (at && *(at = skip_blanks(at + 1))) {
		at = take_name(at, name);
		strings_add(files, name);
		if (!*at)
			break;
	}
	free(name);
	free(rule);
	return files->count ? 0 : -EINVAL;
}

int sources_load(const char *path, struct strings *files)
{
	char *data;
	size_t size;
	int failed = read_file(path, &data, &size);
	if (failed)
		return failed;
	for (const char *at = data; at < data + size; at += strlen(at) + 1)
		strings_add(files, at);
	free(data);
	return files->count ? 0 : -EINVAL;
}

int sources_save(const char *path, const struct strings *files)
{
	FILE *out = fopen(path, "wxe");
	if (!out)
		return -errno;
	for (size_t i = 0; i < files->count; i++)
		fwrite(files->item[i], 1, strlen(files->item[i]) + 1, out);
	bool failed = ferror(out);
	return fclose(out) || failed ? -EIO : 0;
}

int sources_hash(const struct strings *files, hash128 *hash)
{
	for (size_t i = 0; i < files->count; i++) {
		char *data;
		size_t size;
		int failed = read_file(files->item[i], &data, &size);
		if (failed)
			return failed;
		*hash = hash_string(*hash, files->item[i]);
		*hash = hash_bytes(*hash, data, size);
		free(data);
	}
	return 0;
}

/* The change time: nobody can set it back. */
bool sources_unchanged(const struct strings *files, const struct timespec *since)
{
	struct stat st;
	for (size_t i = 0; i < files->count; i++) {
		if (stat(files->item[i], &st))
			return false;
		if (st.st_ctim.tv_sec > since->tv_sec ||
		    (st.st_ctim.tv_sec == since->tv_sec && st.st_ctim.tv_nsec > since->tv_nsec))
			return false;
	}
	return true;
}
