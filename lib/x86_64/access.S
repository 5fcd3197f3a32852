/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores that may fail; which ranges can be accessed.
 *
 *	if (not registered)
 *		return estp_slow_...;
 *   start:
 *	one access
 *   end:
 *	return 0;
 *   response:
 *	return -EFAULT;
 *
 * The access is the span, and only that: a bad `value` pointer is the caller's mistake
 * and crashes.  Nothing has been changed when the response runs.
 */
#include "access.h"

	.hidden	estp_slow_load, estp_slow_store, estp_slow_readable, estp_slow_writable

/* int estp_loadN(const void *address: rdi, uintN_t *value: rsi); scratch: rax, rdx */
.macro load name:req, size:req, insn:req, loaded:req, stored:req
function \name
	unless_registered .L\name\()_slow
.L\name\()_start:
	\insn	(%rdi), \loaded
.L\name\()_end:
	mov	\stored, (%rsi)
	xor	%eax, %eax
	ret
.L\name\()_response:
	mov	$-EFAULT, %eax
	ret
.L\name\()_slow:
	mov	$\size, %edx
	jmp	estp_slow_load
end_function \name
on_fault .L\name\()_start, .L\name\()_end, .L\name\()_response
.endm

load estp_load8, 1, movzbl, %eax, %al
load estp_load16, 2, movzwl, %eax, %ax
load estp_load32, 4, movl, %eax, %eax
load estp_load64, 8, movq, %rax, %rax

/* int estp_storeN(void *address: rdi, uintN_t value: rsi); scratch: rax, rdx */
.macro store name:req, size:req, from:req
function \name
	unless_registered .L\name\()_slow
.L\name\()_start:
	mov	\from, (%rdi)
.L\name\()_end:
	xor	%eax, %eax
	ret
.L\name\()_response:
	mov	$-EFAULT, %eax
	ret
.L\name\()_slow:
	mov	$\size, %edx
	jmp	estp_slow_store
end_function \name
on_fault .L\name\()_start, .L\name\()_end, .L\name\()_response
.endm

store estp_store8, 1, %sil
store estp_store16, 2, %si
store estp_store32, 4, %esi
store estp_store64, 8, %rsi

/*
 * int estp_readable(const void *address: rdi, size_t len: rsi), estp_writable() likewise.
 *
 *	last = address + len - 1;			rdx
 *   start:
 *	do {
 *		access one byte at address;		rdi
 *		address = first byte of the next page;
 *	} while (address <= last);
 *   end:
 *	return 1;
 *   response:
 *	return 0;
 *
 * The access to the last page of the address space is refused, so that address never wraps.
 */
.macro range name:req, slow:req, access:vararg
function \name
	unless_registered \slow
	mov	%rsi, %rdx
	sub	$1, %rdx
	jb	2f
	add	%rdi, %rdx
	jc	3f
.L\name\()_start:
1:	\access
	or	$4095, %rdi
	inc	%rdi
	cmp	%rdx, %rdi
	jbe	1b
.L\name\()_end:
2:	mov	$1, %eax
	ret
.L\name\()_response:
3:	xor	%eax, %eax
	ret
end_function \name
on_fault .L\name\()_start, .L\name\()_end, .L\name\()_response
.endm

range estp_readable, estp_slow_readable, movzbl (%rdi), %eax
/* A store for the page's rights, and for nobody's data: it is atomic, and adds nothing. */
range estp_writable, estp_slow_writable, lock orb $0, (%rdi)

	.section .note.GNU-stack,"",@progbits
