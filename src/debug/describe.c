/* SPDX-License-Identifier: MIT */
#include "base/fault.h"
#include "debug/debug.h"

#include <dlfcn.h>
#include <stdio.h>

static void describe_entry(const void *entry, char *text, size_t size)
{
	Dl_info info;
	bool known = dladdr(entry, &info) != 0;
	if (known && info.dli_sname)
		snprintf(text, size, "%s", info.dli_sname);
	else if (known && info.dli_fname) /* as addr2line takes it */
		snprintf(text, size, "%s+0x%tx", info.dli_fname, (const char *)entry - (const char *)info.dli_fbase);
	else
		snprintf(text, size, "%p", entry);
}

void coiri_describe_current(char *text, size_t size)
{
	coiri_worker *w = coiri_here();
	coiri_fiber *f = w ? w->current : NULL;
	char entry[128];
	if (!f) {
		snprintf(text, size, "%s", w ? "a worker's own loop" : "a thread of the program");
		return;
	}
	bool task = coiri_is_task(f); /* it acts as another, whom the program knows */
	f = coiri_identity(f);
	describe_entry((const void *)f->fn, entry, sizeof entry);
	snprintf(text, size, "%sfiber %llu '%s', entry %s", task ? "a task of " : "",
		 (unsigned long long)coiri_handle(f).seq, f->extra ? f->extra->name : "", entry);
}

void coiri_report_uncaught(void)
{
	char who[256];
	coiri_describe_current(who, sizeof who);
	coiri_complain("an exception found no handler in %s", who);
}
