/* SPDX-License-Identifier: MIT */
/*
 * Instructions that may fault, each with a response of its own. (Division by zero is
 * no fault here.)
 *
 * int probe_load(const void *address, uint64_t *value)
 * int probe_illegal(void)
 *
 * start:
 *	one instruction
 * end:
 *	*result = what it gave			the commit, outside of the span
 *	return 0
 * response:
 *	return PROBE_LOAD or PROBE_ILLEGAL
 *
 *	x0, x1		arguments		in
 *	x0		return value		out
 *	x2		result			scratch
 *
 * One instruction a span, so which one has faulted is clear and nothing is half
 * done; two descriptors, since each response says which it was.
 */
#include "page.h"
#include "probe.h"

	estp_page probe_page, 2
	estp_descriptor probe_page, FAULT, load_start, load_end, load_response
	estp_descriptor probe_page, FAULT, illegal_start, illegal_end, illegal_response

function probe_load
load_start:
	ldr	x2, [x0]
load_end:
	str	x2, [x1]
	mov	w0, #0
	ret
load_response:
	mov	w0, #PROBE_LOAD
	ret
function_end probe_load

function probe_illegal
illegal_start:
	.inst	0			/* udf #0 */
illegal_end:
	mov	w0, #0
	ret
illegal_response:
	mov	w0, #PROBE_ILLEGAL
	ret
function_end probe_illegal

	estp_page_end probe_page

	.section .note.GNU-stack, "", %progbits
