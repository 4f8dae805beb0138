/* SPDX-License-Identifier: MIT
 *
 * demos/wc.c - counts a real directory tree, a fiber for each file and each folder.
 *
 * A folder's fiber reads the names, closes the folder, spawns a fiber for each entry and joins them in that order,
 * adding up. A file's fiber opens, reads and closes its file without a wait in between, so there are never more
 * files open than there are workers, however many fibers there are. Symbolic links are not followed except where
 * they are arguments; what is neither file nor folder is left out, as `find DIR -type f` does.
 */
#include "../gorun/util.h"
#include "count.h"
#include "demo.h"
#include "progress.h"

#include <coir/coir.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE ((size_t)128 << 10)

struct totals {
	struct count count;
	uint64_t files;
	uint64_t folders;
	uint64_t unreadable;
};

/* A file or a folder, and after its fiber ended what it holds. */
struct entry {
	char *path;
	coir_fn fn; /* count_file or count_folder */
	coir_fiber fiber;
	struct totals totals;
	bool argument; /* links are followed */
};

struct entries {
	struct entry *entry;
	size_t count;
	size_t room;
};

static struct progress progress;

static void unreadable(struct entry *entry, int why)
{
	progress_hide(&progress);
	complain("wc: %s: %s", entry->path, strerror(why));
	entry->totals.unreadable++;
}

static void read_and_count(struct entry *entry, int file, unsigned char *buffer)
{
	struct count *count = &entry->totals.count;
	for (;;) {
		ssize_t got = read(file, buffer, BUFFER_SIZE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			unreadable(entry, errno);
		if (got <= 0)
			break;
		count_bytes(count, buffer, (size_t)got);
	}
}

static int open_entry(const struct entry *entry, int flags)
{
	return open(entry->path, flags | O_RDONLY | O_CLOEXEC | O_NOCTTY | (entry->argument ? 0 : O_NOFOLLOW));
}

static intptr_t count_file(void *arg)
{
	struct entry *entry = arg;
	struct stat st;
	int file = open_entry(entry, O_NONBLOCK); /* it may have become a pipe since its folder was read */
	unsigned char *buffer = malloc(BUFFER_SIZE);
	if (file < 0 || !buffer || fstat(file, &st)) {
		unreadable(entry, errno);
	} else if (S_ISREG(st.st_mode)) {
		entry->totals.files++;
		read_and_count(entry, file, buffer);
		progress_add(&progress, 1);
	}
	if (file >= 0)
		close(file);
	free(buffer);
	return 0;
}

static intptr_t count_folder(void *arg);

/* The function for an entry of the folder, or NULL for what is not counted. */
static coir_fn function_for(DIR *folder, const struct dirent *entry)
{
	unsigned char type = entry->d_type;
	struct stat st;
	if (type == DT_UNKNOWN && fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		type = (unsigned char)IFTODT(st.st_mode);
	if (type == DT_DIR)
		return strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ? NULL : count_folder;
	return type == DT_REG ? count_file : NULL;
}

/* Takes over `path`. */
static void add_entry(struct entries *list, char *path, coir_fn fn)
{
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		list->entry = reallocarray(list->entry, list->room, sizeof *list->entry);
		if (!list->entry) {
			complain("wc: out of memory");
			exit(EXIT_OWN_FAILURE);
		}
	}
	list->entry[list->count++] = (struct entry){.path = path, .fn = fn};
}

/* Reads the names of a folder. What was read before an error counts. */
static void read_folder(struct entry *entry, struct entries *list)
{
	int file = open_entry(entry, O_DIRECTORY);
	DIR *folder = file < 0 ? NULL : fdopendir(file);
	if (!folder) {
		unreadable(entry, errno);
		if (file >= 0)
			close(file);
		return;
	}
	const char *slash = entry->path[strlen(entry->path) - 1] == '/' ? "" : "/";
	struct dirent *found;
	while (errno = 0, (found = readdir(folder))) {
		coir_fn fn = function_for(folder, found);
		if (fn)
			add_entry(list, text("%s%s%s", entry->path, slash, found->d_name), fn);
	}
	if (errno)
		unreadable(entry, errno);
	closedir(folder);
	entry->totals.folders++;
}

static void add_totals(struct totals *sum, const struct totals *part)
{
	sum->count.lines += part->count.lines;
	sum->count.words += part->count.words;
	sum->count.bytes += part->count.bytes;
	sum->files += part->files;
	sum->folders += part->folders;
	sum->unreadable += part->unreadable;
}

/* A fiber for each entry; where there is no memory for one more its work is done here. Frees the list. */
static void count_entries(struct entries *list, struct totals *sum)
{
	for (size_t i = 0; i < list->count; i++) {
		struct entry *entry = &list->entry[i];
		if (coir_spawn(NULL, entry->fn, entry, &entry->fiber)) {
			entry->fiber = (coir_fiber){0};
			entry->fn(entry);
		}
	}
	for (size_t i = 0; i < list->count; i++) {
		struct entry *entry = &list->entry[i];
		if (entry->fiber.fiber)
			coir_join(entry->fiber, NULL);
		add_totals(sum, &entry->totals);
		free(entry->path);
	}
	free(list->entry);
}

static intptr_t count_folder(void *arg)
{
	struct entry *entry = arg;
	struct entries list = {0};
	read_folder(entry, &list);
	count_entries(&list, &entry->totals);
	return 0;
}

static void add_arguments(struct entries *list, struct totals *sum, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		struct entry wrong = {.path = argv[i]};
		if (stat(argv[i], &st))
			unreadable(&wrong, errno);
		else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
			unreadable(&wrong, EINVAL);
		else
			add_entry(list, text("%s", argv[i]), S_ISDIR(st.st_mode) ? count_folder : count_file);
		add_totals(sum, &wrong.totals);
	}
	for (size_t i = 0; i < list->count; i++)
		list->entry[i].argument = true;
}

static int run(struct demo_report *report, int argc, char **argv)
{
	struct entries list = {0};
	struct totals sum = {0};
	if (argc < 2) {
		complain_usage("wc needs a DIR to count");
		return EXIT_BAD_USAGE;
	}
	progress_start(&progress, "wc", "files", 0);
	int64_t start = demo_now();
	add_arguments(&list, &sum, argc, argv);
	count_entries(&list, &sum);
	report->ns = demo_now() - start;
	progress_hide(&progress);
	printf("%7" PRIu64 " %7" PRIu64 " %7" PRIu64 " total\n", sum.count.lines, sum.count.words, sum.count.bytes);
	snprintf(report->result, sizeof report->result,
		 "%" PRIu64 " files in %" PRIu64 " folders, %" PRIu64 " unreadable", sum.files, sum.folders,
		 sum.unreadable);
	return sum.unreadable ? 1 : 0;
}

const struct demo demo_wc = {
	.name = "wc",
	.arguments = "DIR...",
	.summary = "lines, words, bytes of all files below DIR",
	.details = "A fiber for each file and folder below the given folders (or files) counts it. The\n"
		   "totals line is what `find DIR... -type f -print0 | LC_ALL=C wc --files0-from=-` says.\n"
		   "Exit code 1 if something could not be read.",
	.run = run,
};
