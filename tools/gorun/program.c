/* SPDX-License-Identifier: MIT */
#include "program.h"

#include "compile.h"
#include "elf.h"
#include "start.h"
#include "util.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A third argument does no harm to a main that takes two. */
typedef int main_function(int argc, char **argv, char **environment);

struct program {
	main_function *main;
	bool starts_runtime;
	int argc;
	char **argv;
};

static bool ends_in(const char *word, const char *ending)
{
	size_t length = strlen(word), tail = strlen(ending);
	return length > tail && strcmp(word + length - tail, ending) == 0;
}

bool program_is_file(const char *word)
{
	return strchr(word, '/') || ends_in(word, ".c") || ends_in(word, ".so");
}

/* Loads a shared object and finds its main. The object stays loaded to the end. */
static int load(struct program *program, const char *path)
{
	static const char *const starters[] = {"coir_run", "coir_start", NULL};
	char *plain = text("%s%s", strchr(path, '/') ? "" : "./", path); /* never searched for */
	program->starts_runtime = elf_imports(plain, starters);
	void *object = dlopen(plain, RTLD_NOW | RTLD_GLOBAL);
	free(plain);
	if (!object) {
		complain("cannot load %s", dlerror());
		return EXIT_NOT_LOADED;
	}
	void *found = dlsym(object, "main");
	if (!found) {
		complain("%s has no main that can be called from outside", program->argv[0]);
		return EXIT_NOT_LOADED;
	}
	memcpy(&program->main, &found, sizeof found);
	return 0;
}

static int compile_and_load(struct program *program, const char *file, bool rebuild)
{
	struct compiled compiled;
	int failed = compile_program(&compiled, file, rebuild);
	if (failed)
		return failed;
	failed = load(program, compiled.object);
	compile_forget(&compiled);
	return failed ? EXIT_OWN_FAILURE : 0; /* as a failure to link */
}

static int check_file(const char *file)
{
	struct stat st;
	if (stat(file, &st) || access(file, R_OK)) {
		int why = errno;
		complain("cannot run %s: %s", file, strerror(why));
		return why == ENOENT || why == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_LOADED;
	}
	if (S_ISDIR(st.st_mode)) {
		complain("cannot run %s: it is a folder", file);
		return EXIT_NOT_LOADED;
	}
	return 0;
}

static int prepare(struct program *program, const struct options *options, const char *file)
{
	int failed = check_file(file);
	if (failed)
		return failed;
	if (ends_in(file, ".c"))
		return compile_and_load(program, file, options->rebuild);
	if (elf_is(file))
		return load(program, file);
	complain("cannot run %s: it is neither a C file (.c) nor a shared object", file);
	return EXIT_NOT_LOADED;
}

static intptr_t call_main(void *arg)
{
	const struct program *program = arg;
	return program->main(program->argc, program->argv, environ);
}

int program_run(const struct options *options, int argc, char **argv)
{
	struct program program = {.argc = argc, .argv = argv};
	int failed = prepare(&program, options, argv[0]);
	if (failed)
		return failed;
	if (options->stats)
		stats_at_exit();
	if (program.starts_runtime) {
		options_to_environment(options);
		return (int)call_main(&program);
	}
	return start_runtime(&options->config, call_main, &program);
}
