/* SPDX-License-Identifier: MIT
 *
 * gorun/options.h - the launcher's command line.
 *
 * Options stand before the program's name; everything behind the name belongs to the program. "--" ends the
 * options. What --workers, --pin and --stack say goes into the configuration the runtime is started with, so it
 * wins over the COIR_ variables and `--info` names its source as the configuration.
 */
#ifndef GORUN_OPTIONS_H
#define GORUN_OPTIONS_H

#include <coir/coir.h>
#include <stdbool.h>

struct options {
	coir_config config;
	const char *pin; /* the word behind --pin, or NULL */
	bool stats;
	bool info;
	bool list;
	bool help;
	bool version;
	bool rebuild;
	int program; /* the index in argv of the program's name; argc: none was given */
};

/* Returns 0, or -EINVAL after one line on stderr that names the option and what it allows. */
int options_read(struct options *options, int argc, char **argv);

/* Sets the COIR_ variables to what the options say, for a program that starts the runtime itself. */
void options_to_environment(const struct options *options);

#endif
