/* SPDX-License-Identifier: MIT
 *
 * coir/select.h - waiting for the first of several channel operations that can be done.
 *
 *     int job;
 *     coir_case cases[] = {
 *             coir_case_recv(jobs, &job),
 *             coir_case_recv(quit, NULL),
 *             coir_case_timeout(coir_after(COIR_SECOND)),
 *     };
 *     switch (coir_select(cases, 3, COIR_NEVER)) ...
 *
 * After Go's select statement. Of the operations that can be done one is chosen by chance, each as likely as the
 * others, and it alone is done. One channel may stand in several cases, also to send and to receive: a select never
 * serves itself.
 */
#ifndef COIR_SELECT_H
#define COIR_SELECT_H

#include <coir/chan.h>

COIR_BEGIN_DECLS

typedef enum coir_case_kind {
	COIR_CASE_NONE = 0, /* never taken */
	COIR_CASE_SEND,
	COIR_CASE_RECV,
	COIR_CASE_TIMEOUT, /* taken when its deadline has come and no operation can be done */
	COIR_CASE_DEFAULT, /* taken at once when no operation can be done */
} coir_case_kind;

/* One case: make it by the functions below. The element stays the caller's and must stay until the call returns. */
typedef struct coir_case {
	coir_case_kind kind;
	int err;         /* of the case that was taken: 0, or -EPIPE (as of coir_chan_send and coir_chan_recv) */
	coir_chan *chan; /* NULL: the case is disabled */
	void *elem;
	coir_time deadline;
} coir_case;

static inline coir_case coir_case_send(coir_chan *ch, const void *elem)
{
	coir_case c = {COIR_CASE_SEND, 0, ch, (void *)(uintptr_t)elem, 0};
	return c;
}

static inline coir_case coir_case_recv(coir_chan *ch, void *elem)
{
	coir_case c = {COIR_CASE_RECV, 0, ch, elem, 0};
	return c;
}

static inline coir_case coir_case_timeout(coir_time deadline)
{
	coir_case c = {COIR_CASE_TIMEOUT, 0, NULL, NULL, deadline};
	return c;
}

static inline coir_case coir_case_default(void)
{
	coir_case c = {COIR_CASE_DEFAULT, 0, NULL, NULL, 0};
	return c;
}

/* Does one of the n cases: waits until one can be done, until the first of the deadlines (the call's own, those of
 * timeout cases), or not at all if there is a default case. Returns the index of the case taken, with its result in
 * cases[index].err; the other cases are left alone. A closed channel's case can be done, with -EPIPE. Success beats a
 * deadline; of deadlines the earlier wins, the call's own among equal ones last. Parks in a fiber, blocks in a plain
 * thread. Cancellation point.
 * Errors: -ETIMEDOUT (the call's own deadline), -EINVAL (cases NULL, or more than INT_MAX; an unknown kind; an enabled
 * case whose elem is NULL though elements have a size; no enabled case and no deadline), -ENOMEM (only for more than
 * 16 cases), -ECANCELED, -EPERM (no runtime, or it has ended meanwhile). */
COIR_API int coir_select(coir_case *cases, size_t n, coir_time deadline);

/* The same without waiting: -EAGAIN if no case can be done now, and there is no default case. A timeout case whose
 * deadline has come can be. Not a cancellation point. */
COIR_API int coir_try_select(coir_case *cases, size_t n);

COIR_END_DECLS

/* Cases of typed channels. */
#define coir_on_send(c, pointer) coir_case_send((c).chan, COIR_TYPED_(c, pointer))
#define coir_on_recv(c, pointer) coir_case_recv((c).chan, COIR_TYPED_(c, pointer))

#endif
