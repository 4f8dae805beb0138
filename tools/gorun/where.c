/* SPDX-License-Identifier: MIT
 *
 * The build gives these (tools/meson.build): GORUN_BUILD_FOLDER (where gorun is built), GORUN_BUILD_LIBRARY,
 * GORUN_SOURCE_INCLUDE as absolute paths; GORUN_BINDIR, GORUN_LIBDIR, GORUN_INCLUDEDIR as Meson's options,
 * mostly relative to PREFIX.
 */
#include "where.h"

#include "util.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder this executable lies in. */
static int own_folder(char folder[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	if (length < 0)
		return -errno;
	folder[length] = '\0';
	char *slash = strrchr(folder, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

/* Symbolic links on the way to the build tree do not matter: /proc/self/exe has none. */
static bool is_build_folder(const char *folder)
{
	char *build = realpath(GORUN_BUILD_FOLDER, NULL);
	bool same = build && strcmp(build, folder) == 0;
	free(build);
	return same;
}

/* Takes "/bin" off the end of "/usr/bin". A launcher that was moved elsewhere is given its parent folder. */
static void cut_bindir(char *folder)
{
	size_t length = strlen(folder), tail = strlen(GORUN_BINDIR);
	if (length > tail && strcmp(folder + length - tail, GORUN_BINDIR) == 0 && folder[length - tail - 1] == '/') {
		folder[length - tail - 1] = '\0';
		return;
	}
	char *slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
}

static char *under(const char *prefix, const char *folder)
{
	return folder[0] == '/' ? text("%s", folder) : text("%s/%s", prefix, folder);
}

int where_find(struct where *where)
{
	char folder[PATH_MAX];
	int failed = own_folder(folder);
	if (failed) {
		complain("cannot find its own place by /proc/self/exe: %s", strerror(-failed));
		return failed;
	}
	if (is_build_folder(folder)) {
		where->include = text("%s", GORUN_SOURCE_INCLUDE);
		where->library = text("%s", GORUN_BUILD_LIBRARY);
	} else {
		cut_bindir(folder);
		where->include = under(folder, GORUN_INCLUDEDIR);
		where->library = under(folder, GORUN_LIBDIR);
	}
	char *header = text("%s/coir/coir.h", where->include);
	bool there = access(header, R_OK) == 0;
	free(header);
	if (!there) {
		complain("coir's headers are not in %s, where they belong to this gorun", where->include);
		where_free(where);
		return -ENOENT;
	}
	return 0;
}

void where_free(struct where *where)
{
	free(where->include);
	free(where->library);
	*where = (struct where){0};
}
