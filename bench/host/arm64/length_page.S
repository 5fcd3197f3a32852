/* SPDX-License-Identifier: MIT */
/*
 * As x86_64/length_page.S, of 6 to 200 instructions.
 *
 *	in:      x0 the counter, CPU 0's; x2 where the CPU's number is, from the thread pointer
 *	scratch: x3 to x5
 */
#include <estp/page.h>

.macro grow length:req
	.balign	64
	estp_function page_grow_\length
	estp_label grow_\length\()_start
	mrs	x3, tpidr_el0
	ldrsw	x3, [x3, x2]
	add	x3, x0, x3, lsl #20
	ldr	x4, [x3]
	.rept	\length - 6
	add	x5, x4, #1
	.endr
	add	x4, x4, #1
	estp_commit grow_\length\()_commit
	str	x4, [x3]
	estp_label grow_\length\()_end
	ret
	estp_function_end page_grow_\length
.endm

.macro describe length:req
	estp_preemption start=grow_\length\()_start, end=grow_\length\()_end, response=grow_\length\()_start
.endm

estp_page length_page
	.irp	length, 6, 10, 20, 50, 100, 200
	describe \length
	.endr
	.irp	length, 6, 10, 20, 50, 100, 200
	grow	\length
	.endr
estp_page_end length_page
