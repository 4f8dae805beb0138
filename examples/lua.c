/* SPDX-License-Identifier: MIT
 *
 * Two programs from "Programming in Lua", chapter 9, with coir's coroutines: a consumer that pulls lines through a
 * filter out of a producer (coroutine.resume, coroutine.yield, coroutine.status), and permutations by a recursive
 * generator, which yields from any depth of the recursion (coroutine.wrap).
 */
#include <coir/coir.h>
#include <stdio.h>
#include <string.h>

/* ---- producer, filter, consumer ---- */

static intptr_t producer(coir_coro *self, void *arg)
{
	static const char *const lines[] = {"the coconut", "has a fibre", "called coir"};
	(void)arg;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (coir_coro_yield(self, (intptr_t)lines[i], NULL))
			return 0;
	return 0;
}

/* The next line of a source, or NULL. */
static const char *receive(coir_coro *source)
{
	intptr_t line;
	return coir_coro_resume(source, 0, &line) == 0 ? (const char *)line : NULL;
}

static intptr_t number_lines(coir_coro *self, void *source)
{
	const char *line;
	char numbered[80];
	for (int n = 1; (line = receive(source)); n++) {
		snprintf(numbered, sizeof numbered, "%d %s", n, line);
		if (coir_coro_yield(self, (intptr_t)numbered, NULL))
			break;
	}
	return 0;
}

static bool consume(void)
{
	coir_coro *source, *filter;
	char all[100] = "";
	const char *line;
	if (coir_coro_create(NULL, producer, NULL, &source))
		return false;
	if (coir_coro_create(NULL, number_lines, source, &filter))
		return false;
	while ((line = receive(filter))) {
		puts(line);
		strcat(all, line);
	}
	bool dead = coir_coro_status(filter) == COIR_CORO_FINISHED && coir_coro_status(source) == COIR_CORO_FINISHED;
	coir_coro_destroy(filter);
	coir_coro_destroy(source);
	return dead && strcmp(all, "1 the coconut2 has a fibre3 called coir") == 0;
}

/* ---- permutations ---- */

/* Nobody passes the coroutine down: each call can ask which one it is in. */
static void permute(char *word, int n)
{
	if (n <= 1)
		coir_coro_yield(coir_coro_self(), (intptr_t)word, NULL);
	for (int i = 0; n > 1 && i < n; i++) {
		char last = word[n - 1];
		word[n - 1] = word[i];
		word[i] = last;
		permute(word, n - 1);
		last = word[n - 1];
		word[n - 1] = word[i];
		word[i] = last;
	}
}

static intptr_t permutations(coir_coro *self, void *word)
{
	(void)self;
	permute(word, (int)strlen(word));
	return 0;
}

static bool count_permutations(void)
{
	char word[] = "coirs";
	int count = 0, ours = 0;
	coir_foreach (const char *, permutation, coir_generator(permutations, word, 0)) {
		count++;
		ours += strcmp(permutation, "scoir") == 0;
	}
	printf("%d permutations\n", count);
	return count == 120 && ours == 1 && strcmp(word, "coirs") == 0;
}

int main(void)
{
	return consume() && count_permutations() && coir_coro_count() == 0 ? 0 : 1;
}
