/* SPDX-License-Identifier: MIT */
/* A thread's rights to protection keys: POR_EL0, four bits a key, that allow: read, execute, write. */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#define BOX_LEN		65536		/* of the largest pages that a kernel may have */

#define BOX_CLOSED	0x07		/* the kernel's default: key 0 and no other */
#define BOX_OPEN	0x57

/* By its number: assemblers of today do not know the name. */
#define POR_EL0		"s3_3_c10_c2_4"

/* The rights that this thread has now. */
static inline uint64_t box_rights(void)
{
	uint64_t rights;

	__asm__ volatile("mrs %0, " POR_EL0 : "=r"(rights));
	return rights;
}

/* For who makes the box, and for the judge: the right itself. */
static inline void box_set_rights(uint64_t rights)
{
	__asm__ volatile("msr " POR_EL0 ", %0\n\tisb" : : "r"(rights) : "memory");
}

/* Of any key but 0. */
static inline bool box_is_open(uint64_t rights)
{
	return rights & ~(uint64_t)BOX_CLOSED;
}

/* The load of box_peek(). */
#define BOX_LOAD	"ldr	%[value], %[from]\n\t"

#endif /* RIGHTS_H */
