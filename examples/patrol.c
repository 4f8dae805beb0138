/* SPDX-License-Identifier: MIT
 *
 * A game's guards, each a fiber that is written as a guard thinks: walk to one end, look around, walk to the other, for
 * ever. The game calls for one frame after the other; each guard takes one step in each. One that sees the thief gives
 * the alarm: that ends its scope, so all stop patrolling, wherever they are in their rounds, put their lamps out, and
 * run for the thief.
 *
 * One worker and a fixed order in each frame: every run is the same.
 */
#include <coir/coir.h>
#include <errno.h>
#include <stdio.h>

#define GUARDS 3
#define ALARM  (-EINTR)

struct world {
	coir_frames frames;
	int thief; /* where he is */
	int lamps; /* that burn */
};

struct guard {
	struct world *world;
	char name;
	int from, to, at;
	int64_t steps;
};

static void put_out(void *lamps)
{
	--*(int *)lamps;
}

/* One frame later. */
static int step(struct guard *g, int direction)
{
	int64_t frame = coir_frames_wait(&g->world->frames);
	if (frame < 0)
		return (int)frame;
	g->at += direction;
	g->steps++;
	if (g->at != g->world->thief)
		return 0;
	printf("frame %2d: %c sees the thief at %d\n", (int)frame, g->name, g->at);
	return ALARM;
}

static int walk(struct guard *g, int to)
{
	int r = 0;
	while (!r && g->at != to)
		r = step(g, g->at < to ? 1 : -1);
	return r;
}

static int look_around(struct guard *g)
{
	int r = 0;
	for (int i = 0; i < 2 && !r; i++)
		r = step(g, 0);
	return r;
}

/* Never comes to its end but by the alarm: its own, or another's, which is a cancel. */
static intptr_t patrol(void *arg)
{
	struct guard *g = arg;
	int r = coir_defer(put_out, &g->world->lamps);
	if (!r)
		g->world->lamps++;
	while (!r) {
		r = walk(g, g->to);
		if (!r)
			r = look_around(g);
		if (!r)
			r = walk(g, g->from);
	}
	return r;
}

static intptr_t chase(void *arg)
{
	struct guard *g = arg;
	while (g->at != g->world->thief) {
		int64_t frame = coir_frames_wait(&g->world->frames);
		if (frame < 0)
			return (int)frame;
		g->at += g->at < g->world->thief ? 1 : -1;
	}
	return 0;
}

/* All guards do this until the first error, or until all have done. */
static int together(struct guard *guards, coir_fn what)
{
	coir_scope scope;
	int r = coir_scope_begin(&scope, NULL);
	if (r)
		return r;
	for (int i = 0; i < GUARDS && !r; i++)
		r = coir_scope_spawn(&scope, what, &guards[i]);
	int first = coir_scope_wait(&scope);
	return first ? first : r;
}

static intptr_t night(void *arg)
{
	struct guard *guards = arg;
	int r = together(guards, patrol);
	printf("the alarm: %d lamps burn\n", guards[0].world->lamps);
	return r == ALARM ? together(guards, chase) : r;
}

static intptr_t game(void *arg)
{
	struct world world = {.frames = COIR_FRAMES_INIT, .thief = 100};
	struct guard guards[GUARDS];
	coir_fiber f;
	intptr_t r = -1;
	(void)arg;
	for (int i = 0; i < GUARDS; i++)
		guards[i] = (struct guard){&world, (char)('A' + i), 10 * i, 10 * i + 4 + i, 10 * i, 0};
	if (coir_spawn(NULL, night, guards, &f))
		return -1;
	coir_yield(); /* they take their places */
	int64_t frames = 0;
	for (; coir_try_join(f, &r) == -EAGAIN; frames++) {
		if (frames == 20)
			world.thief = 12;
		int woken = coir_frames_advance(&world.frames);
		if (woken < 0)
			return -1;
		if (woken == 0) /* the night fiber is about to go on */
			coir_yield();
	}
	int there = 0;
	for (int i = 0; i < GUARDS; i++)
		there += guards[i].at == world.thief;
	printf("after %d frames %d guards have the thief\n", (int)frames, there);
	return r == 0 && there == GUARDS && world.lamps == 0;
}

int main(void)
{
	coir_config config = COIR_CONFIG_INIT;
	intptr_t right = 0;
	config.workers = 1;
	return coir_run(&config, game, NULL, &right) == 0 && right == 1 ? 0 : 1;
}
