/* SPDX-License-Identifier: MIT
 *
 * sync/mutex.c - the mutex: one word, and behind it a latch and a queue for those who wait.
 *
 * The word is the owner's id (the upper 56 bits of its fiber's state word, never used twice in the life of the process;
 * 0: nobody) over these flags:
 *
 *   WAITERS   there may be waiters in the queue
 *   WOKEN     one of them was woken to try for it, and has not tried yet: nobody else need be woken
 *   CAREFUL   it was contended: it is given back by compare-and-swap
 *
 * Who writes it:
 *   lock      no owner -> owner, the flags stay (WOKEN goes, if it was the one woken): CAS, anybody
 *   unlock    owner | flags -> flags: the owner; see below
 *   announce  sets WAITERS and CAREFUL, clears WOKEN of who was woken (also if it gives up): CAS from a word with an
 *             owner, under the latch
 *   pass on   the owner, under the latch, takes the first waiter W out: -> W's id (hand-over) or -> WOKEN: a plain store,
 *             since with an owner only announcers change the word
 *
 * No lost wake-up: a waiter queues itself under the latch, after it has announced itself in a word that had an owner.
 * That owner finds WAITERS when it unlocks, and passes on, unless WOKEN says that another will come by. That other one
 * either gets the mutex, and clears WOKEN, or announces itself again, which clears it too, in a word with an owner.
 *
 * Unlock with no locked instruction (one costs as much as all the rest of an unlock), as long as it need not pass on:
 * without CAREFUL, it is a load and a plain store of the word without its owner. Between them an announcer's CAS would be
 * lost. So:
 *
 *        unlock, on worker w                       announce
 *        store w->unlocking = m                    CAS word |= CAREFUL, and what it has to say
 *        light fence                               heavy fence
 *        load word: as it was?                     for each worker v: while v->unlocking == m: wait
 *        yes: store word = its flags (release)     load word: CAREFUL still there? else it was lost: again
 *        store w->unlocking = NULL (release)
 *
 *   Dekker's pattern (base/membarrier.h): either the unlock sees the CAS, or the announcer sees w->unlocking and waits
 *   until the store, if there is one, has been made. Nobody else sets CAREFUL meanwhile: the announcer has the latch. The
 *   heavy fence is a system call, so CAREFUL stays for CALM unlocks after the last announcement. With one worker there
 *   is no fence and no CAREFUL: unlock and announcement are in one thread.
 *
 * Nothing of the mutex is touched after the store that gives it up, except while a waiter is still held there by us: the
 * one that was taken out and will be woken after the latch was released. So the next owner may free it at once.
 *
 * Fairness: who is woken tries for it against newcomers, which run already: that is fast. If it fails it waits again, at
 * the queue's front. When the first has waited for PATIENCE or has failed TRIES times (a virtual clock may stand still),
 * the owner hands the mutex over to it. (Source of the idea: Go's sync.Mutex, starvation mode.)
 *
 * Spinning: only with several workers, only while the worker that the owner locked on runs the owner, and for about a
 * microsecond, in growing pauses: each look takes the line away from the owner.
 *
 * Figures and what was rejected: docs/decisions/0007-mutex.md.
 */
#include "base/spin.h"
#include "sync/sync.h"

#define WAITERS  ((uint64_t)1)
#define WOKEN    ((uint64_t)2)
#define CAREFUL  ((uint64_t)4)
#define FLAGS    ((uint64_t)COIRI_FLAGS)
#define PATIENCE 1000000 /* ns */
#define TRIES    16
#define CALM     1000u
#define ROUNDS   6 /* of a spin; round i pauses FIRST_PAUSE << i times */

#ifndef FIRST_PAUSE
#define FIRST_PAUSE 2u
#endif

/* What a waiter is told. */
enum { TRY_AGAIN = 0, HANDED_OVER = 1 };

typedef struct mutex {
	coiri_atomic(uint64_t) word;
	coiri_queue queue;
	coiri_latch latch;
	uint32_t flags;
	uint32_t depth;                /* how often the owner has locked it again */
	coiri_atomic(uint32_t) holder; /* the number of the worker it was locked on, and 1; 0: unknown. A hint */
	coiri_atomic(uint32_t) calm;   /* unlocks since the last contention */
} mutex;

