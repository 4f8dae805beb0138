/* SPDX-License-Identifier: MIT
 *
 * gorun/help.h - what the launcher says about itself.
 */
#ifndef GORUN_HELP_H
#define GORUN_HELP_H

#include "options.h"

#include <stdio.h>

void help_print(void);

/* The demos, one a line. */
void help_list(void);

/* The processors, the guard rung, every option and its source; then what gorun compiles with. Returns an exit
 * code. */
int help_info(const struct options *options, FILE *stream);

#endif
