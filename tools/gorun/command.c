/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <coir/coir.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

/* Adds the words of a variable, or of a default where it is not set. */
static int add_variable(struct strings *words, const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	wordexp_t split;
	if (!value)
		value = otherwise;
	if (wordexp(value, &split, WRDE_NOCMD)) {
		complain("$%s is '%s', which cannot be split into words", name, value);
		return EXIT_BAD_USAGE;
	}
	for (size_t i = 0; i < split.we_wordc; i++)
		strings_add(words, split.we_wordv[i]);
	wordfree(&split);
	return 0;
}

static void add_all(struct strings *words, const char *const *items)
{
	for (; *items; items++)
		strings_add(words, *items);
}

static void add_joined(struct strings *words, const char *option, const char *value)
{
	char *word = text("%s%s", option, value);
	strings_add(words, word);
	free(word);
}

/* The program is a shared object, yet its own functions are its own: it may define an index() or an error()
 * beside the C library's, and calls within it may be inlined. Undefined names are errors as in an executable. */
static const char *const own_names[] = {
	"-shared", "-fPIC", "-fno-semantic-interposition", "-fvisibility=default", "-Wl,-Bsymbolic,-z,defs", NULL};

static int add_flags(struct strings *words, const struct where *where)
{
	int failed = add_variable(words, "CPPFLAGS", "");
	if (!failed)
		failed = add_variable(words, "CFLAGS", "-O2 -g");
	if (failed)
		return failed;
	add_all(words, own_names);
	add_joined(words, "-I", where->include);
	return 0;
}

static int add_libraries(struct strings *words, const struct where *where)
{
	int failed = add_variable(words, "LDFLAGS", "");
	if (failed)
		return failed;
	add_joined(words, "-L", where->library);
	add_all(words, (const char *const[]){"-Xlinker", "-rpath", "-Xlinker", where->library, "-lcoir", "-lm", NULL});
	return add_variable(words, "LDLIBS", "");
}

int command_make(struct command *command, const struct where *where, const char *file)
{
	struct strings *words = &command->words;
	*command = (struct command){0};
	int failed = add_variable(words, "CC", "cc");
	if (failed)
		return failed;
	command->compiler_words = words->count;
	if (!words->count) {
		complain("$CC is empty: it names the C compiler");
		return EXIT_BAD_USAGE;
	}
	failed = add_flags(words, where);
	if (failed)
		return failed;
	add_joined(words, file[0] == '-' ? "./" : "", file);
	return add_libraries(words, where);
}

/* The file a word of $CC names, as the shell would find it, or NULL. The caller frees it. */
static char *find_program(const char *word)
{
	if (strchr(word, '/'))
		return text("%s", word);
	const char *path = getenv("PATH");
	for (const char *at = path ? path : ""; *at;) {
		int length = (int)strcspn(at, ":");
		char *found = text("%.*s/%s", length, at, word);
		if (length && access(found, X_OK) == 0)
			return found;
		free(found);
		at += length;
		at += *at == ':';
	}
	return NULL;
}

/* A compiler that was replaced is another compiler. */
static hash128 hash_compiler(const char *word, hash128 hash)
{
	char *path = find_program(word);
	struct stat st;
	if (path && stat(path, &st) == 0) {
		hash = hash_string(hash, path);
		hash = hash_bytes(hash, &st.st_size, sizeof st.st_size);
		hash = hash_bytes(hash, &st.st_ino, sizeof st.st_ino);
		hash = hash_bytes(hash, &st.st_mtim, sizeof st.st_mtim);
	}
	free(path);
	return hash;
}

hash128 command_hash(const struct command *command, hash128 hash)
{
	static const char *const variables[] = {
		"CPATH",           "C_INCLUDE_PATH", "LIBRARY_PATH",     "COMPILER_PATH",
		"GCC_EXEC_PREFIX", "SYSROOT",        "SOURCE_DATE_EPOCH"};
	char folder[PATH_MAX];
	hash = hash_string(hash, "gorun 1 " COIR_VERSION_STRING);
	for (size_t i = 0; i < command->words.count; i++)
		hash = hash_string(hash, command->words.item[i]);
	for (size_t i = 0; i < command->compiler_words; i++)
		hash = hash_compiler(command->words.item[i], hash);
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		const char *value = getenv(variables[i]);
		hash = hash_string(hash, value ? value : "");
	}
	return hash_string(hash, getcwd(folder, sizeof folder) ? folder : "");
}

/* Runs words[0], found by PATH, with no input and its output on our stderr. Returns its wait status or -errno. */
static int run(char *const *words)
{
	posix_spawn_file_actions_t files;
	pid_t child;
	int status;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	int failed = posix_spawnp(&child, words[0], &files, NULL, words, environ);
	posix_spawn_file_actions_destroy(&files);
	if (failed)
		return -failed;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status;
}

/* Says why there is no object, where the compiler did not say it itself. */
static bool succeeded(int status, const char *compiler, const char *object)
{
	if (status < 0)
		complain("cannot run the C compiler '%s' ($CC): %s", compiler, strerror(-status));
	else if (WIFSIGNALED(status))
		complain("the C compiler '%s' was killed by signal %d", compiler, WTERMSIG(status));
	else if (status == 0 && access(object, R_OK))
		complain("the C compiler '%s' ended well but made no object", compiler);
	else
		return status == 0;
	return false;
}

int command_run(const struct command *command, const char *folder)
{
	struct strings words = {0};
	for (size_t i = 0; i < command->words.count; i++)
		strings_add(&words, command->words.item[i]);
	char *object = text("%s/object", folder);
	char *rule = text("%s/rule", folder);
	add_all(&words, (const char *const[]){"-o", object, "-MD", "-MT", "object", "-MF", rule, NULL});
	bool done = succeeded(run(words.item), words.item[0], object);
	free(object);
	free(rule);
	strings_free(&words);
	return done ? 0 : EXIT_OWN_FAILURE;
}

void command_free(struct command *command)
{
	strings_free(&command->words);
}