COIRI_SAME_LAYOUT(mutex, coir_mutex);

COIRI_INLINE uint64_t owner_of(uint64_t word)
{
	return word & ~FLAGS;
}

COIRI_INLINE uint64_t id_of(coiri_fiber *f)
{
	return at_load_relaxed(&f->state) & ~FLAGS;
}

/* ---- lock ---- */

/* Does the worker that the owner locked on run it? It may have moved: then no. The field is its worker's own, and is
 * looked at in passing: any answer will do. */
__attribute__((no_sanitize("thread"))) static bool owner_runs(coiri_worker *w, mutex *m, uint64_t word)
{
	uint32_t holder = at_load_relaxed(&m->holder);
	if (holder == 0 || holder > w->rt->count || holder == w->index + 1)
		return false;
	coiri_fiber *f = *(coiri_fiber *volatile *)&w->rt->workers[holder - 1].current;
	return f && id_of(f) == owner_of(word);
}

/* True: it looked free. */
static bool spin(coiri_worker *w, mutex *m)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t word = at_load_relaxed(&m->word);
		if (!owner_of(word))
			return true;
		if (!owner_runs(w, m, word))
			return false;
		for (unsigned i = FIRST_PAUSE << round; i > 0; i--)
			coiri_pause();
	}
	return !owner_of(at_load_relaxed(&m->word));
}

/* Waits until no unlock that may have missed our announcement is under way. */
static void wait_for_unlockers(coiri_runtime *rt, mutex *m)
{
	coiri_heavy_fence(); /* pairs with the light fence in coir_mutex_unlock */
	for (unsigned i = 0; i < rt->count; i++)
		/* acquire: pairs with the release that clears it */
		for (unsigned n = 0; at_load_acquire(&rt->workers[i].unlocking) == m; n++)
			coiri_spin_wait(n);
}

/* Under the latch: sets flags in a word that has an owner, and clears WOKEN of one who was woken. True: whoever owns the
 * mutex has seen it, or will when it unlocks. False: look again. */
static bool announce(coiri_worker *w, mutex *m, uint64_t flags, bool woken)
{
	uint64_t word = at_load_relaxed(&m->word);
	if (!owner_of(word))
		return false;
	bool crowd = w->rt->count > 1;
	woken |= m->queue.epoch != coiri_epoch; /* who was woken in an earlier run of the runtime comes no more */
	uint64_t wanted = (woken ? word & ~WOKEN : word) | flags | (crowd ? CAREFUL : 0);
	at_store_relaxed(&m->calm, 0);
	if (wanted != word && !at_cas_relaxed(&m->word, &word, wanted))
		return false;
	if ((word & CAREFUL) || !crowd)
		return true;
	wait_for_unlockers(w->rt, m);
	return at_load_relaxed(&m->word) & CAREFUL; /* else it was lost in an unlock */
}

/* A lock that could not be had at once. */
typedef struct attempt {
	mutex *m;
	coiri_mode mode;
	coir_time deadline;
	int64_t since; /* when it first waited */
	int tries;     /* how often it was woken */
} attempt;

/* Under the latch, announced. */
static int wait_for_it(coiri_worker *w, attempt *a)
{
	coiri_waiter *waiter = coiri_own_waiter(w);
	coiri_wait_begin(w, waiter, COIRI_WAIT_MUTEX, a->m, a->mode == COIRI_UNTIL ? COIRI_CANCELLABLE : 0);
	waiter->data = a;
	if (a->tries)
		coiri_queue_push_front(&a->m->queue, waiter);
	else
		coiri_queue_push(&a->m->queue, waiter);
	return coiri_wait_until(w, &a->m->latch, a->deadline);
}

