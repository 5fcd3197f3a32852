/* SPDX-License-Identifier: MIT */
/*
 * A page map as allocators have them: for each region of the heap one word, whose
 * type is the allocator's to change.
 *
 *      entry[region] --> struct slab                 metadata: memory that gets other
 *                          chain[0] --up--> ... NULL   uses, and then other contents
 *                                      '--bitmap--> freed
 *
 * or, in a region that is not cut into slabs, entry[region] is a size.
 *
 * Freeing an object follows these pointers and sets the object's bit; whoever sets it
 * the second time has freed the object twice.  Only the owner of a region changes its
 * entry, after it has revoked all objects of the region: from then on nobody has a
 * right to free one.  But a thread that frees twice has no right either, and may be
 * in the middle of it.
 */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stddef.h>
#include <stdint.h>

#define REGIONS		8
#define OBJECTS		64	/* of a region */
#define LINKS		48	/* of a chain; more than is usual, to be hit more often */

struct link {
	struct link *up;	/* NULL: the last, whose bitmap it is */
	uint64_t *bitmap;
};

struct slab {
	struct link chain[LINKS];
	uint64_t freed;		/* a bit for each object */
};

struct pagemap {
	uint8_t revoked[REGIONS];	/* these two are always what they are */
	uintptr_t entry[REGIONS];	/* struct slab *, or a size */
};

enum freed { FREED, FREED_TWICE, REVOKED };

#endif /* PAGEMAP_H */
