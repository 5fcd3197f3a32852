// SPDX-License-Identifier: MIT
/*
 * share_node - a node is a path, with a number
 *
 * It is kept until the guest has forgotten it as often as it was told of it. Numbers are
 * indices into a table, and given anew; number 1 is the shared folder.
 */
#define _GNU_SOURCE
#include <linux/fuse.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share.h"

static struct node **node;		/* by number */
static size_t node_nr = 1, node_max;	/* number 0 means none */
static size_t *free_id, free_nr, free_max;
static void *by_path;			/* a tree of nodes */

void *must(void *memory)
{
	if (!memory) {
		fputs("share: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

void *grow(void *array, size_t *max, size_t index, size_t size)
{
	if (index < *max)
		return array;
	*max = index + index / 2 + 64;
	return must(realloc(array, *max * size));
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->path, ((const struct node *)b)->path);
}

struct node *node_of(char *path)
{
	struct node key = { .path = path }, *new, **found;

	found = tfind(&key, &by_path, compare);
	if (found) {
		free(path);
		(*found)->told++;
		return *found;
	}
	new = must(malloc(sizeof(*new)));
	new->path = path;
	new->told = 1;
	if (free_nr) {
		new->id = free_id[--free_nr];
	} else {
		node = grow(node, &node_max, node_nr, sizeof(*node));
		new->id = node_nr++;
	}
	node[new->id] = new;
	must(tsearch(new, &by_path, compare));
	return new;
}

struct node *node_at(uint64_t id)
{
	return id && id < node_nr ? node[id] : NULL;
}

void forget(uint64_t id, uint64_t times)
{
	struct node *old = node_at(id);

	if (!old || id == FUSE_ROOT_ID)
		return;
	old->told -= times < old->told ? times : old->told;
	if (old->told)
		return;
	tdelete(old, &by_path, compare);
	node[id] = NULL;
	free_id = grow(free_id, &free_max, free_nr, sizeof(*free_id));
	free_id[free_nr++] = id;
	free(old->path);
	free(old);
}