static COIRI_NOINLINE int lock_contended(coiri_worker *w, attempt *a)
{
	mutex *m = a->m;
	uint64_t mine = id_of(w->current);
	bool may_spin = w->rt->count > 1;
	for (;;) {
		uint64_t word = at_load_relaxed(&m->word);
		if (!owner_of(word)) {
			/* acquire: pairs with the release of the unlock */
			if (at_cas_acquire(&m->word, &word, (a->tries ? word & ~WOKEN : word) | mine))
				break;
			continue;
		}
		if (may_spin) {
			may_spin = spin(w, m);
			continue;
		}
		if (!a->since)
			a->since = coiri_time();
		coiri_latch_acquire(&m->latch);
		int error;
		bool late = coiri_too_late(a->mode, a->deadline, &error);
		bool woken = a->tries > 0;
		bool said = late ? !woken || announce(w, m, 0, true) : announce(w, m, WAITERS, woken);
		if (late || !said) {
			coiri_latch_release(&m->latch);
			if (late && said)
				return error;
			continue;
		}
		int r = wait_for_it(w, a);
		w = coiri_here();
		if (r < 0)
			return r;
		if (r == HANDED_OVER) /* what the last owner did came with the queue that ran us */
			break;
		a->tries++;
		may_spin = w->rt->count > 1;
	}
	at_store_relaxed(&m->holder, w->index + 1);
	return 0;
}

static int lock_again(mutex *m)
{
	if (!(m->flags & COIR_MUTEX_RECURSIVE))
		return -EDEADLK;
	if (m->depth == UINT32_MAX)
		return -EOVERFLOW;
	m->depth++;
	return 0;
}

/* Not had by the short way: somebody owns it, or it is time to let others go first. */
static COIRI_NOINLINE int lock_slow(coiri_worker *w, mutex *m, coiri_mode mode, coir_time deadline)
{
	uint64_t word = at_load_relaxed(&m->word);
	if (owner_of(word) == id_of(w->current))
		return lock_again(m);
	if (mode == COIRI_TRY) {
		while (!owner_of(word))
			if (at_cas_acquire(&m->word, &word, word | id_of(w->current))) {
				at_store_relaxed(&m->holder, w->index + 1);
				return 0;
			}
		return -EAGAIN;
	}
	coiri_step_in_place(w);
	attempt a = {.m = m, .mode = mode, .deadline = deadline};
	return lock_contended(coiri_here(), &a);
}

COIRI_INLINE int lock(coir_mutex *public, coiri_mode mode, coir_time deadline)
{
	coiri_worker *w = coiri_here();
	mutex *m = (mutex *)public;
	if (unlikely(!w))
		return -EPERM;
	if (unlikely(!m))
		return -EINVAL;
	uint64_t mine = id_of(w->current), word = at_load_relaxed(&m->word);
	/* acquire: pairs with the release of the unlock */
	if (unlikely(w->tick <= 1) || unlikely(owner_of(word)) ||
	    unlikely(!at_cas_acquire(&m->word, &word, word | mine)))
		return lock_slow(w, m, mode, deadline);
	w->tick--;
	at_store_relaxed(&m->holder, w->index + 1);
	return 0;
}

int coir_mutex_lock(coir_mutex *m)
{
	return lock(m, COIRI_FIRM, COIR_NEVER);
}

int coir_mutex_try_lock(coir_mutex *m)
{
	return lock(m, COIRI_TRY, COIR_NEVER);
}

int coir_mutex_lock_until(coir_mutex *m, coir_time deadline)
{
	coiri_worker *w = coiri_here();
	if (unlikely(!w))
		return -EPERM;
	if (coiri_cancelled(w->current))
		return -ECANCELED;
	return lock(m, COIRI_UNTIL, deadline);
}

/* ---- unlock ---- */

static bool is_starving(const attempt *a)
{
	return a->tries >= TRIES || coiri_time() - a->since >= PATIENCE;
}

/* The owner, under the latch, which this releases. False: nobody waits, WAITERS is gone. */
static bool pass_on(coiri_worker *w, mutex *m)
{
	coiri_waiter *first;
	while ((first = coiri_queue_first(&m->queue)) != NULL) {
		bool hand_over = is_starving(first->data);
		uint64_t heir = id_of(first->fiber);
		coiri_won won;
		if (!coiri_win_first(first, hand_over ? HANDED_OVER : TRY_AGAIN, &won))
			continue;
		uint64_t flags = at_load_relaxed(&m->word) & CAREFUL;
		if (coiri_queue_first(&m->queue))
			flags |= WAITERS;
		at_store_relaxed(&m->holder, 0);
		/* release: what was done under the mutex */
		at_store_release(&m->word, flags | (hand_over ? heir : WOKEN));
		coiri_latch_release(&m->latch);
		coiri_wake(w, won);
		return true;
	}
	at_and_acq_rel(&m->word, ~WAITERS);
	coiri_latch_release(&m->latch);
	return false;
}

