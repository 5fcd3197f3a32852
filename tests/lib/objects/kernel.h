/* SPDX-License-Identifier: MIT */
/*
 * A kernel of one's own: the madvise() that the constructors of all objects of this
 * process meet.  It does with the requests what the module does, by the same core/, and
 * keeps what it was given, to be compared with where the compiler's labels are.
 *
 * In the environment: KERNEL=absent has no ESTP; KERNEL=refuse refuses the first table.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One copy of the sequence of unit.h, as its own code found itself. */
struct where {
	uintptr_t start, end, fault, gate, stub, stub_end;
};

/* What an object says of itself, once its functions have run. */
struct object {
	const char *name;
	const int *error;		/* its estp_object_error_ */
	int early;			/* what that was in a constructor of default priority */
	int status;			/* of estp_status() */
	uint32_t features, sequences, pages;
	unsigned int wheres;		/* copies of the sequence that ran */
	struct where where[16];
	const char *page;		/* its ESTP page */
	uintptr_t page_start, page_end;	/* the page's sequence */
};

/* A copy has run: remember it, once. */
void object_ran(struct object *object, const struct where *where);

#ifdef __cplusplus
}
#endif

#endif /* KERNEL_H */
