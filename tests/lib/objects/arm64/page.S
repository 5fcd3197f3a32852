/* SPDX-License-Identifier: MIT */
/*
 * The page of each object.
 *
 * long page_load(const long *p): *p, or -1 if that faults
 *
 *	x0	p		in
 *		value		out
 *
 * Nothing is stored: the load is all there is.
 */
#include <estp/page.h>

	estp_page page
	estp_fault start=page_start, end=page_end, response=page_fault

	estp_function page_load
estp_label page_start
	ldr	x0, [x0]
estp_label page_end
	ret
estp_label page_fault
	mov	x0, #-1
	ret
	estp_function_end page_load

	estp_page_end page
