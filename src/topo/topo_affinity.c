/* SPDX-License-Identifier: MIT
 *
 * topo/topo_affinity.c - the backend without hwloc: nothing is known but the affinity mask, so that the machine is one
 * node of single cores, in the kernel's order.
 */
#include "topo/machine.h"

int coiri_table_load(coiri_table **out)
{
	*out = NULL;
	return 0;
}

bool coiri_table_overridden(void)
{
	return false;
}

const char *coiri_table_source(void)
{
	return "affinity mask only, built without hwloc";
}
