/* SPDX-License-Identifier: MIT
 *
 * sched/end.c - what is left to do when a fiber's function has returned.
 */
#include "sched/local.h"

void (*coiri_run_defers)(coiri_cold *cold);
void (*coiri_leave_scope)(coiri_cold *cold, intptr_t *result);

void coiri_end_work(coiri_cold *cold, intptr_t *result)
{
	if (cold->defers)
		coiri_run_defers(cold);
	if (cold->locals)
		coiri_locals_end(&cold->locals);
	if (cold->defers) /* of a destructor */
		coiri_run_defers(cold);
	if (cold->scope)
		coiri_leave_scope(cold, result);
	cold->defers = cold->scope = NULL;
}
