/* SPDX-License-Identifier: MIT */
#include "sha1.h"

#include <string.h>

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static uint32_t mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
	switch (round / 20) {
	case 0:
		return ((b & c) | (~b & d)) + 0x5a827999;
	case 1:
		return (b ^ c ^ d) + 0x6ed9eba1;
	case 2:
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	default:
		return (b ^ c ^ d) + 0xca62c1d6;
	}
}

void sha1(uint8_t digest[20], const uint8_t *message, size_t length)
{
	static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t block[64] = {0};
	uint32_t w[80], h[5];
	memcpy(block, message, length);
	block[length] = 0x80;
	block[62] = (uint8_t)(length * 8 >> 8);
	block[63] = (uint8_t)(length * 8);
	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(h, start, sizeof h);
	for (int i = 0; i < 80; i++) {
		uint32_t t = rotate(h[0], 5) + mix(i, h[1], h[2], h[3]) + h[4] + w[i];
		h[4] = h[3];
		h[3] = h[2];
		h[2] = rotate(h[1], 30);
		h[1] = h[0];
		h[0] = t;
	}
	for (int i = 0; i < 20; i++)
		digest[i] = (uint8_t)((h[i / 4] + start[i / 4]) >> (24 - 8 * (i % 4)));
}
