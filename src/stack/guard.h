/* SPDX-License-Identifier: MIT
 *
 * stack/guard.h - the ladder of stack guards.
 *
 *   install   MADV_GUARD_INSTALL (Linux 6.13): a marker in the page table, no mapping
 *   mprotect  a PROT_NONE page: two mappings for each stack, so it ends near vm.max_map_count / 2 stacks. The maps are
 *             budgeted: some are left for the rest of the process, which could otherwise not even load a library
 *   canary    a word at the low end, if the user allows it
 *   refusal   no stack
 *
 * The top rung is found by trying it out: a guard is installed and confirmed with a write() from that page, which must
 * fail with EFAULT, because user-mode emulators answer 0 to advice they do not know. A later install that fails falls
 * to the next rung by itself, for that stack.
 */
#ifndef COIRI_GUARD_H
#define COIRI_GUARD_H

#include "stack/stack.h"

typedef enum coiri_rung {
	COIRI_RUNG_INSTALL,
	COIRI_RUNG_MPROTECT,
	COIRI_RUNG_CANARY,
	COIRI_RUNG_NONE,
} coiri_rung;

/* Finds the rung to begin with. */
void coiri_guard_start(coir_guard wanted);

/* Guards what lies below low. Says which rung did it; COIRI_RUNG_NONE: refuse the stack. Any thread. */
coiri_rung coiri_guard_page(char *low);

/* Forgets the maps that were budgeted: they are unmapped. */
void coiri_guard_stop(void);

#define COIRI_CANARY UINT64_C(0x5e117a1ecafef00d)

#endif
