/* SPDX-License-Identifier: MIT */
/*
 * The page of each object.
 *
 * long page_load(const long *p): *p, or -1 if that faults
 *
 *	rdi	p		in
 *	rax	value		out
 *
 * Nothing is stored: the load is all there is.
 */
#include <estp/page.h>

	estp_page page
	estp_fault start=page_start, end=page_end, response=page_fault

	estp_function page_load
estp_label page_start
	mov	(%rdi), %rax
estp_label page_end
	ret
estp_label page_fault
	mov	$-1, %rax
	ret
	estp_function_end page_load

	estp_page_end page
