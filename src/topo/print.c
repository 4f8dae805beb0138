/* SPDX-License-Identifier: MIT
 *
 * topo/print.c - what `gorun --info` shows of the machine.
 */
#include "topo/cgroup.h"
#include "topo/machine.h"
#include "topo/policy.h"
#include "topo/topo.h"

static void print_machine(const coiri_machine *m, FILE *stream)
{
	char allowed[512];
	coiri_policy_allowed_text(m, allowed, sizeof allowed);
	fprintf(stream, "%-16s %u (%s)\n", "processors", m->count, allowed);
	fprintf(stream, "%-16s packages %u, nodes %u, shared caches %u, cores %u (%s%s)\n", "machine",
		m->groups[COIRI_PACKAGE], m->groups[COIRI_NODE], m->groups[COIRI_CACHE], m->groups[COIRI_CORE],
		coiri_table_source(), m->native ? "" : ", not the machine this runs on");
}

static void print_quota(FILE *stream)
{
	coiri_quota q;
	coiri_cgroup_quota("", &q);
	if (q.period)
		fprintf(stream, "%-16s %.2f processors\n", "quota", (double)q.quota / (double)q.period);
	else
		fprintf(stream, "%-16s none\n", "quota");
}

static void print_place(const coiri_topo *t, unsigned w, FILE *stream)
{
	const coiri_place *p = &t->place[w];
	char name[32];
	snprintf(name, sizeof name, "worker %u", w);
	if (p->cpu >= 0)
		fprintf(stream, "%-16s bound to processor %d, node %u\n", name, p->cpu, p->node);
	else if (t->pin != COIR_PIN_NONE)
		fprintf(stream, "%-16s for processor %d, node %u; not bound: that is another machine's\n", name,
			p->home->os, p->node);
	else
		fprintf(stream, "%-16s not bound\n", name);
}

void coiri_topo_print(const coiri_topo *topo, FILE *stream)
{
	coiri_machine *own = NULL;
	if (!topo->machine && coiri_machine_load(&own)) {
		fprintf(stream, "%-16s can't be told: no memory\n", "machine");
		return;
	}
	print_machine(topo->machine ? topo->machine : own, stream);
	print_quota(stream);
	for (unsigned w = 0; w < topo->workers; w++)
		print_place(topo, w, stream);
	coiri_machine_free(own);
}
