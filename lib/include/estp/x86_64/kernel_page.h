/* SPDX-License-Identifier: MIT */
/*
 * estp/x86_64/kernel_page.h - what estp/page.h does otherwise for the kernel's own pages
 *
 * objtool takes the header for instructions, and stops at those that make no sense to it.
 * So it is shown zeros, which are harmless ones, and the words are relocations, without a
 * symbol, that the module loader applies.  That the header is a function whose frame is none
 * of its business keeps it from asking how one gets there.
 */
#ifndef ESTP_X86_64_KERNEL_PAGE_H
#define ESTP_X86_64_KERNEL_PAGE_H

.macro estp_word_ value:vararg
.Lestp_word\@:
	.reloc	.Lestp_word\@, R_X86_64_64, \value
	.quad	0
.endm
.macro estp_after_header_ page:req
	.size	\page, .Lestp_code_\page - \page
	STACK_FRAME_NON_STANDARD \page
.endm
.macro estp_page_type_ page:req
	.type	\page, %function
	ANNOTATE_NOENDBR
.endm
.macro estp_page_size_ page:req
.endm

#endif
