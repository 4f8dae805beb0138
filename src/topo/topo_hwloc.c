/* SPDX-License-Identifier: MIT
 *
 * topo/topo_hwloc.c - the backend that asks hwloc.
 *
 * hwloc's order of processors is that of its tree, so siblings stand next to each other as the table wants. What
 * the table does not hold is filtered out, except the levels that memory hangs on: without those every node would count
 * as near to every processor. The x86 component is left out: the kernel's files say the same, while cpuid costs a third
 * of the load, traps under a hypervisor, and binds the calling thread to every processor in turn where the files are
 * missing.
 */
#include "topo/machine.h"

#include <errno.h>
#include <hwloc.h>
#include <limits.h>
#include <stdlib.h>

static hwloc_obj_type_t shared_cache(hwloc_topology_t topology)
{
	return hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L3CACHE) > 0 ? HWLOC_OBJ_L3CACHE : HWLOC_OBJ_L2CACHE;
}

/* The number of the object of a type that holds pu, or the other number if there is none. */
static unsigned group_of(hwloc_topology_t topology, hwloc_obj_type_t type, hwloc_obj_t pu, unsigned otherwise)
{
	hwloc_obj_t obj = hwloc_get_ancestor_obj_by_type(topology, type, pu);
	return obj ? obj->logical_index : otherwise;
}

/* Of the nodes near a processor the smallest, and of equal ones the first: main memory before special memory. */
static unsigned node_of(hwloc_topology_t topology, hwloc_obj_t pu)
{
	hwloc_obj_t node = NULL, best = NULL;
	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
		if (!hwloc_bitmap_isset(node->cpuset, pu->os_index))
			continue;
		if (!best || hwloc_bitmap_weight(node->cpuset) < hwloc_bitmap_weight(best->cpuset))
			best = node;
	}
	return best ? best->os_index : 0;
}

/* A machine may tell nothing about packages, caches or cores: then there is one package, a cache for each core, a
 * core for each processor. Numbers made up for the latter lie above all of hwloc's. */
static coiri_pu pu_from(hwloc_topology_t topology, hwloc_obj_t pu)
{
	const unsigned core = group_of(topology, HWLOC_OBJ_CORE, pu, UINT_MAX / 2 - pu->logical_index);
	return (coiri_pu){.os = (int)pu->os_index,
			  .group = {[COIRI_PACKAGE] = group_of(topology, HWLOC_OBJ_PACKAGE, pu, 0),
				    [COIRI_NODE] = node_of(topology, pu),
				    [COIRI_CACHE] = group_of(topology, shared_cache(topology), pu, ~core),
				    [COIRI_CORE] = core}};
}

static coiri_table *table_from(hwloc_topology_t topology)
{
	const int count = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
	coiri_table *t = calloc(1, sizeof *t + (count > 0 ? (size_t)count : 0) * sizeof *t->pu);
	hwloc_obj_t pu = NULL;
	if (!t)
		return NULL;
	t->native = hwloc_topology_is_thissystem(topology);
	while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)))
		t->pu[t->count++] = pu_from(topology, pu);
	return t;
}

static int load(hwloc_topology_t topology)
{
	hwloc_topology_set_type_filter(topology, HWLOC_OBJ_L1CACHE, HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_icache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
	return hwloc_topology_load(topology);
}

/* A machine that hwloc can't describe is not an error: the affinity mask is enough to run on. */
int coiri_table_load(coiri_table **out)
{
	hwloc_topology_t topology;
	int rc = 0;
	*out = NULL;
	if (hwloc_topology_init(&topology))
		return -ENOMEM;
	if (load(topology) == 0) {
		*out = table_from(topology);
		rc = *out ? 0 : -ENOMEM;
	}
	hwloc_topology_destroy(topology);
	return rc;
}

bool coiri_table_overridden(void)
{
	return getenv("HWLOC_SYNTHETIC") || getenv("HWLOC_XMLFILE") || getenv("HWLOC_FSROOT");
}

const char *coiri_table_source(void)
{
	return "hwloc";
}
