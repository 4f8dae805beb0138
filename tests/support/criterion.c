/* SPDX-License-Identifier: MIT
 *
 * support/criterion.c - gives every case of a program on Criterion its time limit: COIR_TEST_TIMEOUT seconds, unless it
 * has a .timeout of its own. (The --timeout option of Criterion 2.4 has no effect.)
 */
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <stdlib.h>

ReportHook(PRE_ALL)(struct criterion_test_set *all)
{
	const char *seconds = getenv("COIR_TEST_TIMEOUT");
	double limit = seconds && atof(seconds) > 0 ? atof(seconds) : 60;
	FOREACH_SET(struct criterion_suite_set * suite, all->suites)
	{
		FOREACH_SET(struct criterion_test * test, suite->tests)
		{
			if (test->data->timeout <= 0)
				test->data->timeout = limit;
		}
	}
}
