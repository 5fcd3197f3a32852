/* SPDX-License-Identifier: MIT */
/*
 * Instructions that may fault, each with a response of its own.
 *
 * int probe_load(const void *address, uint64_t *value)
 * int probe_illegal(void)
 * int probe_divide(uint64_t dividend, uint64_t divisor, uint64_t *quotient)
 *
 * start:
 *	one instruction
 * end:
 *	*result = what it gave			the commit, outside of the span
 *	return 0
 * response:
 *	return PROBE_LOAD, PROBE_ILLEGAL or PROBE_DIVIDE
 *
 *	rdi, rsi, rdx	arguments		in
 *	rax		result, return value	scratch, out
 *	rcx, r8		scratch
 *
 * One instruction a span, so which one has faulted is clear and nothing is half
 * done; three descriptors, since each response says which it was.
 */
#include "page.h"
#include "probe.h"

	estp_page probe_page, 3
	estp_descriptor probe_page, FAULT, load_start, load_end, load_response
	estp_descriptor probe_page, FAULT, illegal_start, illegal_end, illegal_response
	estp_descriptor probe_page, FAULT, divide_start, divide_end, divide_response

function probe_load
load_start:
	mov	(%rdi), %rax
load_end:
	mov	%rax, (%rsi)
	xor	%eax, %eax
	ret
load_response:
	mov	$PROBE_LOAD, %eax
	ret
function_end probe_load

function probe_illegal
illegal_start:
	ud2
illegal_end:
	xor	%eax, %eax
	ret
illegal_response:
	mov	$PROBE_ILLEGAL, %eax
	ret
function_end probe_illegal

function probe_divide
	mov	%rdx, %r8
	mov	%rdi, %rax
	xor	%edx, %edx
divide_start:
	div	%rsi
divide_end:
	mov	%rax, (%r8)
	xor	%eax, %eax
	ret
divide_response:
	mov	$PROBE_DIVIDE, %eax
	ret
function_end probe_divide

	estp_page_end probe_page

	.section .note.GNU-stack, "", @progbits
