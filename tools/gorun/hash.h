/* SPDX-License-Identifier: MIT
 *
 * gorun/hash.h - the 128-bit FNV-1a hash that names the files of the cache.
 *
 * It tells contents apart; it does not withstand an enemy, and need not: only the user's own files are hashed
 * into a directory that only the user can write.
 */
#ifndef GORUN_HASH_H
#define GORUN_HASH_H

#include <stddef.h>

__extension__ typedef unsigned __int128 hash128;

/* Where every hash starts. */
hash128 hash_start(void);

/* Each adds one field, its length included: two fields never run together. */
hash128 hash_bytes(hash128 hash, const void *data, size_t size);
hash128 hash_string(hash128 hash, const char *string);

/* 32 hexadecimal digits and a zero. */
#define HASH_NAME_SIZE 33
void hash_name(hash128 hash, char name[HASH_NAME_SIZE]);

#endif
