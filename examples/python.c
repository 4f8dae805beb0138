/* SPDX-License-Identifier: MIT
 *
 * Python's generators with coir's coroutines: values sent into one (`total += yield total`), and a resource that is
 * closed when its generator is left before its end (`with open(...)`, GeneratorExit).
 */
#include <coir/coir.h>
#include <stdio.h>
#include <string.h>

/* ---- def accumulate(): total = 0; while True: total += yield total ---- */

static intptr_t accumulate(coir_coro *self, void *arg)
{
	intptr_t total = 0, sent;
	(void)arg;
	while (coir_coro_yield(self, total, &sent) == 0)
		total += sent;
	return 0; /* close() */
}

static bool send_values(void)
{
	coir_coro *gen;
	intptr_t total = -1;
	if (coir_coro_create(NULL, accumulate, NULL, &gen))
		return false;
	coir_coro_resume(gen, 0, &total); /* next(gen): to its first yield */
	for (intptr_t i = 1; i <= 100; i++)
		coir_coro_resume(gen, i, &total); /* gen.send(i) */
	coir_coro_destroy(gen);                   /* gen.close() */
	printf("1 to 100 add up to %ld\n", (long)total);
	return total == 5050;
}

/* ---- def lines(path): with open(path) as f: yield from f ---- */

static int open_files;

static void close_file(void *file)
{
	fclose(file);
	open_files--;
}

COIR_GENERATOR(lines_of, self, const char *, text)
{
	static char line[80];
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	if (!file)
		return;
	open_files++;
	if (coir_coro_defer(self, close_file, file)) {
		close_file(file);
		return;
	}
	while (fgets(line, sizeof line, file))
		coir_coro_yield(self, (intptr_t)line, NULL);
}

static bool read_until(const char *wanted)
{
	coir_foreach (const char *, line, lines_of("one\ntwo\nthree\n")) {
		if (open_files != 1)
			return false;
		if (strcmp(line, wanted) == 0)
			break; /* the loop destroys the generator, its handler closes the file */
	}
	printf("files open: %d\n", open_files);
	return open_files == 0;
}

int main(void)
{
	return send_values() && read_until("two\n") && read_until("no such line") && coir_coro_count() == 0 ? 0 : 1;
}
