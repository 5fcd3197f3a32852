/* SPDX-License-Identifier: MIT */
/* libdemo_linked.so: per-CPU lists without atomics. It knows of nobody else's sequences. */
#ifndef LINKED_H
#define LINKED_H

#include <stdint.h>

#define LIST_LEN	64

struct node {
	struct node *next;
};

struct list {
	struct node *first;
} __attribute__((aligned(LIST_LEN)));

/* Push @node on the list of this CPU. Return: how often that was begun. See list.S. */
unsigned long list_push(struct list *lists, struct node *node, const volatile uint32_t *cpu);

/* Count the nodes on @nr lists; at most @limit, lest a ring would take for ever. */
uint64_t list_count(const struct list *lists, unsigned int nr, uint64_t limit);

/* The errno that registering the library's page ended with, or 0. */
int linked_registered(void);

#endif /* LINKED_H */
