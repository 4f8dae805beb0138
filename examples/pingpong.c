/* SPDX-License-Identifier: MIT
 *
 * Two fibers hit a ball to and fro by park and unpark.
 *
 * A fiber's permit is kept until its next park, so an unpark that comes too early is not lost; and a permit says
 * only "look again", so each looks whether the ball is really on its side.
 */
#include <coir/coir.h>
#include <stdatomic.h>
#include <stdio.h>

#define HITS 100000

struct game {
	coir_fiber player[2];
	_Atomic int hits; /* an even number: it is player 0's turn */
};

/* Hits the ball whenever it is on our side. Returns how often that was. */
static intptr_t play(struct game *game, int me)
{
	intptr_t mine = 0;
	for (;;) {
		int hits = atomic_load(&game->hits);
		if (hits >= HITS)
			return mine;
		if (hits % 2 != me) {
			coir_park();
			continue;
		}
		mine++;
		atomic_store(&game->hits, hits + 1);
		coir_unpark(game->player[!me]);
	}
}

static intptr_t second(void *arg)
{
	return play(arg, 1);
}

static intptr_t start(void *arg)
{
	struct game game = {0};
	intptr_t theirs = 0;
	(void)arg;
	coir_self(&game.player[0]);
	/* the handle is stored before we hit, and the other player waits for that */
	if (coir_spawn(NULL, second, &game, &game.player[1]))
		return -1;
	intptr_t ours = play(&game, 0);
	if (coir_join(game.player[1], &theirs))
		return -1;
	printf("ping %ld, pong %ld\n", (long)ours, (long)theirs);
	return ours == HITS / 2 && theirs == HITS / 2;
}

int main(void)
{
	intptr_t right = 0;
	return coir_run(NULL, start, NULL, &right) == 0 && right == 1 ? 0 : 1;
}
