/* SPDX-License-Identifier: MIT
 *
 * scope/defer.c - handlers that run at a fiber's end, the newest first, inside a shield.
 */
#include "scope/scope.h"

#include <stdlib.h>

/* What coiri_cold.defers lists. */
typedef struct handler {
	struct handler *older;
	void (*fn)(void *arg);
	void *arg;
} handler;

int coir_defer(void (*fn)(void *arg), void *arg)
{
	coiri_worker *w = coiri_here();
	if (!w || coiri_is_task(w->current)) /* a task has no end of its own */
		return -EPERM;
	if (!fn)
		return -EINVAL;
	handler *h = malloc(sizeof *h);
	if (!h)
		return -ENOMEM;
	*h = (handler){w->current->cold->defers, fn, arg};
	w->current->cold->defers = h;
	return 0;
}

static handler take_newest(coiri_cold *cold)
{
	handler *h = cold->defers, copy = *h;
	cold->defers = h->older;
	free(h);
	return copy;
}

static void run(coiri_cold *cold, handler h)
{
	cold->shields++;
	h.fn(h.arg);
	cold->shields--;
}

int coir_defer_pop(bool run_it)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	coiri_cold *cold = w->current->cold;
	if (!cold->defers)
		return -EINVAL;
	handler h = take_newest(cold);
	if (run_it)
		run(cold, h);
	return 0;
}

void coiri_defers_run(coiri_cold *cold)
{
	while (cold->defers)
		run(cold, take_newest(cold));
}

void coiri_defers_drop(coiri_cold *cold)
{
	while (cold->defers)
		take_newest(cold);
}
