/* SPDX-License-Identifier: MIT */
#include "stack/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_SLOTS 64u
#define MOST_SLOTS  16384u
#define MOST_BYTES  ((size_t)4 << 30)

typedef struct arena {
	struct arena *older; /* in the list of all; set before the arena is published */
	char *base;
	size_t bytes;
	unsigned node, class;
	unsigned slots, carved; /* carved: guarded by the lock of (node, class) */
} arena;

static coiri_stack_setup setup;
/* All arenas, newest first. Pushed with release, walked with acquire, also from a signal handler. */
static coiri_atomic(arena *) arenas;
/* The arena that is being carved, for each node and class. */
static arena **current;
static unsigned nodes; /* that `current` has room for */
static coiri_atomic(uint64_t) reserved;

static arena **current_of(unsigned node, unsigned class)
{
	return &current[node * COIRI_STACK_CLASSES + class];
}

static unsigned slots_wanted(const arena *last, unsigned class)
{
	size_t slots = last ? (size_t)last->slots * 2 : FIRST_SLOTS;
	size_t most = MOST_BYTES / coiri_slot_size(class);
	if (slots > MOST_SLOTS)
		slots = MOST_SLOTS;
	if (slots > most)
		slots = most;
	return slots ? (unsigned)slots : 1;
}

/* Maps as many slots as wanted, or as the kernel gives. */
static char *map_slots(unsigned class, unsigned *slots)
{
	int saved = errno;
	char *base = MAP_FAILED;
	for (; *slots > 0; *slots /= 2) {
		base = mmap(NULL, *slots * coiri_slot_size(class), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
		if (base != MAP_FAILED)
			break;
	}
	errno = saved;
	return base == MAP_FAILED ? NULL : base;
}

static arena *make_arena(unsigned node, unsigned class)
{
	unsigned slots = slots_wanted(*current_of(node, class), class);
	arena *a = malloc(sizeof *a);
	char *base = a ? map_slots(class, &slots) : NULL;
	if (!base) {
		free(a);
		return NULL;
	}
	size_t bytes = slots * coiri_slot_size(class);
	int saved = errno;
	madvise(base, bytes, MADV_NOHUGEPAGE); /* fails where huge pages are not built in: then there are none */
	errno = saved;
	if (setup.bind && setup.nodes > 1)
		setup.bind(setup.context, node, base, bytes);
	*a = (arena){.base = base, .bytes = bytes, .node = node, .class = class, .slots = slots};
	a->older = at_load_relaxed(&arenas);
	/* release: pairs with the acquire in coiri_arena_guard_hit; several (node, class) locks may push at once */
	while (!at_cas_release(&arenas, &a->older, a))
		;
	at_add_relaxed(&reserved, bytes);
	*current_of(node, class) = a;
	return a;
}

char *coiri_arena_carve(unsigned node, unsigned class, unsigned *count)
{
	arena *a = *current_of(node, class);
	if (!a || a->carved == a->slots)
		a = make_arena(node, class);
	if (!a)
		return NULL;
	unsigned n = a->slots - a->carved;
	if (n > *count)
		n = *count;
	a->carved += n;
	*count = n;
	return a->base + a->bytes - (a->carved - n) * coiri_slot_size(class);
}

unsigned coiri_arena_colour(const char *slot_end, unsigned class)
{
	/* Any numbering of neighbouring slots will do: it need not start at the arena's base. */
	return (unsigned)((uintptr_t)slot_end / coiri_slot_size(class) % COIRI_STACK_COLOURS) * COIRI_CACHE_LINE;
}

/* The arena in which the address lies, and where. */
static const arena *find(const void *address, size_t *offset)
{
	/* acquire: pairs with the release in make_arena */
	for (const arena *a = at_load_acquire(&arenas); a; a = a->older) {
		*offset = (size_t)((const char *)address - a->base);
		if ((const char *)address >= a->base && *offset < a->bytes)
			return a;
	}
	return NULL;
}

bool coiri_arena_guard_hit(const void *address, size_t *size)
{
	size_t offset;
	const arena *a = find(address, &offset);
	if (!a)
		return false;
	*size = coiri_class_size(a->class);
	return offset % coiri_slot_size(a->class) < COIRI_GUARD_BYTES;
}

char *coiri_arena_slot_end(const void *address, unsigned *class)
{
	size_t offset;
	const arena *a = find(address, &offset);
	if (!a)
		return NULL;
	*class = a->class;
	return a->base + (offset / coiri_slot_size(a->class) + 1) * coiri_slot_size(a->class);
}

uint64_t coiri_arena_bytes(void)
{
	return at_load_relaxed(&reserved);
}

int coiri_arenas_start(const coiri_stack_setup *s)
{
	if (s->nodes > nodes) {
		arena **grown = realloc(current, (size_t)s->nodes * COIRI_STACK_CLASSES * sizeof *current);
		if (!grown)
			return -ENOMEM;
		current = grown;
		for (; nodes < s->nodes; nodes++)
			memset(current_of(nodes, 0), 0, COIRI_STACK_CLASSES * sizeof *current);
	}
	setup = *s;
	return 0;
}

void coiri_arenas_stop(void)
{
	arena *a = at_load_relaxed(&arenas);
	at_store_relaxed(&arenas, NULL);
	while (a) {
		arena *older = a->older;
		munmap(a->base, a->bytes);
		free(a);
		a = older;
	}
	free(current);
	current = NULL;
	nodes = 0;
	at_store_relaxed(&reserved, 0);
}

void coiri_arenas_forget(void)
{
	at_store_relaxed(&arenas, NULL);
	current = NULL;
	nodes = 0;
	at_store_relaxed(&reserved, 0);
}
