/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access to memory that may not be there: each access is a FAULT span of its own.
 *
 *   what holds after a fault;	SMAP let through
 *  start:
 *   the access
 *  end:
 *   what holds after none
 *  response:			SMAP as before
 *
 * A response is always a place on the ordinary way, so that objtool follows it, and the
 * state of SMAP there is that of the span.  What is not in a span faults as ever: a bad
 * pointer of the caller's own is a bug.
 */
#include <asm/smap.h>
#include <linux/estp_page.h>

#define EFAULT	14

.macro let_through user:req
	.if	\user
	ASM_STAC
	.endif
.endm

.macro shut user:req
	.if	\user
	ASM_CLAC
	.endif
.endm

/* int name(const void *from: rdi, uintN_t *value: rsi); scratch: rax, rdx */
.macro fetch name:req, user:req, load:req, loaded:req, store:req
estp_fault start=\name\()_start, end=\name\()_end, response=\name\()_response
estp_function \name
	mov	$-EFAULT, %eax
	xor	%edx, %edx
	let_through \user
estp_label \name\()_start
	\load	(%rdi), \loaded
estp_label \name\()_end
	xor	%eax, %eax
estp_label \name\()_response
	shut	\user
	mov	\store, (%rsi)
	RET
estp_function_end \name
.endm

/* int name(void *to: rdi, uintN_t value: rsi); scratch: rax */
.macro store name:req, user:req, from:req
estp_fault start=\name\()_start, end=\name\()_end, response=\name\()_response
estp_function \name
	mov	$-EFAULT, %eax
	let_through \user
estp_label \name\()_start
	mov	\from, (%rdi)
estp_label \name\()_end
	xor	%eax, %eax
estp_label \name\()_response
	shut	\user
	RET
estp_function_end \name
.endm

/*
 * size_t name(void *to: rdi, const void *from: rsi, size_t len: rdx); scratch: rcx
 *
 *	done = 0;					rax
 *	for (; 8 bytes are left; done += 8)
 *		copy 8 bytes;				faulted: byte by byte
 *	for (; a byte is left; done++)
 *		copy a byte;				faulted: done
 *
 * Either the load or the store is in the spans.  8 bytes stored over the end of a page are
 * stored whole or not at all; what the bytes repeat is the same.
 */
.macro copy name:req, user:req, from:req
	.if	\from
estp_fault start=\name\()_load8, end=\name\()_store8, response=\name\()_bytes
estp_fault start=\name\()_load1, end=\name\()_store1, response=\name\()_done
	.else
estp_fault start=\name\()_store8, end=\name\()_stored8, response=\name\()_bytes
estp_fault start=\name\()_store1, end=\name\()_stored1, response=\name\()_done
	.endif
estp_function \name
	xor	%eax, %eax
	let_through \user
1:	cmp	$8, %rdx
	jb	2f
estp_label \name\()_load8
	mov	(%rsi,%rax), %rcx
estp_label \name\()_store8
	mov	%rcx, (%rdi,%rax)
estp_label \name\()_stored8
	add	$8, %rax
	sub	$8, %rdx
	jmp	1b
estp_label \name\()_bytes
2:	test	%rdx, %rdx
	jz	3f
estp_label \name\()_load1
	movb	(%rsi,%rax), %cl
estp_label \name\()_store1
	movb	%cl, (%rdi,%rax)
estp_label \name\()_stored1
	inc	%rax
	dec	%rdx
	jmp	2b
estp_label \name\()_done
3:	shut	\user
	RET
estp_function_end \name
.endm

/* ssize_t name(char *to: rdi, const char *from: rsi, size_t size: rdx); scratch: rax, rcx, r8 */
.macro strncpy name:req, user:req
estp_fault start=\name\()_start, end=\name\()_end, response=\name\()_response
estp_function \name
	mov	$-EFAULT, %rax
	xor	%r8d, %r8d
	let_through \user
1:	cmp	%rdx, %r8
	je	2f
estp_label \name\()_start
	movb	(%rsi,%r8), %cl
estp_label \name\()_end
	movb	%cl, (%rdi,%r8)
	test	%cl, %cl
	jz	2f
	inc	%r8
	jmp	1b
2:	mov	%r8, %rax
estp_label \name\()_response
	shut	\user
	RET
estp_function_end \name
.endm

estp_page estp_access_page

.macro both suffix, user:req
	fetch	estp_raw_fetch8\suffix, \user, movzbl, %edx, %dl
	fetch	estp_raw_fetch16\suffix, \user, movzwl, %edx, %dx
	fetch	estp_raw_fetch32\suffix, \user, movl, %edx, %edx
	fetch	estp_raw_fetch64\suffix, \user, movq, %rdx, %rdx
	store	estp_raw_store8\suffix, \user, %sil
	store	estp_raw_store16\suffix, \user, %si
	store	estp_raw_store32\suffix, \user, %esi
	store	estp_raw_store64\suffix, \user, %rsi
	copy	estp_raw_copy_from\suffix, \user, 1
	copy	estp_raw_copy_to\suffix, \user, 0
	strncpy	estp_raw_strncpy_from\suffix, \user
.endm

	both	, 0
	both	_user, 1

estp_page_end estp_access_page
