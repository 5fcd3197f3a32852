/* SPDX-License-Identifier: MIT */
/*
 * The sequences of length.c, of L instructions, L - 6 of which stand for work:
 *
 *	mrs	i, tpidr_el0
 *	ldrsw	i, [i, cpu number's place]
 *	add	i, counter, i, lsl #20
 *	ldr	x, [i]
 *	add	y, x, #1		as often as there is work
 *	...
 *	add	x, x, #1
 *	str	x, [i]			the commit
 *
 * That of six is estp_add().
 */

/* L, and how much work */
#define LENGTHS(what)								\
	what(6, 0) what(10, 4) what(20, 14) what(50, 44) what(100, 94) what(200, 194)

#define WORK(nr)								\
	".rept	" #nr "\n\t"							\
	"add	%x[y], %x[x], #1\n\t"						\
	".endr\n\t"
#define INCREMENT		"add	%x[x], %x[x], #1\n\t"

#define GROW(kind, length, nr)							\
ALWAYS_INLINE void kind##_grow_##length(intptr_t *o, CONTEXT)			\
{										\
	intptr_t x, y;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(grow)						\
		"ldr	%x[x], " AT_##kind("0") "\n\t"				\
		WORK(nr)							\
		INCREMENT							\
		COMMIT_##kind(grow)						\
		"str	%x[x], " AT_##kind("0") "\n\t"				\
		AFTER_##kind(grow)						\
		: [x] "=&r"(x), [y] "=&r"(y) OUT_##kind				\
		: [o] "r"(o) IN_##kind						\
		: "memory", "cc"						\
		: unused LABELS_##kind);					\
ESTP_RESPONSE(unused);								\
}

#define SHORT_LOOPS
#define SHORT_ROWS
