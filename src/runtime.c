/* SPDX-License-Identifier: MIT
 *
 * runtime.c - the composition root: brings the rooms up and down, in order.
 *
 * There is one runtime object, static, so that a plain thread that calls in while it goes down finds memory. Its
 * phases, under one lock: down -> up (coir_start, coir_run) -> down. Workers set themselves up in their own threads
 * (memory of theirs is first touched there) and wait until all are ready, so that a failure anywhere is an error code
 * and nothing has run.
 *
 * Fork: the child has only the thread that forked. It forgets the runtime at once (every call gives -EPERM), and makes
 * its tables usable again at its next start; the stacks stay mapped, because that thread may stand on one.
 */
#include "base/fault.h"
#include "base/option.h"
#include "coro/coro.h"
#include "debug/debug.h"
#include "sched/local.h"
#include "sched/sched.h"
#include "sched/spawn.h"
#include "sched/wait.h"
#include "scope/scope.h"
#include "stack/overflow.h"
#include "topo/topo.h"

#include <coir/coir.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)COIRI_LEVELS == (int)COIRI_LEVELS_MAX, "coiri_worker.victim_level");

#define STOP_GRACE    INT64_C(2000000)    /* ns */
#define VIRTUAL_START INT64_C(1000000000) /* a virtual clock begins at one second */

enum { GO_WAIT, GO_RUN, GO_GIVE_UP };

coiri_atomic(coiri_runtime *) coiri_rt;
coiri_atomic(uint32_t) coiri_visitors;
coiri_atomic(uint32_t) coiri_guests;
__thread unsigned coiri_thread_is_guest;

static coiri_runtime runtime;
coiri_runtime *const coiri_entered = &runtime;
static coiri_topo topo;
static coiri_options options;
static struct {
	coiri_lock lock; /* of the phase */
	bool up, forked;
	coiri_atomic(uint32_t) go;    /* what the workers are to do */
	coiri_atomic(uint32_t) ready; /* workers that are set up, or have failed */
	coiri_atomic(int) error;
} control;

const char *coir_version(void)
{
	return COIR_VERSION_STRING;
}

/* ---- a worker's thread ---- */

static int set_up_worker(coiri_worker *w)
{
	unsigned n = w->rt->count;
	int r = coiri_topo_bind_self(&topo, w->index);
	if (r)
		return r;
	w->slab = coiri_slab_pool_get(w->index);
	w->victims = malloc((n + 1) * sizeof *w->victims);
	w->glimpses = calloc(n, sizeof *w->glimpses);
	if (!w->slab || !w->victims || !w->glimpses)
		return -ENOMEM;
	if (coiri_deque_init(&w->deque) || coiri_tasks_init(&w->forked, &w->rt->idle.hint) ||
	    coiri_ring_init(&w->ring, n == 1))
		return -ENOMEM;
	coiri_topo_victims(&topo, w->index, w->victims, w->victim_level);
	return coiri_overflow_thread_begin(&w->alt_stack);
}

static void tear_down_worker(coiri_worker *w)
{
	coiri_deque_fini(&w->deque);
	coiri_tasks_fini(&w->forked);
	coiri_ring_fini(&w->ring);
	free(w->victims);
	free(w->glimpses);
}

static void *worker_thread(void *arg)
{
	coiri_worker *w = arg;
	char name[16];
	snprintf(name, sizeof name, "coir-%u", w->index);
	pthread_setname_np(pthread_self(), name);
	int r = set_up_worker(w);
	if (r)
		at_store_relaxed(&control.error, r);
	/* release: the set-up worker, for the starter and through it for the other workers */
	if (at_add_acq_rel(&control.ready, 1) + 1 == w->rt->count)
		coiri_futex_wake(&control.ready, 1);
	while (at_load_acquire(&control.go) == GO_WAIT)
		coiri_futex_wait(&control.go, GO_WAIT, -1);
	if (at_load_relaxed(&control.go) == GO_RUN) {
		coiri_topo_visit_home(&topo, w->index);
		coiri_worker_main(w);
	}
	coiri_overflow_thread_end(w->alt_stack);
	return NULL;
}

