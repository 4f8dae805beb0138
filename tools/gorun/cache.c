/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KEPT_SECONDS (30 * 24 * 3600)

/* Ours, and nobody else may write to it. */
static bool is_private_folder(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022);
}

/* mkdir -p with mode 0700 for what is missing, as the XDG specification has it. */
static bool make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int failed = mkdir(path, 0700);
		*slash = '/';
		if (failed && errno != EEXIST)
			return false;
	}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The folder the environment names, or NULL. A relative XDG_CACHE_HOME is to be ignored. */
static char *named_folder(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	if (xdg && xdg[0] == '/')
		return text("%s/coir", xdg);
	if (home && home[0] == '/')
		return text("%s/.cache/coir", home);
	return NULL;
}

static int open_passing(struct cache *cache)
{
	const char *tmp = getenv("TMPDIR");
	cache->folder = text("%s/gorun-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
	cache->passing = true;
	if (mkdtemp(cache->folder))
		return 0;
	int failed = -errno;
	complain("cannot make a folder for compiled programs, %s: %s", cache->folder, strerror(-failed));
	free(cache->folder);
	cache->folder = NULL;
	return failed;
}

int cache_open(struct cache *cache)
{
	cache->passing = false;
	cache->folder = named_folder();
	if (cache->folder && make_folders(cache->folder) && is_private_folder(cache->folder) &&
	    access(cache->folder, W_OK | X_OK) == 0)
		return 0;
	free(cache->folder);
	return open_passing(cache);
}

char *cache_path(const struct cache *cache, hash128 hash, const char *ending)
{
	char name[HASH_NAME_SIZE];
	hash_name(hash, name);
	return text("%s/%s%s", cache->folder, name, ending);
}

bool cache_has(const char *path)
{
	struct stat st;
	if (lstat(path, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return false;
	utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW); /* used now */
	return true;
}

char *cache_work(const struct cache *cache)
{
	char *folder = text("%s/work-XXXXXX", cache->folder);
	if (mkdtemp(folder))
		return folder;
	complain("cannot make a folder to compile in, %s: %s", folder, strerror(errno));
	free(folder);
	return NULL;
}

/* Removes a file, or a work folder that a killed launcher left. */
static void remove_entry(const struct cache *cache, const char *name, mode_t mode)
{
	char *path = text("%s/%s", cache->folder, name);
	if (S_ISDIR(mode))
		cache_remove_work(path);
	else
		unlink(path);
	free(path);
}

static void remove_unused(const struct cache *cache)
{
	DIR *folder = opendir(cache->folder);
	struct dirent *entry;
	struct stat st;
	if (!folder)
		return;
	time_t oldest = time(NULL) - KEPT_SECONDS;
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (st.st_mtime < oldest)
			remove_entry(cache, entry->d_name, st.st_mode);
	}
	closedir(folder);
}

int cache_store(const struct cache *cache, const char *made, const char *path)
{
	if (rename(made, path))
		return -errno;
	remove_unused(cache);
	return 0;
}

void cache_remove_work(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	closedir(folder);
	rmdir(path);
}

void cache_forget(struct cache *cache)
{
	if (cache->folder && cache->passing)
		cache_remove_work(cache->folder);
	free(cache->folder);
	cache->folder = NULL;
}
