/* SPDX-License-Identifier: MIT
 *
 * machine.c - see machine.h. coir's own reader finds the quota, so that efficiency is told against the same number of
 * processors for which coir would start workers.
 */
#include "machine.h"

#include "topo/cgroup.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

int machine_processors(int leave_out)
{
	cpu_set_t allowed;
	coiri_quota quota;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) || CPU_COUNT(&allowed) <= leave_out)
		return 0;
	int n = CPU_COUNT(&allowed) - leave_out;
	coiri_cgroup_quota("", &quota);
	if (quota.period && coiri_quota_cores(&quota) < (unsigned)n)
		n = (int)coiri_quota_cores(&quota);
	return n;
}

/* The first "model name" of /proc/cpuinfo, or what the kernel calls the architecture: not all have a name there. */
static void processor_name(char *text, size_t size, const char *architecture)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(text, size, "%s", architecture);
	while (f && fgets(line, sizeof(line), f)) {
		char *name = strchr(line, ':');
		if (!name || strncmp(line, "model name", strlen("model name")))
			continue;
		name += strspn(name, ": \t");
		name[strcspn(name, "\n")] = 0;
		snprintf(text, size, "%s", name);
		break;
	}
	if (f)
		fclose(f);
}

const char *machine_name(char *text, size_t size)
{
	struct utsname system;
	char processor[128];

	uname(&system);
	processor_name(processor, sizeof(processor), system.machine);
	snprintf(text, size, "%s, %s %s", processor, system.sysname, system.release);
	return text;
}
