/* SPDX-License-Identifier: MIT */
#include "help.h"

#include "../demos/demo.h"
#include "cache.h"
#include "util.h"
#include "where.h"

#include <stdlib.h>

static const char help_start[] =
	"usage: gorun [options] DEMO|FILE.c|FILE.so [args]\n"
	"\n"
	"Runs a program of fibers: a built-in demo; a C file, compiled with $CC against coir\n"
	"and kept for the next time; or a shared object that exports main. A name with a '/'\n"
	"in it, or one that ends in .c or .so, is a file. The program's main is the main\n"
	"fiber. A program that calls coir_run or coir_start itself is called in a plain thread\n"
	"and gets the options below as COIR_ variables. What follows the name belongs to the\n"
	"program.\n"
	"\n"
	"  --workers N    kernel threads that run fibers (COIR_WORKERS; default: one for each\n"
	"                 processor the process may use)\n"
	"  --pin POLICY   where they are bound: none, compact, scatter, or a list of\n"
	"                 processors such as 0,2,4-7 (COIR_PIN; default: none)\n"
	"  --stack SIZE   stack of a fiber, in bytes or with k, M or G (COIR_STACK; default:\n"
	"                 128k)\n"
	"  --stats        print the runtime's figures on stderr at the end\n"
	"  --info         print the topology, the guard rung, every option and where its value\n"
	"                 came from; before a program: on stderr, then run it\n"
	"  --rebuild      compile the C file even if it was compiled before\n"
	"  --list         list the demos\n"
	"  --version      print the version of coir\n"
	"  -h, --help     print this; gorun DEMO --help tells about a demo\n"
	"  --             ends the options\n"
	"\n"
	"demos:\n";

static const char help_end[] =
	"\n"
	"A C file is compiled by $CC (cc) with $CPPFLAGS, $CFLAGS (-O2 -g), $LDFLAGS and $LDLIBS.\n"
	"The result is kept in $XDG_CACHE_HOME/coir (~/.cache/coir) under a hash of the contents\n"
	"of every file it was made from, the flags and the compiler; after 30 days without use it\n"
	"is removed.\n"
	"\n"
	"exit code: the program's own. Where no program ran: 1 if it did not compile or the\n"
	"runtime did not start, 2 for a bad option or argument, 126 if the file cannot be loaded,\n"
	"127 if there is no such file or demo. A demo gives 0 if its result is right, else 1.\n";

void help_print(void)
{
	fputs(help_start, stdout);
	help_list();
	fputs(help_end, stdout);
}

void help_list(void)
{
	for (const struct demo *const *at = demos; *at; at++) {
		char *usage = text("%s %s", (*at)->name, (*at)->arguments);
		printf("  %-22s %s\n", usage, (*at)->summary);
		free(usage);
	}
}

static void print_compiling(FILE *stream)
{
	const char *compiler = getenv("CC");
	struct where where;
	struct cache cache;
	fprintf(stream, "\ngorun compiles C files with\n");
	fprintf(stream, "  compiler  %s (%s)\n", compiler ? compiler : "cc", compiler ? "$CC" : "default");
	if (where_find(&where) == 0) {
		fprintf(stream, "  headers   %s\n", where.include);
		fprintf(stream, "  library   %s\n", where.library);
		where_free(&where);
	}
	if (cache_open(&cache) == 0) {
		fprintf(stream, "  cache     %s\n",
			cache.passing ? "none: no private folder can be kept" : cache.folder);
		cache_forget(&cache);
	}
}

int help_info(const struct options *options, FILE *stream)
{
	int failed = coir_print_info(&options->config, stream);
	if (failed)
		return EXIT_BAD_USAGE; /* the library said which option */
	print_compiling(stream);
	fflush(stream);
	return 0;
}