/* Owned by the caller. */
static COIRI_NOINLINE void unlock_carefully(coiri_worker *w, mutex *m)
{
	uint64_t word = at_load_relaxed(&m->word);
	for (;;) {
		if ((word & WAITERS) && !(word & WOKEN)) {
			coiri_latch_acquire(&m->latch);
			if (pass_on(w, m))
				return;
			word = at_load_relaxed(&m->word);
		}
		uint64_t left = word & FLAGS;
		if (left & CAREFUL) {
			at_count(&m->calm, 1);
			if (at_load_relaxed(&m->calm) > CALM)
				left &= ~CAREFUL;
		}
		/* release: what was done under the mutex */
		if (at_cas_release(&m->word, &word, left))
			return;
	}
}

/* Owned by the caller. */
COIRI_INLINE void unlock(coiri_worker *w, mutex *m)
{
	uint64_t word = at_load_relaxed(&m->word), flags = word & FLAGS;
	if (likely(flags == 0 || flags == (WAITERS | WOKEN) || flags == WOKEN)) {
		at_store_relaxed(&w->unlocking, m);
		coiri_light_fence(); /* pairs with the heavy fence in wait_for_unlockers */
		bool same = at_load_relaxed(&m->word) == word;
		if (likely(same))
			at_store_release(&m->word, flags); /* what was done under the mutex */
		at_store_release(&w->unlocking, NULL);
		if (likely(same))
			return;
	}
	unlock_carefully(w, m);
}

int coir_mutex_unlock(coir_mutex *public)
{
	coiri_worker *w = coiri_here();
	mutex *m = (mutex *)public;
	if (unlikely(!w))
		return -EPERM;
	if (unlikely(!m))
		return -EINVAL;
	uint64_t mine = id_of(w->current);
	if (unlikely(owner_of(at_load_relaxed(&m->word)) != mine))
		return -EPERM;
	if (unlikely(m->depth > 0))
		m->depth--;
	else
		unlock(w, m);
	return 0;
}

/* ---- the rest ---- */

bool coiri_mutex_is_mine(coiri_worker *w, const coir_mutex *m)
{
	return owner_of(at_load_relaxed(&((const mutex *)m)->word)) == id_of(w->current);
}

uint32_t coiri_mutex_drop(coiri_worker *w, coir_mutex *public)
{
	mutex *m = (mutex *)public;
	uint32_t depth = m->depth;
	m->depth = 0;
	unlock(w, m);
	return depth;
}

void coiri_mutex_retake(coir_mutex *public, uint32_t depth)
{
	mutex *m = (mutex *)public;
	attempt a = {.m = m, .mode = COIRI_FIRM, .deadline = COIR_NEVER};
	lock_contended(coiri_here(), &a);
	m->depth = depth;
}

int coir_mutex_init(coir_mutex *m, unsigned flags)
{
	if (!m || (flags & ~COIR_MUTEX_RECURSIVE))
		return -EINVAL;
	*(mutex *)m = (mutex){.flags = flags};
	return 0;
}

int coir_mutex_destroy(coir_mutex *public)
{
	mutex *m = (mutex *)public;
	if (!m)
		return -EINVAL;
	coiri_latch_acquire(&m->latch);
	bool busy = owner_of(at_load_relaxed(&m->word)) || !coiri_queue_is_idle(&m->queue);
	coiri_latch_release(&m->latch);
	return busy ? -EBUSY : 0;
}

uint64_t coir_mutex_owner(const coir_mutex *m)
{
	return m ? at_load_relaxed(&((const mutex *)m)->word) >> COIRI_SEQ_SHIFT : 0;
}