static void init_worker(coiri_worker *w, unsigned index)
{
	memset(w, 0, sizeof *w);
	w->index = index;
	w->rt = &runtime;
	w->tick = COIRI_FAIR_STEPS;
	w->next.solo = runtime.count == 1;
	w->stacks.node = topo.place[index].node;
	w->idle.limit = 50000;
	coiri_rand_seed(&w->rand, options.seed + index + 1);
	coiri_timers_init(&w->timers);
}

/* Sends the workers that exist away, or lets them run; made: how many there are. */
static void release_workers(uint32_t go)
{
	at_store_release(&control.go, go);
	coiri_futex_wake(&control.go, INT32_MAX);
}

static void join_workers(unsigned made)
{
	for (unsigned i = 0; i < made; i++) {
		pthread_join(runtime.workers[i].thread, NULL);
		tear_down_worker(&runtime.workers[i]);
	}
	free(runtime.workers);
	runtime.workers = NULL;
}

static int start_workers(void)
{
	unsigned n = runtime.count, made = 0;
	int r = 0;
	size_t bytes = n * sizeof *runtime.workers;
	runtime.workers = aligned_alloc(COIRI_CACHE_LINE, bytes);
	if (!runtime.workers)
		return -ENOMEM;
	at_store_relaxed(&control.go, GO_WAIT);
	at_store_relaxed(&control.ready, 0);
	at_store_relaxed(&control.error, 0);
	for (unsigned i = 0; i < n; i++)
		init_worker(&runtime.workers[i], i);
	for (; made < n && !r; made += !r)
		r = -pthread_create(&runtime.workers[made].thread, NULL, worker_thread, &runtime.workers[made]);
	if (!r) {
		uint32_t ready;
		while ((ready = at_load_acquire(&control.ready)) != n)
			coiri_futex_wait(&control.ready, ready, -1);
		r = at_load_relaxed(&control.error);
	}
	if (r) {
		release_workers(GO_GIVE_UP);
		join_workers(made);
	}
	return r;
}

/* ---- up ---- */

static void bind_memory(void *context, unsigned node, void *memory, size_t bytes)
{
	coiri_topo_bind_memory(context, node, memory, bytes);
}

static void forget_runtime(void)
{
	/* What another thread held at the moment of the fork stays held for ever: begin with new locks. */
	control.lock = (coiri_lock){0};
	control.up = false;
	control.forked = true;
	coiri_thread_is_guest = 0;
	coiri_tls_worker = NULL;
	coiri_tasks_use(NULL);
	at_store_relaxed(&coiri_rt, NULL);
	at_store_relaxed(&coiri_visitors, 0);
	at_store_relaxed(&coiri_guests, 0);
	coiri_locals_forked();
	coiri_names_forked();
	coiri_stats_forked();
	coiri_threads_forked();
	coiri_callbacks_forked();
	coiri_epoch++; /* who waits at an object, waits in the parent */
	at_store_relaxed(&coiri_the_clock.mode, COIRI_CLOCK_REAL);
}

static void recover_from_fork(void)
{
	coiri_slab_reset();
	control.forked = false;
}

static void init_runtime(unsigned workers, bool owned)
{
	uint64_t ids = at_load_relaxed(&runtime.ids), tickets = at_load_relaxed(&runtime.tickets);
	memset(&runtime, 0, sizeof runtime);
	at_store_relaxed(&runtime.ids, ids ? ids : 1); /* ids go on: a handle of an earlier runtime must stay stale */
	at_store_relaxed(&runtime.tickets, tickets ? tickets : 1); /* so do waits */
	runtime.count = workers;
	runtime.owned_by_run = owned;
	runtime.wipe = options.wipe_stacks;
	runtime.idle.crowd.count = workers;
	coiri_epoch++;
	at_store_relaxed(&coiri_the_clock.now, VIRTUAL_START);
	at_store_relaxed(&coiri_the_clock.holds, 0);
	at_store_relaxed(&coiri_the_clock.waits, 0);
	/* release: the time, for the acquire in coiri_time */
	at_store_release(&coiri_the_clock.mode, options.clock == COIR_CLOCK_VIRTUAL  ? COIRI_CLOCK_VIRTUAL
						: options.clock == COIR_CLOCK_MANUAL ? COIRI_CLOCK_MANUAL
										     : COIRI_CLOCK_REAL);
	runtime.futex_calls_before = coiri_futex_calls();
}

