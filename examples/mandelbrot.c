/* SPDX-License-Identifier: MIT
 *
 * The Mandelbrot set, each row for itself: rows through the middle cost a hundred times what those at the edge do, and a
 * parallel loop shares them out without being told. The area is a reduction over all points. The picture is compared
 * with one that was computed point by point.
 */
#include <coir/coir.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 76, HEIGHT = 30, FINE = 600, ROUNDS = 500 };

/* Rounds until the point is known to be outside, or ROUNDS. */
static int rounds_of(double x, double y)
{
	double re = 0, im = 0;
	int n = 0;
	for (; n < ROUNDS && re * re + im * im <= 4; n++) {
		double next = re * re - im * im + x;
		im = 2 * re * im + y;
		re = next;
	}
	return n;
}

static char shade(int row, int column)
{
	int n = rounds_of(-2.2 + 3.2 * column / WIDTH, 1.2 - 2.4 * row / HEIGHT);
	return n == ROUNDS ? '#' : n > 8 ? '+' : n > 4 ? '.' : ' ';
}

/* A body of a loop: rows lo to hi - 1. */
static int draw(int64_t lo, int64_t hi, void *arg)
{
	char(*picture)[WIDTH] = arg;
	for (int64_t row = lo; row < hi; row++)
		for (int column = 0; column < WIDTH; column++)
			picture[row][column] = shade((int)row, column);
	return 0;
}

/* A body of a reduction: adds the points of some rows that are inside. */
static int count_inside(int64_t lo, int64_t hi, void *acc, void *arg)
{
	long *inside = acc;
	(void)arg;
	for (int64_t row = lo; row < hi; row++)
		for (int column = 0; column < FINE; column++)
			*inside += rounds_of(-2 + 2.5 * column / FINE, 2.5 * (double)row / FINE - 1.25) == ROUNDS;
	return 0;
}

static void add(void *acc, void *right, void *arg)
{
	(void)arg;
	*(long *)acc += *(long *)right;
}

static intptr_t start(void *arg)
{
	static char picture[HEIGHT][WIDTH], expected[HEIGHT][WIDTH];
	const long none = 0;
	long inside = 0;
	(void)arg;
	int r = coir_parallel_for(0, HEIGHT, 0, draw, picture);
	if (r)
		return r;
	for (int row = 0; row < HEIGHT; row++)
		printf("%.*s\n", WIDTH, picture[row]);
	draw(0, HEIGHT, expected);
	coir_reduction count = {sizeof inside, &none, count_inside, add, NULL};
	r = coir_parallel_reduce(0, FINE, 0, &count, &inside);
	if (r)
		return r;
	double area = (double)inside * 2.5 * 2.5 / FINE / FINE;
	printf("its area is about %.2f\n", area); /* 1.506 */
	return memcmp(picture, expected, sizeof picture) == 0 && area > 1.49 && area < 1.53;
}

int main(void)
{
	intptr_t right = 0;
	return coir_run(NULL, start, NULL, &right) == 0 && right == 1 ? 0 : 1;
}
