/* SPDX-License-Identifier: MIT */
/*
 * The nodes of vm/share: what the guest knows of the host's files.
 */
#ifndef VM_SHARE_H
#define VM_SHARE_H

#include <stddef.h>
#include <stdint.h>

struct node {
	char *path;			/* "" is the host's root */
	uint64_t told;			/* how often the guest heard of it */
	uint64_t id;			/* never 0 */
};

/* The node of @path, which it takes; told once more. */
struct node *node_of(char *path);
/* The one of that number, or NULL. */
struct node *node_at(uint64_t id);
/* The guest forgets it that often; the first node stays. */
void forget(uint64_t id, uint64_t times);

/* @memory, or the end of this process. */
void *must(void *memory);
/* @array of *@max elements, so large that there is one numbered @index. */
void *grow(void *array, size_t *max, size_t index, size_t size);

#endif /* VM_SHARE_H */
