/* SPDX-License-Identifier: MIT */
/*
 * One page, with a sequence of each selector.
 *
 * void page_add(long *value)
 *
 *	value = *p;		rax
 *	value += 1;
 *	*p = value;		commit
 *
 *	rdi	p		in, kept
 *	rax	value		scratch: the first instruction writes it
 *
 * Preempted anywhere before the commit, nothing has been stored: it begins anew.
 *
 * void page_spin(long *p): p[0] = 1; while (!p[1]);
 *
 * Stays in its sequence until somebody lets it go. Storing 1 twice is as once.
 *
 * int page_peek(const long *p): 0, or -1 if the load faults
 */
#include <estp/page.h>

	estp_page page
	estp_preemption start=page_add_start, end=page_add_end, response=page_add_start
	estp_preemption start=page_spin_start, end=page_spin_end, response=page_spin_start
	estp_fault start=page_peek_start, end=page_peek_end, response=page_peek_fault

	estp_function page_add
estp_label page_add_start
	mov	(%rdi), %rax
	nop
	add	$1, %rax
	mov	%rax, (%rdi)
estp_label page_add_end
	ret
	estp_function_end page_add

	estp_function page_spin
estp_label page_spin_start
	movq	$1, (%rdi)
1:	pause
	cmpq	$0, 8(%rdi)
	je	1b
estp_label page_spin_end
	ret
	estp_function_end page_spin

	estp_function page_peek
estp_label page_peek_start
	mov	(%rdi), %rax
estp_label page_peek_end
	xor	%eax, %eax
	ret
estp_label page_peek_fault
	mov	$-1, %eax
	ret
	estp_function_end page_peek

	estp_page_end page
