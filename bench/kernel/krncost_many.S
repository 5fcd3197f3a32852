/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One page by the macros; MANY pages, and MANY entries of an exception table, all with the
 * same access: long name(const void *from), what is there, or something else if it faults.
 */
#include <linux/estp_page.h>
#ifdef CONFIG_X86_64
#include <asm/asm.h>
#else
#include <asm/asm-extable.h>
#endif
#include "krncost.h"

#ifdef CONFIG_X86_64
estp_page own_page
estp_fault start=own_start, end=own_end, response=own_response
estp_function own_load
	mov	$-14, %rax
estp_label own_start
	mov	(%rdi), %rax
estp_label own_end
estp_label own_response
	RET
estp_function_end own_load
estp_page_end own_page

	.pushsection many_text, "ax", %progbits
	.balign	PAGE_SIZE
	.globl	many_pages
	.type	many_pages, %function
many_pages:
	ANNOTATE_NOENDBR
	.rept	MANY
	.balign	PAGE_SIZE	/* few instructions: objtool reads them all */
	estp_word_ 0x4553545001000001
	estp_word_ 0x4000001000130013
	mov	(%rdi), %rax
	RET
	.endr
	.balign	PAGE_SIZE
	nop			/* what the last fill jumps to */
	.size	many_pages, . - many_pages
	STACK_FRAME_NON_STANDARD many_pages
	.popsection

	.text
	.balign	16
	.globl	many_entries
	.type	many_entries, %function
many_entries:
	ANNOTATE_NOENDBR
	.rept	MANY
1:	mov	(%rdi), %rax
	.byte	0xe9		/* jmp, never the short one */
	.long	many_fixed - . - 4
	_ASM_EXTABLE(1b, many_fixed)
	.endr
many_fixed:
	RET
	.size	many_entries, . - many_entries
	STACK_FRAME_NON_STANDARD many_entries
#else
estp_page own_page
estp_fault start=own_start, end=own_end, response=own_response
estp_function own_load
	mov	x1, #-14
estp_label own_start
	ldr	x1, [x0]
estp_label own_end
estp_label own_response
	mov	x0, x1
	ret
estp_function_end own_load
estp_page_end own_page

	.pushsection many_text, "ax", %progbits
	.balign	PAGE_SIZE
	.globl	many_pages
many_pages:
	.rept	MANY
	.balign	PAGE_SIZE
	.quad	0x4553545001000001
	.quad	0x4000001000140014
	ldr	x0, [x0]
	ret
	.endr
	.balign	PAGE_SIZE
	.popsection

	.text
	.globl	many_entries
many_entries:
	.rept	MANY
1:	ldr	x0, [x0]
	b	many_fixed
	_ASM_EXTABLE_UACCESS(1b, many_fixed)
	.endr
many_fixed:
	ret
#endif
