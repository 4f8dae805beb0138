/* SPDX-License-Identifier: MIT
 *
 * sha1.h - SHA-1 (FIPS 180-4) of a message of at most 55 bytes, which is one block. For the tree search, not for
 * secrets.
 */
#ifndef SIM_SHA1_H
#define SIM_SHA1_H

#include <stddef.h>
#include <stdint.h>

void sha1(uint8_t digest[20], const uint8_t *message, size_t length);

#endif
