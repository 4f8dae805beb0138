/* SPDX-License-Identifier: MIT
 *
 * uts.c - see uts.h. The parameters are those of T1: geometric distribution, fixed shape (-t 1 -a 3), depth 10, four
 * children on average, root seed 19. SHA-1 is portable C in the same object file for all systems.
 */
#include "uts.h"
#include "../harness/peer.h"

#include <math.h>

#define ROOT_SEED 19
#define BRANCHING 4.0

/* Smaller trees are for trying out. */
#define DEPTH       10
#define NODES       4130071
#define SMALL_DEPTH 4
#define SMALL_NODES 944

static inline uint32_t rotated(uint32_t x, int bits)
{
	return x << bits | x >> (32 - bits);
}

/* One of the 80 rounds. The five numbers change places instead of values; unrolled, that costs nothing. */
static inline void round_of(uint32_t v[5], uint32_t mixed, uint32_t constant, uint32_t word)
{
	uint32_t first = rotated(v[0], 5) + mixed + v[4] + constant + word;

	v[4] = v[3];
	v[3] = v[2];
	v[2] = rotated(v[1], 30);
	v[1] = v[0];
	v[0] = first;
}

/* Word t of the message's schedule: sixteen are kept, from 16 on each is made of four before it. */
static inline uint32_t word_of(uint32_t w[16], int t)
{
	if (t >= 16)
		w[t % 16] = rotated(w[(t + 13) % 16] ^ w[(t + 8) % 16] ^ w[(t + 2) % 16] ^ w[t % 16], 1);
	return w[t % 16];
}

/* SHA-1 (FIPS 180-4) of a message of one block, padded already. */
static void sha1(uint32_t w[16], uint32_t hash[5])
{
	static const uint32_t initial[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint32_t v[5] = {initial[0], initial[1], initial[2], initial[3], initial[4]};

#pragma GCC unroll 20
	for (int t = 0; t < 20; t++)
		round_of(v, v[3] ^ (v[1] & (v[2] ^ v[3])), 0x5a827999, word_of(w, t));
#pragma GCC unroll 20
	for (int t = 20; t < 40; t++)
		round_of(v, v[1] ^ v[2] ^ v[3], 0x6ed9eba1, word_of(w, t));
#pragma GCC unroll 20
	for (int t = 40; t < 60; t++)
		round_of(v, (v[1] & v[2]) | (v[3] & (v[1] | v[2])), 0x8f1bbcdc, word_of(w, t));
#pragma GCC unroll 20
	for (int t = 60; t < 80; t++)
		round_of(v, v[1] ^ v[2] ^ v[3], 0xca62c1d6, word_of(w, t));
	for (int i = 0; i < 5; i++)
		hash[i] = initial[i] + v[i];
}

static int depth(void)
{
	return peer_shrunk() ? SMALL_DEPTH : DEPTH;
}

/* The hash of 16 zero bytes and the seed. */
struct uts_node uts_root(void)
{
	uint32_t w[16] = {[4] = ROOT_SEED, [5] = 0x80000000, [15] = 20 * 8};
	struct uts_node root = {.height = 0};

	sha1(w, root.state);
	return root;
}

/* The hash of the parent's state and the child's number. */
struct uts_node uts_child(const struct uts_node *parent, int i)
{
	const uint32_t *s = parent->state;
	uint32_t w[16] = {s[0], s[1], s[2], s[3], s[4], (uint32_t)i, 0x80000000, [15] = 24 * 8};
	struct uts_node child = {.height = parent->height + 1};

	sha1(w, child.state);
	return child;
}

int uts_children(const struct uts_node *node)
{
	if (node->height >= depth())
		return 0;
	double uniform = (node->state[4] & 0x7fffffff) / 2147483648.0;
	return (int)(log(1 - uniform) / log(1 - 1 / (1 + BRANCHING)));
}

void uts_result(long nodes, double ns)
{
	const char *params = peer_shrunk() ? "depth=4" : NULL;

	peer_check("nodes", nodes, peer_shrunk() ? SMALL_NODES : NODES);
	peer_result("Mnodes/s", "1e6/s", (double)nodes / ns * 1e3, params);
	peer_peak_result(params);
}
