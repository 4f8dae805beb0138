/* SPDX-License-Identifier: MIT
 *
 * stress/locks.c - mutexes, conditions and rwlocks by many fibers: exclusion, nothing lost, nobody left behind. A lost
 * wake-up is a hang.
 */
#include "support/stress.h"

#include <errno.h>
#include <stdatomic.h>

enum { FIBERS = 40 };

/* ---- the mutex: exclusion, with every way to lock ---- */

struct counted {
	coir_mutex m;
	long rounds;
	long count; /* under m */
	int inside; /* under m */
	atomic_long failed;
};

static bool lock_somehow(struct counted *c, uint64_t *dice)
{
	int rc;
	switch (chance_below(dice, 8)) {
	case 0:
		rc = coir_mutex_try_lock(&c->m);
		must(rc == 0 || rc == -EAGAIN, "%d", rc);
		break;
	case 1:
	case 2:
		rc = coir_mutex_lock_until(&c->m, coir_after(chance_below(dice, 20000)));
		must(rc == 0 || rc == -ETIMEDOUT, "%d", rc);
		break;
	default:
		rc = coir_mutex_lock(&c->m);
		must_ok(rc);
	}
	return rc == 0;
}

static intptr_t count_up(void *arg)
{
	struct counted *c = arg;
	uint64_t dice = coir_id();
	long mine = 0;
	for (long i = 0; i < c->rounds; i++) {
		if (!lock_somehow(c, &dice))
			continue;
		must_eq(c->inside++, 0);
		c->count++;
		mine++;
		if (chance_below(&dice, 16) == 0)
			must_ok(coir_yield()); /* held by one that does not run */
		else
			chance_delay(&dice, 30);
		must_eq(--c->inside, 0);
		must_ok(coir_mutex_unlock(&c->m));
		if (chance_below(&dice, 64) == 0)
			chance_delay(&dice, 3000);
	}
	return mine;
}

static void exclusion(const struct stress *s)
{
	struct counted c = {.m = COIR_MUTEX_INIT, .rounds = s->rounds / FIBERS + 1};
	coir_fiber f[FIBERS];
	for (int i = 0; i < FIBERS; i++)
		f[i] = must_spawn(count_up, &c);
	long sum = must_join_all(f, FIBERS);
	must_eq(c.count, sum);
	must_ok(coir_mutex_destroy(&c.m));
}

/* Two fibers alone, in short bursts: the mutex goes from calm to contended and back. */
static intptr_t burst(void *arg)
{
	struct counted *c = arg;
	uint64_t dice = coir_id();
	for (long i = 0; i < c->rounds; i++) {
		must_ok(coir_mutex_lock(&c->m));
		must_eq(c->inside++, 0);
		c->count++;
		must_eq(--c->inside, 0);
		must_ok(coir_mutex_unlock(&c->m));
		if (i % 500 == 0)
			chance_delay(&dice, 20000);
	}
	return c->rounds;
}

/* New mutexes, so that each is contended for the first time: where an unlock that saw no waiter meets one. */
static intptr_t fresh(void *arg)
{
	struct counted *c = arg;
	must_ok(coir_mutex_lock(&c->m));
	c->count++;
	must_ok(coir_mutex_unlock(&c->m));
	must_ok(coir_mutex_lock(&c->m));
	c->count++;
	must_ok(coir_mutex_unlock(&c->m));
	return 2;
}

static void first_contentions(const struct stress *s)
{
	struct counted c = {.m = COIR_MUTEX_INIT, .rounds = s->rounds / 4};
	coir_fiber f[4];
	for (int i = 0; i < 2; i++)
		f[i] = must_spawn(burst, &c);
	long sum = must_join_all(f, 2);
	must_eq(c.count, sum);
	for (long i = 0; i < s->rounds / 40; i++) {
		struct counted d = {.m = COIR_MUTEX_INIT};
		for (int k = 0; k < 4; k++)
			f[k] = must_spawn(fresh, &d);
		must_eq(must_join_all(f, 4), 8);
		must_eq(d.count, 8);
	}
}

/* ---- conditions: a bounded buffer, and nothing lost ---- */

enum { ROOM = 4 };

struct buffer {
	coir_mutex m;
	coir_cond not_full, not_empty;
	long slot[ROOM];
	int used, first;
	long each;
};

