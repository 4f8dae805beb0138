/* SPDX-License-Identifier: MIT
 *
 * base/link.h - a list whose members leave it without knowing whose it is. All zero is empty, or in no list.
 */
#ifndef COIRI_BASE_LINK_H
#define COIRI_BASE_LINK_H

#include "base/compiler.h"

typedef struct coiri_link {
	struct coiri_link *next, **at; /* at: what points here; NULL: in no list */
} coiri_link;

COIRI_INLINE void coiri_link_push(coiri_link **list, coiri_link *link)
{
	link->next = *list;
	link->at = list;
	if (link->next)
		link->next->at = &link->next;
	*list = link;
}

/* Takes it out, if it is in a list. */
COIRI_INLINE void coiri_link_remove(coiri_link *link)
{
	if (!link->at)
		return;
	*link->at = link->next;
	if (link->next)
		link->next->at = link->at;
	link->at = NULL;
}

#endif
