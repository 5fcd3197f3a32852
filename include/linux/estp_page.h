/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * linux/estp_page.h - ESTP pages of kernel text, in assembler files (.S) of modules
 *
 *	#include <linux/estp_page.h>		// asflags-y := -I.../include -I.../lib/include
 *
 *	estp_page probe_page
 *	estp_fault start=probe_start, end=probe_end, response=probe_response
 *	estp_function probe			// int probe(const void *address: rdi)
 *		mov	$-14, %eax
 *	estp_label probe_start
 *		movzbl	(%rdi), %edx
 *	estp_label probe_end
 *		xor	%eax, %eax
 *	estp_label probe_response
 *		RET
 *	estp_function_end probe
 *	estp_page_end probe_page
 *
 * The macros are those of user space; what is different: a page is as large and as aligned
 * as the kernel's, FAULT is all that may be described (estp_fault), functions have no CFI,
 * because x86's objtool writes down how to unwind them.  linux/estp.h registers the page.
 *
 * Before the response control comes from the faulting instruction, which objtool does not
 * know.  So let it be a label on the ordinary way, as above: first what holds after a
 * fault, then the access, then what holds after none.  RET, not ret, on x86.
 */
#ifndef _LINUX_ESTP_PAGE_H
#define _LINUX_ESTP_PAGE_H

#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/page.h>

#ifndef SYM_F_ALIGN
#define SYM_F_ALIGN	__ALIGN
#endif

#include <estp/page.h>

#endif /* _LINUX_ESTP_PAGE_H */
