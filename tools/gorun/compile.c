/* SPDX-License-Identifier: MIT */
#include "compile.h"

#include "command.h"
#include "sources.h"
#include "util.h"
#include "where.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Two hashes name two files of the cache: that of the command the list of files its last compilation read, that
 * of the command and those files' contents the shared object. */
struct job {
	struct command command;
	hash128 key; /* of the command */
	char *list;  /* where the cache keeps the list of files */
};

/* The object that the listed files would give, or NULL when one of them cannot be read. */
static char *object_path(const struct cache *cache, hash128 key, const struct strings *files)
{
	if (sources_hash(files, &key))
		return NULL;
	return cache_path(cache, key, ".so");
}

static bool find(struct compiled *compiled, const struct job *job)
{
	struct strings files = {0};
	if (sources_load(job->list, &files) == 0)
		compiled->object = object_path(&compiled->cache, job->key, &files);
	strings_free(&files);
	if (compiled->object && cache_has(compiled->object)) {
		cache_has(job->list);
		return true;
	}
	free(compiled->object);
	compiled->object = NULL;
	return false;
}

/* Moves what the work folder holds to where the cache wants it. The object goes first: a list always leads to an
 * object or to nothing. */
static bool store(struct compiled *compiled, const struct job *job, const struct strings *files)
{
	char *path = object_path(&compiled->cache, job->key, files);
	char *object = text("%s/object", compiled->work);
	char *list = text("%s/list", compiled->work);
	bool stored = path && sources_save(list, files) == 0 && cache_store(&compiled->cache, object, path) == 0;
	if (stored) {
		cache_store(&compiled->cache, list, job->list);
		compiled->object = path;
	} else {
		free(path);
	}
	free(object);
	free(list);
	return stored;
}

/* A file that was changed while the compiler ran may have been read before or after: such an object serves this
 * one run. */
static int make(struct compiled *compiled, const struct job *job)
{
	struct strings files = {0};
	struct timespec start;
	compiled->work = cache_work(&compiled->cache);
	if (!compiled->work)
		return EXIT_OWN_FAILURE;
	clock_gettime(CLOCK_REALTIME, &start);
	int failed = command_run(&job->command, compiled->work);
	if (failed)
		return failed;
	char *rule = text("%s/rule", compiled->work);
	if (sources_from_rule(rule, &files) == 0 && sources_unchanged(&files, &start) && store(compiled, job, &files)) {
		cache_remove_work(compiled->work);
		free(compiled->work);
		compiled->work = NULL;
	} else {
		compiled->object = text("%s/object", compiled->work);
	}
	free(rule);
	strings_free(&files);
	return 0;
}

static int find_or_make(struct compiled *compiled, struct job *job, bool rebuild)
{
	if (cache_open(&compiled->cache))
		return EXIT_OWN_FAILURE;
	job->key = command_hash(&job->command, hash_start());
	job->list = cache_path(&compiled->cache, job->key, ".list");
	if (!rebuild && find(compiled, job))
		return 0;
	return make(compiled, job);
}

int compile_program(struct compiled *compiled, const char *file, bool rebuild)
{
	struct job job = {0};
	struct where where;
	*compiled = (struct compiled){0};
	if (where_find(&where))
		return EXIT_OWN_FAILURE;
	int failed = command_make(&job.command, &where, file);
	if (!failed)
		failed = find_or_make(compiled, &job, rebuild);
	if (failed)
		compile_forget(compiled);
	command_free(&job.command);
	where_free(&where);
	free(job.list);
	return failed;
}

void compile_forget(struct compiled *compiled)
{
	if (compiled->work)
		cache_remove_work(compiled->work);
	free(compiled->work);
	free(compiled->object);
	cache_forget(&compiled->cache);
	*compiled = (struct compiled){0};
}
