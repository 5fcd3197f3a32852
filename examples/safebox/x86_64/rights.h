/* SPDX-License-Identifier: MIT */
/* A thread's rights to protection keys: PKRU, two bits a key, that forbid. */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#define BOX_LEN		4096		/* of a page */

#define BOX_CLOSED	0x55555554	/* the kernel's default: key 0 and no other */
#define BOX_OPEN	0x55555550

/* The rights that this thread has now. */
static inline uint64_t box_rights(void)
{
	uint32_t rights, zero;

	__asm__ volatile("rdpkru" : "=a"(rights), "=d"(zero) : "c"(0));
	return rights;
}

/* For who makes the box, and for the judge: the right itself. */
static inline void box_set_rights(uint64_t rights)
{
	__asm__ volatile("wrpkru" : : "a"((uint32_t)rights), "c"(0), "d"(0) : "memory");
}

/* Of any key but 0. */
static inline bool box_is_open(uint64_t rights)
{
	return (rights & BOX_CLOSED) != BOX_CLOSED;
}

/* The load of box_peek(). */
#define BOX_LOAD	"movq	%[from], %[value]\n\t"

#endif /* RIGHTS_H */
