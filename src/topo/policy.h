/* SPDX-License-Identifier: MIT
 *
 * topo/policy.h - which processor each worker calls home. Private to src/topo.
 */
#ifndef COIRI_TOPO_POLICY_H
#define COIRI_TOPO_POLICY_H

#include "topo/machine.h"
#include <coir/runtime.h>

/* Fills home[0 .. workers-1] by the policy, wrapping around where there are more workers than processors (or list
 * entries). Errors: -EINVAL after one line (list only), -ENOMEM. */
int coiri_policy_homes(const coiri_machine *m, coir_pin pin, const char *list, const coiri_pu **home, unsigned workers);

/* Writes the allowed processors as "0-3,8" into buf, cut with "..." where they do not fit; size at least 32. */
void coiri_policy_allowed_text(const coiri_machine *m, char *buf, size_t size);

#endif
