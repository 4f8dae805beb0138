/* SPDX-License-Identifier: MIT
 *
 * topo/cgroup.c - see cgroup.h.
 *
 * /proc/self/cgroup says where the process lies in a hierarchy: "0::/a/b" in version 2, "4:cpu,cpuacct:/a/b" in
 * version 1. /proc/self/mountinfo says where hierarchies are mounted, and which group of the hierarchy the mount shows
 * as its root ("/" as a rule, "/a" inside a container that was given only that). Both paths count from the root of our
 * control group namespace, and start with "/.." for what lies outside. So for each mount of the hierarchy whose root is
 * our group or above it, the rest of the path, under the mount point, is our directory, and every directory from there
 * up to the mount point is a group that limits us.
 *
 * A mount that does not show our group tells nothing about us and is passed over; of several mounts that do, the
 * tightest limit counts. A group that was removed under us is "/a/b (deleted)": its directory can't be read, those
 * above it can.
 */
#include "topo/cgroup.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_DEFAULT 100000 /* the kernel's, where a file tells none */

/* One version of control groups. */
typedef struct hierarchy {
	const char *filesystem;
	const char *controller; /* found in the mount's options and the group's line; empty: none there */
	bool (*read)(const char *directory, coiri_quota *out);
} hierarchy;

static bool read_line(const char *directory, const char *file, char *buf, int size)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/%s", directory, file) >= (int)sizeof path)
		return false;
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	const bool found = fgets(buf, size, f);
	fclose(f);
	return found;
}

/* "150000 100000", or "max 100000" */
static bool read_v2(const char *directory, coiri_quota *out)
{
	char line[128];
	out->period = PERIOD_DEFAULT;
	return read_line(directory, "cpu.max", line, sizeof line) &&
	       sscanf(line, "%" SCNu64 " %" SCNu64, &out->quota, &out->period) >= 1;
}

/* Two files; the quota is -1 where there is none. */
static bool read_v1(const char *directory, coiri_quota *out)
{
	char line[128];
	int64_t quota;
	if (!read_line(directory, "cpu.cfs_quota_us", line, sizeof line) || sscanf(line, "%" SCNd64, &quota) != 1)
		return false;
	out->quota = (uint64_t)quota;
	out->period = PERIOD_DEFAULT;
	if (read_line(directory, "cpu.cfs_period_us", line, sizeof line))
		sscanf(line, "%" SCNu64, &out->period);
	return quota > 0;
}

static const hierarchy hierarchies[] = {{"cgroup2", "", read_v2}, {"cgroup", "cpu", read_v1}};

unsigned coiri_quota_cores(const coiri_quota *q)
{
	const uint64_t cores = q->quota / q->period + (q->quota % q->period != 0);
	if (cores < 1)
		return 1;
	return cores > UINT_MAX ? UINT_MAX : (unsigned)cores;
}

static void tighten(coiri_quota *tightest, const coiri_quota *q)
{
	if (q->period == 0)
		return;
	const long double share = (long double)q->quota / (long double)q->period;
	if (tightest->period == 0 || share < (long double)tightest->quota / (long double)tightest->period)
		*tightest = *q;
}

/* From mount_point/group up to mount_point. Changes path. */
static void walk_up(const hierarchy *h, char *path, size_t mount_point_length, coiri_quota *tightest)
{
	for (;;) {
		coiri_quota q;
		if (h->read(path, &q))
			tighten(tightest, &q);
		char *slash = strrchr(path + mount_point_length, '/');
		if (!slash)
			return;
		*slash = '\0';
	}
}

/* Whether a comma-separated list has an item. */
static bool list_has(const char *list, const char *item)
{
	const size_t length = strlen(item);
	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, item, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

/* Turns mountinfo's \040 and so on back, in place. */
static void unescape(char *text)
{
	char *to = text;
	for (const char *from = text; *from; to++) {
		if (*from == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* What is left of our group's path below a mount's root: "" or "/b"; NULL if the mount does not show our group. */
static const char *below(const char *group, const char *mount_root)
{
	const size_t length = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
	if (strncmp(group, mount_root, length) != 0)
		return NULL;
	const char *rest = group + length;
	if (*rest != '/' && *rest != '\0')
		return NULL;
	if (strcmp(rest, "/..") == 0 || strncmp(rest, "/../", 4) == 0)
		return NULL;
	return strcmp(rest, "/") == 0 ? "" : rest;
}

/* A line of mountinfo: "31 23 0:28 /root /mount/point rw shared:1 - cgroup2 source rw,nsdelegate". */
static void look_at_mount(const char *root, char *line, const hierarchy *h, const char *group, coiri_quota *tightest)
{
	char *field[5] = {NULL}, *save = NULL, path[PATH_MAX];
	char *tail = strstr(line, " - ");
	if (!tail)
		return;
	*tail = '\0';
	for (int i = 0; i < 5; i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return;
	}
	const char *filesystem = strtok_r(tail + 3, " ", &save);
	const char *source = strtok_r(NULL, " ", &save), *options = strtok_r(NULL, " \n", &save);
	if (!source || !options || strcmp(filesystem, h->filesystem) != 0)
		return;
	if (*h->controller && !list_has(options, h->controller))
		return;
	unescape(field[3]);
	unescape(field[4]);
	const char *rest = below(group, field[3]);
	const int above = snprintf(path, sizeof path, "%s%s", root, field[4]);
	if (!rest || (size_t)above + strlen(rest) >= sizeof path)
		return;
	strcpy(path + above, rest);
	walk_up(h, path, (size_t)above, tightest);
}

static FILE *open_proc(const char *root, const char *file)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/proc/self/%s", root, file) >= (int)sizeof path)
		return NULL;
	return fopen(path, "re");
}

/* The path of our group in a hierarchy: the line "number:controllers:path" with its controller. */
static bool find_group(const char *root, const hierarchy *h, char *group, size_t size)
{
	bool found = false;
	char *line = NULL;
	size_t capacity = 0;
	FILE *f = open_proc(root, "cgroup");
	if (!f)
		return false;
	while (!found && getline(&line, &capacity, f) > 0) {
		char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		if (*h->controller ? list_has(controllers + 1, h->controller) : controllers[1] == '\0')
			found = (size_t)snprintf(group, size, "%s", path) < size;
	}
	free(line);
	fclose(f);
	return found;
}

static void look_at_hierarchy(const char *root, const hierarchy *h, coiri_quota *tightest)
{
	char group[PATH_MAX], *line = NULL;
	size_t capacity = 0;
	if (!find_group(root, h, group, sizeof group))
		return;
	FILE *f = open_proc(root, "mountinfo");
	if (!f)
		return;
	while (getline(&line, &capacity, f) > 0)
		look_at_mount(root, line, h, group, tightest);
	free(line);
	fclose(f);
}

void coiri_cgroup_quota(const char *root, coiri_quota *out)
{
	*out = (coiri_quota){0, 0};
	for (size_t i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++)
		look_at_hierarchy(root, &hierarchies[i], out);
}
