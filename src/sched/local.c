/* SPDX-License-Identifier: MIT
 *
 * A value is stored with the generation of its key, so a key that was deleted and made anew finds nothing of its
 * predecessor. Keys are global and outlive runtimes; a generation is odd while the key exists.
 */
#include "sched/local.h"
#include "sched/sched.h"

#include <errno.h>
#include <stdlib.h>

typedef struct key_slot {
	coiri_atomic(uint64_t) generation;
	coiri_atomic(void (*)(void *value)) destructor;
} key_slot;

typedef struct value {
	void *value;
	uint64_t generation;
} value;

/* What coiri_cold.locals points to. */
typedef struct table {
	value values[COIR_KEYS_MAX];
} table;

static key_slot keys[COIR_KEYS_MAX];
static coiri_lock keys_lock;

int coir_key_create(coir_key *out, void (*destructor)(void *value))
{
	if (!out)
		return -EINVAL;
	int r = -EAGAIN;
	coiri_lock_acquire(&keys_lock);
	for (coir_key k = 0; k < COIR_KEYS_MAX && r; k++) {
		uint64_t generation = at_load_relaxed(&keys[k].generation);
		if (generation & 1)
			continue;
		at_store_relaxed(&keys[k].destructor, destructor);
		at_store_release(&keys[k].generation, generation + 1); /* pairs with the acquire in generation_of */
		*out = k;
		r = 0;
	}
	coiri_lock_release(&keys_lock);
	return r;
}

/* The generation of an existing key, or 0. */
static uint64_t generation_of(coir_key key)
{
	uint64_t generation = key < COIR_KEYS_MAX ? at_load_acquire(&keys[key].generation) : 0;
	return generation & 1 ? generation : 0;
}

int coir_key_delete(coir_key key)
{
	int r = -EINVAL;
	coiri_lock_acquire(&keys_lock);
	uint64_t generation = generation_of(key);
	if (generation) {
		at_store_release(&keys[key].generation, generation + 1);
		r = 0;
	}
	coiri_lock_release(&keys_lock);
	return r;
}

int coir_set(coir_key key, void *new_value)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	if (coiri_is_task(w->current))
		return -EPERM;
	uint64_t generation = generation_of(key);
	if (!generation)
		return -EINVAL;
	coiri_cold *cold = w->current->cold;
	table *t = at_load_relaxed(&cold->locals);
	if (!t) {
		if (!new_value)
			return 0;
		t = calloc(1, sizeof *t);
		if (!t)
			return -ENOMEM;
		at_store_release(&cold->locals,
				 t); /* pairs with the acquire in coir_get, of tasks that act as this fiber */
	}
	t->values[key] = (value){new_value, generation};
	return 0;
}

int coir_get(coir_key key, void **out)
{
	coiri_worker *w = coiri_here();
	if (!w)
		return -EPERM;
	uint64_t generation = generation_of(key);
	if (!generation || !out)
		return -EINVAL;
	const table *t = at_load_acquire(&coiri_identity(w->current)->cold->locals); /* pairs with coir_set's release */
	*out = t && t->values[key].generation == generation ? t->values[key].value : NULL;
	return 0;
}

/* One round of destructors; true if there was a value left. */
static bool destroy_round(table *t)
{
	bool any = false;
	for (coir_key k = 0; k < COIR_KEYS_MAX; k++) {
		void *v = t->values[k].value;
		if (!v || t->values[k].generation != generation_of(k))
			continue;
		void (*destructor)(void *) = at_load_acquire(&keys[k].destructor);
		if (t->values[k].generation != generation_of(k)) /* deleted, and maybe made anew, meanwhile */
			continue;
		t->values[k].value = NULL;
		if (destructor) {
			destructor(v);
			any = true;
		}
	}
	return any;
}

void coiri_locals_end(coiri_cold *cold)
{
	table *t = at_load_relaxed(&cold->locals);
	for (int i = 0; i < COIR_DESTRUCTOR_ITERATIONS; i++)
		if (!destroy_round(t))
			break;
	free(t);
	at_store_relaxed(&cold->locals, NULL);
}

void coiri_locals_drop(coiri_cold *cold)
{
	free(at_load_relaxed(&cold->locals));
}

void coiri_locals_forked(void)
{
	keys_lock = (coiri_lock){0};
}
