/* SPDX-License-Identifier: MIT
 *
 * gorun/elf.h - what a shared object asks of others.
 */
#ifndef GORUN_ELF_H
#define GORUN_ELF_H

#include <stdbool.h>

/* Does the file start as ELF files do? */
bool elf_is(const char *path);

/* Does the ELF file import one of the names (the last is NULL)? False when it cannot be read. */
bool elf_imports(const char *path, const char *const *names);

#endif