static int bring_up(const coir_config *cfg, bool owned)
{
	int r = coiri_options_resolve(&options, cfg);
	if (r)
		return r;
	unsigned workers = options.workers ? options.workers : coiri_topo_cores();
	r = coiri_topo_init(&topo, workers, options.pin, options.pin_list);
	if (r)
		return r;
	coiri_stack_setup setup = {options.guard, options.stack_size, topo.nodes, bind_memory, &topo};
	r = coiri_stacks_start(&setup);
	if (r)
		goto no_stacks;
	r = options.overflow_report ? coiri_overflow_start(coiri_describe_current) : 0;
	if (r)
		goto no_overflow;
	coiri_arch_fp_capture();
	coiri_fence_setup();
	coiri_san_check();
	coiri_arch_uncaught = coiri_report_uncaught;
	coiri_scope_setup();
	init_runtime(workers, owned);
	r = start_workers();
	if (r)
		goto no_workers;
	at_store_release(&coiri_rt, &runtime); /* pairs with the acquires of plain threads */
	release_workers(GO_RUN);
	return 0;

no_workers:
	if (options.overflow_report)
		coiri_overflow_stop();
no_overflow:
	coiri_stacks_stop();
no_stacks:
	coiri_topo_fini(&topo);
	return r;
}

static pthread_once_t watch = PTHREAD_ONCE_INIT;
static int watch_error;

static void watch_forks(void)
{
	watch_error = -pthread_atfork(NULL, NULL, forget_runtime);
}

static int start(const coir_config *cfg, bool owned)
{
	if (coiri_here() || coiri_thread_is_guest)
		return -EBUSY;
	pthread_once(&watch, watch_forks); /* before the lock, which the child of a fork makes new */
	if (watch_error)
		return watch_error;
	int saved = errno; /* files that are not there, and the like */
	coiri_lock_acquire(&control.lock);
	int r = control.up ? -EBUSY : 0;
	if (!r) {
		if (control.forked)
			recover_from_fork();
		r = bring_up(cfg, owned);
		control.up = r == 0;
	}
	coiri_lock_release(&control.lock);
	errno = saved;
	return r;
}

int coir_start(const coir_config *cfg)
{
	return start(cfg, false);
}

/* ---- down ---- */

/* Ends the coroutines that the fiber stands in, and says which stack is its own. (Of two fibers on one stack, one
 * inside the other's join, only the outer has it.) */
static coiri_stack *take_leave(coiri_fiber *f)
{
	if (coiri_is_new(f))
		return f->extra ? f->extra->stack : NULL;
	coiri_coro_abandon(f->sp, f->cold->low, f->cold->high);
	return f->cold->stack;
}

/* What is not lost with the room of stacks, because coroutines outlive the runtime. The cold block of an inner fiber
 * may be read after this: it is still there, or zero. */
static void reclaim(coiri_stack *stack)
{
	if (runtime.wipe)
		coiri_stack_clear(stack, coiri_stack_top(stack));
	coiri_stack_put_slow(NULL, stack);
}

/* Whatever its state, nobody will hear of this fiber again. */
static void forget_fiber(coiri_fiber *f, void *context)
{
	uint64_t *abandoned = context;
	uint64_t s = at_load_relaxed(&f->state);
	if (s & COIRI_DONE)
		coiri_fiber_free_anywhere(NULL, f);
	else if (s) {
		++*abandoned;
		coiri_stack *stack = coiri_stacks_lent() > 0 ? take_leave(f) : NULL;
		coiri_abandon(f);
		if (stack)
			reclaim(stack);
	}
}

