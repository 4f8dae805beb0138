/* SPDX-License-Identifier: MIT
 *
 * sched/end.c - what is left to do when a fiber's function has returned.
 */
#include "sched/local.h"
#include "sched/sched.h"

void (*coiri_run_defers)(coiri_cold *cold);
void (*coiri_drop_defers)(coiri_cold *cold);
void (*coiri_leave_scope)(coiri_cold *cold, intptr_t result);

void coiri_end_work(coiri_cold *cold, intptr_t result)
{
	if (cold->defers)
		coiri_run_defers(cold);
	if (at_load_relaxed(&cold->locals))
		coiri_locals_end(cold);
	if (cold->defers) /* of a destructor */
		coiri_run_defers(cold);
	coiri_worker *w = coiri_here();
	if (w && unlikely(coiri_has_open_tasks(w, cold))) /* those of a handler or destructor */
		coiri_tasks_unjoined();
	if (cold->scope && w) {                    /* not in a forked child */
		coiri_note_high_water(w->current); /* who waits for the scope may look at it */
		coiri_leave_scope(cold, result);
	}
	cold->scope = NULL;
}
