/* SPDX-License-Identifier: MIT */
#include "support/bodies.h"
#include "support/must.h"

#include <coir/coir.h>
#include <stdatomic.h>

intptr_t fiber_give_back(void *arg)
{
	return (intptr_t)arg;
}

intptr_t fiber_park_once(void *arg)
{
	must_ok(coir_park());
	return (intptr_t)arg;
}

intptr_t fiber_yield_often(void *arg)
{
	for (int i = 0; i < 1000; i++)
		must_ok(coir_yield());
	return (intptr_t)arg;
}

intptr_t fiber_park_for_ever(void *arg)
{
	if (arg)
		atomic_fetch_add((atomic_int *)arg, 1);
	while (coir_park() == 0)
		continue;
	must_failed(__FILE__, __LINE__, "coir_park() == 0", " ");
}

intptr_t fiber_yield_for_ever(void *arg)
{
	if (arg)
		atomic_fetch_add((atomic_int *)arg, 1);
	while (coir_yield() == 0)
		continue;
	must_failed(__FILE__, __LINE__, "coir_yield() == 0", " ");
}
