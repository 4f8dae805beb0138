/* SPDX-License-Identifier: MIT
 *
 * api/cond_test.c - conditions: who is woken, in which order, and that the mutex is held again however a wait ends.
 */
#include "support/run.h"
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>

struct room {
	coir_mutex m;
	coir_cond c;
	atomic_int stage;
	int order[8], came;
	int result;
};

static intptr_t wait_for_stage(void *arg)
{
	struct room *r = arg;
	must_ok(coir_mutex_lock(&r->m));
	r->came++;
	while (atomic_load(&r->stage) == 0)
		must_ok(coir_cond_wait(&r->c, &r->m));
	must_eq(coir_mutex_owner(&r->m), coir_id());
	r->result++;
	must_ok(coir_mutex_unlock(&r->m));
	return 1;
}

static void until_all_wait(struct room *r, int n)
{
	for (;;) {
		must_ok(coir_mutex_lock(&r->m));
		bool all = r->came == n;
		must_ok(coir_mutex_unlock(&r->m));
		if (all)
			return;
		must_ok(coir_yield());
	}
}

fiber_test(cond, broadcast_wakes_all)
{
	struct room r = {.m = COIR_MUTEX_INIT, .c = COIR_COND_INIT};
	coir_fiber f[20];
	for (int i = 0; i < 20; i++)
		f[i] = must_spawn(wait_for_stage, &r);
	until_all_wait(&r, 20);
	must_eq(coir_cond_destroy(&r.c), -EBUSY);
	must_ok(coir_mutex_lock(&r.m));
	must_eq(r.result, 0);
	atomic_store(&r.stage, 1);
	must_ok(coir_cond_broadcast(&r.c));
	must_ok(coir_mutex_unlock(&r.m));
	must_eq(must_join_all(f, 20), 20);
	must_eq(r.result, 20);
	must_ok(coir_cond_destroy(&r.c));
	must_ok(coir_cond_signal(&r.c)); /* nobody: nothing */
}

/* Each signal lets one go, the oldest. */
static intptr_t take_token(void *arg)
{
	struct room *r = arg;
	must_ok(coir_mutex_lock(&r->m));
	int mine = r->came++;
	must_ok(coir_cond_wait(&r->c, &r->m));
	r->order[r->result++] = mine;
	must_ok(coir_mutex_unlock(&r->m));
	return 1;
}

fiber_test(cond, signal_wakes_one_in_order)
{
	struct room r = {.m = COIR_MUTEX_INIT, .c = COIR_COND_INIT};
	coir_fiber f[8];
	for (int i = 0; i < 8; i++)
		f[i] = must_spawn(take_token, &r);
	until_all_wait(&r, 8);
	for (int i = 0; i < 8; i++) {
		must_ok(coir_mutex_lock(&r.m));
		must_eq(r.result, i);
		must_ok(coir_cond_signal(&r.c));
		must_ok(coir_mutex_unlock(&r.m));
		for (bool done = false; !done;) {
			must_ok(coir_yield());
			must_ok(coir_mutex_lock(&r.m));
			done = r.result == i + 1;
			must(r.result <= i + 1);
			must_ok(coir_mutex_unlock(&r.m));
		}
	}
	must_eq(must_join_all(f, 8), 8);
	for (int i = 0; i < 8; i++)
		must_eq(r.order[i], i);
}

fiber_test(cond, gives_up_with_the_mutex_held)
{
	coir_mutex m = COIR_RECURSIVE_MUTEX_INIT;
	coir_cond c = COIR_COND_INIT;
	must_ok(coir_mutex_lock(&m));
	must_ok(coir_mutex_lock(&m));
	must_eq(coir_cond_wait_until(&c, &m, 0), -ETIMEDOUT);
	must_eq(coir_cond_wait_until(&c, &m, coir_after(20000)), -ETIMEDOUT);
	must_eq(coir_mutex_owner(&m), coir_id());
	must_ok(coir_mutex_unlock(&m));
	must_eq(coir_mutex_owner(&m), coir_id()); /* as often as before */
	must_ok(coir_mutex_unlock(&m));
	must_eq(coir_mutex_owner(&m), 0);
	must_ok(coir_cond_destroy(&c));
}

/* A cancel ends the wait, and taking the mutex again is not cancelled. */
static intptr_t wait_until_cancelled(void *arg)
{
	struct room *r = arg;
	must_ok(coir_mutex_lock(&r->m));
	r->came++;
	must_eq(coir_cond_wait(&r->c, &r->m), -ECANCELED);
	must_eq(coir_mutex_owner(&r->m), coir_id());
	must_eq(atomic_load(&r->stage), 1);
	must_ok(coir_mutex_unlock(&r->m));
	return 1;
}

fiber_test(cond, cancelled)
{
	struct room r = {.m = COIR_MUTEX_INIT, .c = COIR_COND_INIT};
	coir_fiber f = must_spawn(wait_until_cancelled, &r);
	until_all_wait(&r, 1);
	must_ok(coir_mutex_lock(&r.m));
	must_ok(coir_cancel(f));
	for (int i = 0; i < 20; i++)
		must_ok(coir_yield());
	atomic_store(&r.stage, 1);
	must_ok(coir_mutex_unlock(&r.m));
	must_eq(must_join(f), 1);
	must_ok(coir_cond_destroy(&r.c));
}
