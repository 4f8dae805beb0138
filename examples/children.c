/* SPDX-License-Identifier: MIT
 *
 * Two prices are asked for at the same time, and added up: the first example of Kotlin's structured concurrency.
 *
 *     suspend fun total() = withTimeout(1000) {           // Kotlin
 *         val a = async { price(apples) }
 *         val b = async { price(pears) }
 *         a.await() + b.await()
 *     }
 *
 * Whatever goes wrong, no child outlives total(): if one fails, or the time is up, the other is cancelled and waited
 * for. A virtual clock keeps the example from taking the seconds that it speaks of.
 */
#include <coir/coir.h>
#include <errno.h>
#include <stdio.h>

struct shop {
	const char *name;
	int64_t delay; /* until it answers */
	intptr_t price;
};

static int visits, visitors; /* one worker runs all fibers: no atomics needed */

static void go_home(void *unused)
{
	(void)unused;
	visitors--;
}

/* What the shop asks for, or an error. A cancel ends the sleep, and the clean-up runs all the same. */
static intptr_t price(void *arg)
{
	const struct shop *shop = arg;
	visits++;
	visitors++;
	int r = coir_defer(go_home, NULL);
	if (r)
		return r;
	r = coir_sleep(shop->delay);
	if (r)
		printf("  %s: cancelled\n", shop->name);
	return r ? r : shop->price;
}

/* What both ask for together, or the first error. */
static intptr_t total(struct shop *apples, struct shop *pears)
{
	coir_scope scope;
	coir_async a, b;
	intptr_t pay_a = 0, pay_b = 0;
	int r = coir_scope_begin_until(&scope, coir_after(COIR_SECOND));
	if (r)
		return r;
	if (coir_scope_async(&scope, &a, price, apples) == 0 && coir_scope_async(&scope, &b, price, pears) == 0 &&
	    coir_await(&a, &pay_a) == 0)
		(void)coir_await(&b, &pay_b);
	r = coir_scope_wait(&scope); /* the error, if there was one, whoever made it */
	return r ? r : pay_a + pay_b;
}

static bool check(const char *what, struct shop apples, struct shop pears, intptr_t expected)
{
	printf("%s:\n", what);
	intptr_t sum = total(&apples, &pears);
	printf("  total %ld\n", (long)sum);
	return sum == expected && visitors == 0 && coir_cancelled() == 0;
}

static intptr_t start(void *arg)
{
	const int64_t ms = COIR_MILLISECOND;
	(void)arg;
	return check("both answer", (struct shop){"apples", 300 * ms, 120}, (struct shop){"pears", 200 * ms, 80},
		     200) &&
	       check("no pears", (struct shop){"apples", 300 * ms, 120}, (struct shop){"pears", 200 * ms, -ENOENT},
		     -ENOENT) &&
	       check("slow apples", (struct shop){"apples", 3000 * ms, 120}, (struct shop){"pears", 200 * ms, 80},
		     -ETIMEDOUT) &&
	       visits == 6 && coir_now() == (1000 + 300 + 200 + 1000) * ms; /* it began at one second */
}

int main(void)
{
	coir_config config = COIR_CONFIG_INIT;
	intptr_t right = 0;
	config.workers = 1;
	config.clock = COIR_CLOCK_VIRTUAL;
	return coir_run(&config, start, NULL, &right) == 0 && right == 1 ? 0 : 1;
}
