/* SPDX-License-Identifier: MIT
 *
 * info.c - what `gorun --info` shows: the machine, where workers would go, the guard, every option.
 */
#include "base/option.h"
#include "stack/stack.h"
#include "topo/topo.h"

#include <coir/coir.h>
#include <errno.h>
#include <stdlib.h>

int coir_print_info(const coir_config *cfg, FILE *stream)
{
	coiri_topo topo;
	if (!stream)
		return -EINVAL;
	coiri_options *o = malloc(sizeof *o); /* too large for a small stack */
	if (!o)
		return -ENOMEM;
	int r = coiri_options_resolve(o, cfg);
	if (!r)
		r = coiri_topo_init(&topo, o->workers ? o->workers : coiri_topo_cores(), o->pin, o->pin_list);
	if (!r) {
		fprintf(stream, "coir %s\n", coir_version());
		coiri_topo_print(&topo, stream);
		fprintf(stream, "stack guard: %s\n", coiri_guard_name(o->guard));
		coiri_options_print(o, stream);
		coiri_topo_fini(&topo);
	}
	free(o);
	return r;
}
