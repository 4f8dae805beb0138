/* SPDX-License-Identifier: MIT
 *
 * unit/cgroup_test.c - the quota of control groups, read from a made-up /proc and /sys in a temporary directory. Needs
 * the library's internals.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "support/test.h"

#include "topo/cgroup.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define V2_MOUNT "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MOUNT "33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"

static char root[64];

static void make_root(void)
{
	strcpy(root, "/tmp/coir-cgroup-XXXXXX");
	must(mkdtemp(root) != NULL);
}

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	(void)s, (void)type, (void)ftw;
	return remove(path);
}

static void remove_root(void)
{
	nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file below the root and makes the directories above it. */
static void put(const char *name, const char *text)
{
	char path[PATH_MAX];
	must(snprintf(path, sizeof path, "%s/%s", root, name) < (int)sizeof path);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	FILE *f = fopen(path, "w");
	must(f != NULL, "%s", path);
	fputs(text, f);
	fclose(f);
}

static void process(const char *cgroup, const char *mountinfo)
{
	put("proc/self/cgroup", cgroup);
	put("proc/self/mountinfo", mountinfo);
}

static void expect(uint64_t quota, uint64_t period)
{
	coiri_quota q;
	coiri_cgroup_quota(root, &q);
	cr_assert_eq(q.period, period, "period %ju, not %ju", (uintmax_t)q.period, (uintmax_t)period);
	if (period)
		cr_assert_eq(q.quota, quota, "quota %ju, not %ju", (uintmax_t)q.quota, (uintmax_t)quota);
}

static void expect_none(void)
{
	expect(0, 0);
}

#define CgroupTest(name) Test(cgroup, name, .init = make_root, .fini = remove_root)

Test(cgroup, cores_round_up)
{
	cr_assert_eq(coiri_quota_cores(&(coiri_quota){1, 100000}), 1);
	cr_assert_eq(coiri_quota_cores(&(coiri_quota){0, 100000}), 1);
	cr_assert_eq(coiri_quota_cores(&(coiri_quota){100000, 100000}), 1);
	cr_assert_eq(coiri_quota_cores(&(coiri_quota){100001, 100000}), 2);
	cr_assert_eq(coiri_quota_cores(&(coiri_quota){350000, 100000}), 4);
	cr_assert_eq(coiri_quota_cores(&(coiri_quota){UINT64_MAX, 1}), UINT_MAX);
}

CgroupTest(no_proc)
{
	expect_none();
}

