/* SPDX-License-Identifier: MIT
 *
 * gorun/where.h - where coir's headers and library are: beside this very launcher.
 *
 * A launcher inside the build tree uses the source tree's headers and the build tree's library. An installed one
 * finds them from its own place, PREFIX/bin/gorun, by the folders the build was configured with; so an
 * installation may be moved, or live under a DESTDIR.
 */
#ifndef GORUN_WHERE_H
#define GORUN_WHERE_H

struct where {
	char *include; /* the folder that holds coir/coir.h */
	char *library; /* the folder that holds libcoir.so */
};

/* Returns 0, or -errno after one line on stderr; then there is nothing to free. */
int where_find(struct where *where);

void where_free(struct where *where);

#endif
