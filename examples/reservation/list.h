/* SPDX-License-Identifier: MIT */
/*
 * A list that everybody takes from; who has taken a node may give its memory away at once.
 */
#ifndef LIST_H
#define LIST_H

#include <stdint.h>

struct node {
	struct node *next;
	uint64_t number;
};

/* What a pop gives for a list whose first node cannot be read, however often it is tried. */
#define BAD_LIST	((struct node *)-1)
#define FAULTS_MAX	1000

#endif /* LIST_H */