CgroupTest(v2_own_group)
{
	process("0::/a/b\n", V2_MOUNT);
	put("sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
	expect(150000, 100000);
}

CgroupTest(v2_tightest_ancestor)
{
	process("0::/a/b/c\n", V2_MOUNT);
	put("sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
	put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	put("sys/fs/cgroup/a/cpu.max", "100000 50000\n");
	expect(100000, 50000);
}

CgroupTest(v2_root_of_the_mount_limits_too)
{
	process("0::/a\n", V2_MOUNT);
	put("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
	put("sys/fs/cgroup/cpu.max", "250000 100000\n");
	expect(250000, 100000);
}

CgroupTest(v2_in_the_root_group)
{
	process("0::/\n", V2_MOUNT);
	put("sys/fs/cgroup/cpu.max", "70000 100000\n");
	put("sys/fs/cgroup/other/cpu.max", "10000 100000\n");
	expect(70000, 100000);
}

CgroupTest(v2_max_is_none)
{
	process("0::/a\n", V2_MOUNT);
	put("sys/fs/cgroup/a/cpu.max", "max 100000\n");
	expect_none();
}

CgroupTest(v2_broken_files_set_no_limit)
{
	process("0::/a/b/c/d\n", V2_MOUNT);
	put("sys/fs/cgroup/a/b/c/d/cpu.max", "");
	put("sys/fs/cgroup/a/b/c/cpu.max", "junk\n");
	put("sys/fs/cgroup/a/b/cpu.max", "100000 0\n");
	expect_none();
	put("sys/fs/cgroup/a/cpu.max", "200000\n");
	expect(200000, 100000);
}

CgroupTest(v2_missing_group_directory)
{
	process("0::/a/gone (deleted)\n", V2_MOUNT);
	put("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
	expect(200000, 100000);
}

CgroupTest(v2_without_mount)
{
	process("0::/a\n", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\nshort line\n\n");
	put("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
	put("a/cpu.max", "200000 100000\n"); /* no control group, but a file of some disk */
	expect_none();
}

/* A container that was given only its own group, without a namespace of its own. */
CgroupTest(v2_mount_of_a_subtree)
{
	process("0::/docker/x/y\n", "30 23 0:26 /docker/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
	put("sys/fs/cgroup/y/cpu.max", "300000 100000\n");
	put("sys/fs/cgroup/cpu.max", "200000 100000\n");
	expect(200000, 100000);
}

CgroupTest(v2_mount_of_a_stranger)
{
	process("0::/docker/xy\n", "30 23 0:26 /docker/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
	put("sys/fs/cgroup/cpu.max", "200000 100000\n");
	put("sys/fs/cgroupy/cpu.max", "100000 100000\n");
	expect_none();
}

/* Our group lies outside of our namespace, as after setns(2); the mount shows a sibling of it. */
CgroupTest(v2_outside_of_the_namespace)
{
	process("0::/../x\n", V2_MOUNT);
	put("sys/fs/cgroup/cpu.max", "100000 100000\n");
	put("sys/fs/x/cpu.max", "200000 100000\n");
	expect_none();
}

CgroupTest(v2_mount_from_outside_the_namespace)
{
	process("0::/../x\n", "30 23 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
	put("sys/fs/cgroup/x/cpu.max", "200000 100000\n");
	expect(200000, 100000);
}

CgroupTest(v2_two_mounts)
{
	process("0::/a/b\n", "30 23 0:26 /a /inner rw - cgroup2 cgroup rw\n" V2_MOUNT);
	put("inner/b/cpu.max", "300000 100000\n");
	put("sys/fs/cgroup/a/b/cpu.max", "300000 100000\n");
	put("sys/fs/cgroup/cpu.max", "200000 100000\n");
	expect(200000, 100000);
}

CgroupTest(mount_point_with_escapes)
{
	process("0::/a\n", "30 23 0:26 / /my\\040own\\134dir rw - cgroup2 cgroup rw\n");
	put("my own\\dir/a/cpu.max", "200000 100000\n");
	expect(200000, 100000);
}

CgroupTest(long_lines)
{
	static char mountinfo[20000] = "22 1 0:9 / / rw - overlay overlay rw,lowerdir=";
	memset(mountinfo + strlen(mountinfo), 'x', 15000);
	strcat(mountinfo, "\n" V2_MOUNT);
	process("0::/a\n", mountinfo);
	put("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
	expect(200000, 100000);
}

CgroupTest(path_too_long)
{
	static char cgroup[3 * PATH_MAX] = "0::/";
	memset(cgroup + 4, 'x', 2 * PATH_MAX);
	process(cgroup, V2_MOUNT);
	put("sys/fs/cgroup/cpu.max", "200000 100000\n");
	expect_none();
	cgroup[PATH_MAX - 16] = '\0'; /* the group's path alone still fits */
	process(cgroup, V2_MOUNT);
	expect_none();
}

CgroupTest(v1_quota)
{
	process("5:cpuset:/z\n4:cpu,cpuacct:/a/b\n1:name=systemd:/x\n", V1_MOUNT);
	put("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n");
	put("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n");
	put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "120000\n");
	put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "50000\n");
	expect(120000, 50000);
}

CgroupTest(v1_minus_one_is_none)
{
	process("4:cpu,cpuacct:/a\n", V1_MOUNT);
	put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
	put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
	expect_none();
}

CgroupTest(v1_controller_is_a_whole_word)
{
	process("5:cpuset:/a\n4:cpuacct:/a\n", "33 25 0:29 / /cg rw - cgroup cgroup rw,cpuset\n");
	put("cg/a/cpu.cfs_quota_us", "120000\n");
	expect_none();
	process("4:cpuacct,cpu:/a\n", "33 25 0:29 / /cg rw - cgroup cgroup rw,cpuacct,cpu\n");
	expect(120000, 100000);
}

CgroupTest(hybrid)
{
	process("4:cpu,cpuacct:/a\n0::/b\n", V1_MOUNT "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
	put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "300000\n");
	expect(300000, 100000);
	put("sys/fs/cgroup/unified/b/cpu.max", "200000 100000\n");
	expect(200000, 100000);
}
