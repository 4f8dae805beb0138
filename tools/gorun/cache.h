/* SPDX-License-Identifier: MIT
 *
 * gorun/cache.h - the folder of compiled programs.
 *
 * It is $XDG_CACHE_HOME/coir, or ~/.cache/coir, mode 0700. What lies in it is run, so it is used only if it
 * belongs to the caller and nobody else may write to it; otherwise, or if it cannot be made, a fresh private folder
 * in $TMPDIR stands in, which forget() removes.
 *
 * Files are made in a folder of their own (cache_work) and renamed into place: whoever sees a name sees a complete
 * file, and of two launchers that compile the same program at once the later one replaces a file by its equal. What
 * was not used for 30 days is removed when something new is stored.
 */
#ifndef GORUN_CACHE_H
#define GORUN_CACHE_H

#include "hash.h"

#include <stdbool.h>

struct cache {
	char *folder;
	bool passing; /* a private folder for this run alone */
};

/* Returns 0, or -errno after one line on stderr. */
int cache_open(struct cache *cache);

/* The path of the file that a hash and an ending name. The caller frees it. */
char *cache_path(const struct cache *cache, hash128 hash, const char *ending);

/* Is the file there, for us to trust? Marks it as used. */
bool cache_has(const char *path);

/* A new folder inside the cache to work in. NULL after one line on stderr. The caller frees the name. */
char *cache_work(const struct cache *cache);

/* Renames a finished file into place. Returns 0 or -errno. */
int cache_store(const struct cache *cache, const char *made, const char *path);

/* Removes a work folder and the files in it. */
void cache_remove_work(const char *folder);

/* Removes the folder if it is a passing one, and frees what the cache holds. */
void cache_forget(struct cache *cache);

#endif
