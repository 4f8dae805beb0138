/* SPDX-License-Identifier: MIT */
#include "hash.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static hash128 make(uint64_t high, uint64_t low)
{
	return (hash128)high << 64 | low;
}

/* Offset basis and prime of FNV-1a with 128 bits. */
hash128 hash_start(void)
{
	return make(0x6c62272e07bb0142u, 0x62b821756295c58du);
}

static hash128 mix(hash128 hash, const unsigned char *data, size_t size)
{
	const hash128 prime = make(0x0000000001000000u, 0x000000000000013bu);
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * prime;
	return hash;
}

hash128 hash_bytes(hash128 hash, const void *data, size_t size)
{
	uint64_t length = size;
	hash = mix(hash, (const unsigned char *)&length, sizeof length);
	return mix(hash, data, size);
}

hash128 hash_string(hash128 hash, const char *string)
{
	return hash_bytes(hash, string, strlen(string));
}

void hash_name(hash128 hash, char name[HASH_NAME_SIZE])
{
	snprintf(name, HASH_NAME_SIZE, "%016" PRIx64 "%016" PRIx64, (uint64_t)(hash >> 64), (uint64_t)hash);
}
