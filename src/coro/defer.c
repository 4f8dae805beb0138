/* SPDX-License-Identifier: MIT
 *
 * coro/defer.c - handlers that run at a coroutine's end.
 *
 * The library keeps them, the first few in the coroutine itself: they run after the body's frames are gone.
 */
#include "coro/coro.h"

#include <errno.h>
#include <stdlib.h>

static coiri_defer *make(coiri_coro *c)
{
	for (int i = 0; i < COIRI_DEFERS; i++)
		if (!c->defer[i].fn)
			return &c->defer[i];
	return malloc(sizeof(coiri_defer));
}

/* Takes one out of the list. */
static void unmake(coiri_coro *c, coiri_defer **link)
{
	coiri_defer *d = *link;
	*link = d->older;
	d->fn = NULL;
	if (d < c->defer || d >= c->defer + COIRI_DEFERS)
		free(d);
}

void coiri_coro_run_defers(coiri_coro *c)
{
	while (c->newest) {
		void (*fn)(void *) = c->newest->fn;
		void *arg = c->newest->arg;
		unmake(c, &c->newest);
		fn(arg);
	}
}

int coir_coro_defer(coir_coro *self, void (*fn)(void *arg), void *arg)
{
	if (!self || !fn)
		return -EINVAL;
	coiri_coro *c = coiri_coro_of(self);
	if (c->life == COIRI_OVER)
		return -ESRCH;
	coiri_defer *d = make(c);
	if (!d)
		return -ENOMEM;
	*d = (coiri_defer){c->newest, fn, arg};
	c->newest = d;
	return 0;
}

int coir_coro_undefer(coir_coro *self, void (*fn)(void *arg), void *arg)
{
	if (!self || !fn)
		return -EINVAL;
	coiri_coro *c = coiri_coro_of(self);
	for (coiri_defer **link = &c->newest; *link; link = &(*link)->older)
		if ((*link)->fn == fn && (*link)->arg == arg) {
			unmake(c, link);
			return 0;
		}
	return -ENOENT;
}
