/* SPDX-License-Identifier: MIT */
/*
 * The four operations behind a call: on an ESTP page, and the same in ordinary text, each
 * of them once by a macro that holds its instructions.
 *
 *	in:      rdi the object, CPU 0's; rsi what to add, put or push, or where to take to;
 *	         rdx where the CPU's number is, from the thread pointer
 *	out:     rax the link popped; 0 if there was none, or the ring was full or empty
 *	scratch: rax, rcx, r8 to r10
 *
 * Everything before the last store of each goes to scratch registers, or to memory that is
 * nobody's yet: begun anew it does the same.
 */
#include <estp/page.h>

/* The next store is to what nobody else reads before the commit; said of the page only. */
.macro unpublished where:req, name:req
	.ifc	\where, page
	estp_unpublished page_\name
	.endif
.endm

/* rax = this CPU's distance from CPU 0 */
.macro distance
	movslq	%fs:(%rdx), %rax
	shl	$20, %rax
.endm

/* object[this CPU] += rsi */
.macro count_before where:req
	distance
.endm
.macro count_commit
	add	%rsi, (%rdi,%rax)
.endm
.macro count_after
.endm

/* rsi->next = object[this CPU]; object[this CPU] = rsi */
.macro push_before where:req
	distance
	mov	(%rdi,%rax), %rcx
	unpublished \where, push_next
	mov	%rcx, (%rsi)
.endm
.macro push_commit
	mov	%rsi, (%rdi,%rax)
.endm
.macro push_after
.endm

/* rax = object[this CPU]; if (rax) object[this CPU] = rax->next */
.macro pop_before where:req
	movslq	%fs:(%rdx), %rcx
	shl	$20, %rcx
	mov	(%rdi,%rcx), %rax
	test	%rax, %rax
	jz	9f
	mov	(%rax), %r8
.endm
.macro pop_commit
	mov	%r8, (%rdi,%rcx)
.endm
.macro pop_after
9:
.endm

.macro put_before where:req
	movslq	%fs:(%rdx), %rcx
	shl	$20, %rcx
	add	%rdi, %rcx
	mov	(%rcx), %r8
	mov	%r8, %r9
	sub	8(%rcx), %r9
	xor	%eax, %eax
	cmp	$256, %r9
	jae	9f
	movzbl	%r8b, %r9d
	unpublished \where, put_slot
	mov	%rsi, 16(%rcx,%r9,8)
	inc	%r8
.endm
.macro put_commit
	mov	%r8, (%rcx)
.endm
.macro put_after
	mov	$1, %eax
9:
.endm

.macro take_before where:req
	movslq	%fs:(%rdx), %rcx
	shl	$20, %rcx
	add	%rdi, %rcx
	mov	8(%rcx), %r8
	xor	%eax, %eax
	cmp	(%rcx), %r8
	je	9f
	movzbl	%r8b, %r9d
	mov	16(%rcx,%r9,8), %r9
	inc	%r8
.endm
.macro take_commit
	mov	%r8, 8(%rcx)
.endm
.macro take_after
	mov	%r9, (%rsi)
	mov	$1, %eax
9:
.endm

/* The record is read from memory once more, as a called function gets it. */
.macro write_before where:req
	distance
	add	%rdi, %rax
	mov	(%rax), %rcx
	movzwl	%cx, %r10d
	mov	(%rsi), %r8
	mov	8(%rsi), %r9
	unpublished \where, write_time
	mov	%r8, 64(%rax,%r10)
	unpublished \where, write_id
	mov	%r9, 72(%rax,%r10)
	mov	16(%rsi), %r8
	mov	24(%rsi), %r9
	unpublished \where, write_a
	mov	%r8, 80(%rax,%r10)
	unpublished \where, write_b
	mov	%r9, 88(%rax,%r10)
	add	$32, %rcx
.endm
.macro write_commit
	mov	%rcx, (%rax)
.endm
.macro write_after
.endm

.macro on_page operation:req
	.balign	64, 0xcc
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
	.balign	64, 0xcc
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