static intptr_t put(void *arg)
{
	struct buffer *b = arg;
	for (long i = 1; i <= b->each; i++) {
		must_ok(coir_mutex_lock(&b->m));
		while (b->used == ROOM) {
			int rc = i % 3 ? coir_cond_wait(&b->not_full, &b->m)
				       : coir_cond_wait_until(&b->not_full, &b->m, coir_after(i % 7 * 3000));
			must(rc == 0 || rc == -ETIMEDOUT, "%d", rc);
		}
		b->slot[(b->first + b->used++) % ROOM] = i;
		must_ok(coir_cond_signal(&b->not_empty));
		must_ok(coir_mutex_unlock(&b->m));
	}
	return 0;
}

static intptr_t get(void *arg)
{
	struct buffer *b = arg;
	intptr_t sum = 0;
	for (long i = 0; i < b->each; i++) {
		must_ok(coir_mutex_lock(&b->m));
		while (b->used == 0)
			must_ok(coir_cond_wait(&b->not_empty, &b->m));
		sum += b->slot[b->first];
		b->first = (b->first + 1) % ROOM;
		b->used--;
		must_ok(coir_mutex_unlock(&b->m));
		must_ok(coir_cond_signal(&b->not_full));
	}
	return sum;
}

static void bounded_buffer(const struct stress *s)
{
	struct buffer b = {.m = COIR_MUTEX_INIT, .not_full = COIR_COND_INIT, .not_empty = COIR_COND_INIT};
	b.each = s->rounds / 16 + 1;
	coir_fiber f[8];
	for (int i = 0; i < 8; i++)
		f[i] = must_spawn(i % 2 ? put : get, &b);
	must_eq(must_join_all(f, 8), 4 * (b.each * (b.each + 1) / 2));
	must_eq(b.used, 0);
}

/* ---- the rwlock: readers together, writers alone, both get their turn ---- */

struct shelf {
	coir_rwlock l;
	long rounds;
	long a, b; /* equal whenever nobody writes */
	atomic_int readers, writers, together;
};

static intptr_t read_and_write(void *arg)
{
	struct shelf *s = arg;
	uint64_t dice = coir_id();
	long written = 0;
	for (long i = 0; i < s->rounds; i++) {
		bool write = chance_below(&dice, 4) == 0, limited = chance_below(&dice, 4) == 0;
		coir_time limit = limited ? coir_after(chance_below(&dice, 20000)) : COIR_NEVER;
		int rc = write ? limited ? coir_rwlock_write_lock_until(&s->l, limit) : coir_rwlock_write_lock(&s->l)
			 : limited ? coir_rwlock_read_lock_until(&s->l, limit)
				   : coir_rwlock_read_lock(&s->l);
		must(rc == 0 || (limited && rc == -ETIMEDOUT), "%d", rc);
		if (rc)
			continue;
		if (write) {
			must_eq(atomic_fetch_add(&s->writers, 1), 0);
			must_eq(atomic_load(&s->readers), 0);
			s->a++;
			if (chance_below(&dice, 8) == 0)
				must_ok(coir_yield());
			s->b++;
			written++;
			atomic_fetch_sub(&s->writers, 1);
			must_ok(coir_rwlock_write_unlock(&s->l));
		} else {
			if (atomic_fetch_add(&s->readers, 1) > 0)
				atomic_store(&s->together, 1);
			must_eq(atomic_load(&s->writers), 0);
			long a = s->a;
			if (chance_below(&dice, 8) == 0)
				must_ok(coir_yield());
			must_eq(s->b, a);
			atomic_fetch_sub(&s->readers, 1);
			must_ok(coir_rwlock_read_unlock(&s->l));
		}
	}
	return written;
}

static void readers_and_writers(const struct stress *s)
{
	struct shelf shelf = {.l = COIR_RWLOCK_INIT, .rounds = s->rounds / FIBERS + 1};
	coir_fiber f[FIBERS];
	for (int i = 0; i < FIBERS; i++)
		f[i] = must_spawn(read_and_write, &shelf);
	long sum = must_join_all(f, FIBERS);
	must_eq(shelf.a, sum);
	must_eq(shelf.a, shelf.b);
	must_eq(atomic_load(&shelf.together), 1);
	must_ok(coir_rwlock_destroy(&shelf.l));
}

static intptr_t all(void *arg)
{
	const struct stress *s = arg;
	exclusion(s);
	first_contentions(s);
	bounded_buffer(s);
	readers_and_writers(s);
	return 0;
}

int main(int argc, char **argv)
{
	struct stress s = stress_arguments(argc, argv, 4000000);
	with_workers(s.workers, all, &s);
	return 0;
}