/* No plain thread comes in any more, and those that are in have left. */
static void shut_the_door(void)
{
	at_store_seq_cst(&coiri_rt, NULL);
	while (at_load_seq_cst(&coiri_visitors) > 0) /* acquire: pairs with the release in coiri_exit */
		sched_yield();
}

/* Nor does one stand on our stacks. */
static void see_guests_off(void)
{
	while (at_load_acquire(&coiri_guests) > 0) /* pairs with the release in call.c */
		sched_yield();
}

static void bring_down(void)
{
	uint64_t abandoned = 0;
	int saved = errno;
	at_store_release(&runtime.stopping, true);
	coiri_idle_stop(&runtime.idle);
	for (unsigned i = 0; i < runtime.count; i++)
		pthread_join(runtime.workers[i].thread, NULL);
	shut_the_door();
	for (unsigned i = 0; i < runtime.count; i++)
		coiri_stack_pool_close(&runtime.workers[i].stacks);
	coiri_epoch++; /* what waits at an object, waits there no more */
	coiri_slab_visit(forget_fiber, &abandoned);
	coiri_threads_dismiss();
	at_store_relaxed(&coiri_the_clock.mode, COIRI_CLOCK_REAL);
	coiri_stats_keep(&runtime, abandoned);
	for (unsigned i = 0; i < runtime.count; i++)
		tear_down_worker(&runtime.workers[i]);
	free(runtime.workers);
	runtime.workers = NULL;
	see_guests_off();
	if (options.overflow_report)
		coiri_overflow_stop();
	coiri_stacks_stop();
	coiri_topo_fini(&topo);
	control.up = false;
	errno = saved;
}

/* A fiber that others have just heard the end of (a scope, an event) may still be on its way out. */
static bool any_lives(void)
{
	int64_t end = coiri_now() + STOP_GRACE;
	while (coiri_stats_living(&runtime) > 0) {
		if (coiri_now() >= end)
			return true;
		sched_yield();
	}
	return false;
}

int coir_stop(unsigned flags)
{
	if (flags & ~COIR_STOP_FORCE)
		return -EINVAL;
	if (coiri_here() || coiri_thread_is_guest)
		return -EPERM;
	coiri_lock_acquire(&control.lock);
	int r = 0;
	if (!control.up || runtime.owned_by_run)
		r = -EPERM;
	else if (!(flags & COIR_STOP_FORCE) && any_lives())
		r = -EBUSY;
	else
		bring_down();
	coiri_lock_release(&control.lock);
	return r;
}

/* ---- coir_run ---- */

static int run_main(coir_fn fn, void *arg, intptr_t *out)
{
	coiri_extra *extra = coiri_extra_make();
	if (!extra)
		return -ENOMEM;
	coiri_extra_name(extra, "main");
	extra->is_main = true;
	/* Taken here, where its lack is an error code. */
	extra->stack = coiri_stack_get_slow(NULL, 0, coiri_stack_class(options.main_stack));
	if (!extra->stack) {
		free(extra);
		return -ENOMEM;
	}
	return coiri_run_awaited(extra, fn, arg, out);
}

int coir_run(const coir_config *cfg, coir_fn fn, void *arg, intptr_t *out)
{
	if (!fn)
		return -EINVAL;
	int r = start(cfg, true);
	if (r)
		return r;
	r = run_main(fn, arg, out);
	coiri_lock_acquire(&control.lock);
	bring_down();
	coiri_lock_release(&control.lock);
	return r;
}

int coir_workers(void)
{
	coiri_worker *w = coiri_here();
	const coiri_runtime *rt = w ? w->rt : coiri_enter();
	if (!rt)
		return -EPERM;
	int count = (int)rt->count;
	if (!w)
		coiri_exit();
	return count;
}
