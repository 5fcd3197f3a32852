/* SPDX-License-Identifier: MIT */
/*
 * As x86_64/percpu_page.S.
 *
 *	in:      x0 the object, CPU 0's; x1 what to add, put or push, or where to take to;
 *	         x2 where the CPU's number is, from the thread pointer
 *	out:     x0 the link popped; 0 if there was none, or the ring was full or empty
 *	scratch: x3 to x8; x0 only after the commit
 */
#include <estp/page.h>

/* The next store is to what nobody else reads before the commit; said of the page only. */
.macro unpublished where:req, name:req
	.ifc	\where, page
	estp_unpublished page_\name
	.endif
.endm

/* x3 = this CPU's object */
.macro place
	mrs	x3, tpidr_el0
	ldrsw	x3, [x3, x2]
	add	x3, x0, x3, lsl #20
.endm

/* object[this CPU] += x1 */
.macro count_before where:req
	place
	ldr	x4, [x3]
	add	x4, x4, x1
.endm
.macro count_commit
	str	x4, [x3]
.endm
.macro count_after
.endm

/* x1->next = object[this CPU]; object[this CPU] = x1 */
.macro push_before where:req
	place
	ldr	x4, [x3]
	unpublished \where, push_next
	str	x4, [x1]
.endm
.macro push_commit
	stlr	x1, [x3]
.endm
.macro push_after
.endm

/* x0 = object[this CPU]; if (x0) object[this CPU] = x0->next */
.macro pop_before where:req
	place
	ldr	x4, [x3]
	cbz	x4, 9f
	ldr	x5, [x4]
.endm
.macro pop_commit
	str	x5, [x3]
.endm
.macro pop_after
9:	mov	x0, x4
.endm

.macro put_before where:req
	place
	ldr	x4, [x3]
	ldr	x5, [x3, #8]
	sub	x5, x4, x5
	mov	w6, #0
	cmp	x5, #256
	b.hs	9f
	and	x5, x4, #255
	add	x5, x3, x5, lsl #3
	unpublished \where, put_slot
	str	x1, [x5, #16]
	add	x4, x4, #1
	mov	w6, #1
.endm
.macro put_commit
	str	x4, [x3]
.endm
.macro put_after
9:	mov	w0, w6
.endm

.macro take_before where:req
	place
	ldr	x4, [x3, #8]
	ldr	x5, [x3]
	mov	w6, #0
	cmp	x4, x5
	b.eq	9f
	and	x5, x4, #255
	add	x5, x3, x5, lsl #3
	ldr	x5, [x5, #16]
	add	x4, x4, #1
.endm
.macro take_commit
	str	x4, [x3, #8]
.endm
.macro take_after
	str	x5, [x1]
	mov	w6, #1
9:	mov	w0, w6
.endm

/* The record is read from memory once more, as a called function gets it. */
.macro write_before where:req
	place
	ldr	x4, [x3]
	and	x5, x4, #0xffff
	add	x5, x3, x5
	ldp	x6, x7, [x1]
	unpublished \where, write_time_id
	stp	x6, x7, [x5, #64]
	ldp	x6, x7, [x1, #16]
	unpublished \where, write_a_b
	stp	x6, x7, [x5, #80]
	add	x4, x4, #32
.endm
.macro write_commit
	str	x4, [x3]
.endm
.macro write_after
.endm

.macro on_page operation:req
	.balign	64
	estp_function page_\operation
	estp_label page_\operation\()_start
	\operation\()_before page
	estp_commit page_\operation\()_commit
	\operation\()_commit
	estp_label page_\operation\()_end
	\operation\()_after
	ret
	estp_function_end page_\operation
.endm

.macro in_text operation:req
	.balign	64
	estp_function called_\operation
	\operation\()_before text
	\operation\()_commit
	\operation\()_after
	ret
	estp_function_end called_\operation
.endm

estp_page bench_page
	estp_preemption start=page_count_start, end=page_count_end, response=page_count_start
	estp_preemption start=page_push_start, end=page_push_end, response=page_push_start
	estp_preemption start=page_pop_start, end=page_pop_end, response=page_pop_start
	estp_preemption start=page_put_start, end=page_put_end, response=page_put_start
	estp_preemption start=page_take_start, end=page_take_end, response=page_take_start
	estp_preemption start=page_write_start, end=page_write_end, response=page_write_start
	on_page count
	on_page push
	on_page pop
	on_page put
	on_page take
	on_page write
estp_page_end bench_page

	.text
	in_text count
	in_text push
	in_text pop
	in_text put
	in_text take
	in_text write
