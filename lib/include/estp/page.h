/* SPDX-License-Identifier: MIT */
/*
 * estp/page.h - sequences in assembler: on ESTP pages, and inline
 *
 * For .S files, through GNU as or clang; C and C++ call what stands there.
 *
 *	#include <estp/page.h>
 *
 *	estp_page counter
 *	estp_preemption start=add_start, end=add_end, response=add_start
 *	estp_function add
 *	estp_label add_start
 *		mov	(%rsi), %edx
 *		shl	$6, %rdx
 *		mov	(%rdi,%rdx), %rax
 *		inc	%rax
 *	estp_commit add_commit
 *		mov	%rax, (%rdi,%rdx)
 *	estp_label add_end
 *		ret
 *	estp_function_end add
 *	estp_page_end counter
 *
 * makes this page, in the section estp_text (numbers are little-endian):
 *
 *	offset  bytes
 *	0x000   01 00 00 01 50 54 53 45   metadata word: count 1, page layout, version 1, "ESTP"
 *	0x008   10 00 21 00 10 00 00 00   descriptor: response, end, start, PREEMPTION
 *	        ...                       more of them: PREEMPTION, INTERRUPT, FAULT
 *	0x010   8b 16                     add_start:  mov (%rsi),%edx
 *	        ...
 *	0x01d   48 89 04 17               add_commit: mov %rax,(%rdi,%rdx)
 *	0x021   c3                        add_end:    ret
 *	        .. .. .. .. .. .. .. ..   prefix word: mask, length; right before the
 *	        ...                       response of an INTERRUPT
 *	0x022   cc cc cc ...              filler up to 0x1000 (arm64: 0x10000)
 *
 * Descriptors may be written anywhere between estp_page and estp_page_end; those of one
 * selector in rising order of start, end, response.  They are brought in front of the
 * code here; a file may have several pages.  All spans and responses are labels of this
 * page.  What the assembler can see to be wrong it refuses.  The name of a symbol tells
 * what it is: GNU as says "division by zero when setting
 * `.Lestp_page_is_overfull__counter__12'", clang shows the line that has the name in it.
 *
 * A unit in C or C++ of the same object includes estp/object.h, and has with it what
 * registers the pages; without one the link fails for want of estp_object_register.
 * With ESTP_BY_HAND defined, that is left to you.
 *
 * Source: SPEC PAGE-1 to PAGE-11, LIB-1, LIB-4.
 */
#ifndef ESTP_PAGE_H
#define ESTP_PAGE_H

#ifndef __ASSEMBLER__
#error "estp/page.h is for assembler files (.S); estp/sequence.h is for C"
#endif

#include <estp/asm.h>

#ifdef __KERNEL__
/* What the kernel's own pages have otherwise (linux/estp_page.h). */
#define ESTP_BY_HAND
#undef ESTP_PAGE_ALIGN_
#define ESTP_PAGE_ALIGN_	PAGE_SIZE
#define ESTP_PAGE_ROOM_		PAGE_SIZE
#define ESTP_FLAGS_		"ax"
#define ESTP_CHECK_SECTION_	.discard.estp_check
#else
/* What header and code of a page have to fit in: the smallest page there is. */
#define ESTP_PAGE_ROOM_		4096
#define ESTP_FLAGS_		"axR"
#define ESTP_CHECK_SECTION_	.estp_check
#endif

/* An assembler that has been told nothing makes the stack executable. */
	.pushsection .note.GNU-stack, "", %progbits
	.popsection

/* ---- Refusals --------------------------------------------------------------- */

/*
 * Labels have no places before everything has been assembled, too late for .if.  But a
 * division by zero is seen even then.  The section is for the assembler's eyes: linkers
 * leave it out.
 */
.macro estp_check_ what:req, of:req, holds:req
#ifdef __clang__
	.set	.Lestp_\what, 0
	.pushsection ESTP_CHECK_SECTION_, "e", %progbits
	.byte	1 / (.Lestp_\what + ((\holds) & 1))
	.popsection
#else
	.pushsection ESTP_CHECK_SECTION_, "e", %progbits
	/* What GNU as knows at once it would only warn of; the last label makes it wait. */
.Lestp_check\@:
	.set	.Lestp_\what\()__\of\()__\@, 1 / ((\holds) & (.Lestp_checked\@ - .Lestp_check\@))
	.byte	1 / ((\holds) & (.Lestp_checked\@ - .Lestp_check\@))
.Lestp_checked\@:
	.popsection
#endif
.endm

/* Who reads this at a failed link: no unit of the object includes estp/object.h. */
.macro estp_needs_object_ label:req
#ifndef ESTP_BY_HAND
	.ifndef	.Lestp_needs_object_\label
	.pushsection .estp_object, "ao", %progbits, \label
	.balign	4
.Lestp_needs_object_\label:
	.long	estp_object_register - .
	.popsection
	.hidden	estp_object_register
	.endif
#endif
.endm

/* ---- Pages ------------------------------------------------------------------ */

/*
 * Subsections of one page: 0 metadata word, 1 to 3 descriptors by selector, 4 code.
 * Those of the next page follow.
 */
.set .Lestp_page_nr, 0
.set .Lestp_page_open, 0

.macro estp_descriptor_ selector:req, start:req, end:req, response:req
	.error "a descriptor outside of a page: estp_page comes first"
.endm

/* A page's words, what its header is taken for, and its type and size. */
#if defined(__KERNEL__) && defined(ESTP_ISA_KERNEL_PAGE_H_)
#include ESTP_ISA_KERNEL_PAGE_H_
#else
.macro estp_word_ value:vararg
	.quad	\value
.endm
.macro estp_after_header_ page:req
.endm
.macro estp_page_type_ page:req
	.type	\page, %object
.endm
.macro estp_page_size_ page:req
	.size	\page, . - \page
.endm
#endif

/* estp_page - a page begins; what follows is its code */
.macro estp_page name:req
	.if .Lestp_page_open
	.error "estp_page \name: the page before has no estp_page_end"
	.else
	.set	.Lestp_page_open, 1
	.pushsection estp_text, ESTP_FLAGS_, %progbits
	.subsection .Lestp_page_nr * 5
	.balign	ESTP_PAGE_ALIGN_, ESTP_PAGE_FILL_
	.globl	\name
	.hidden	\name
	estp_page_type_ \name
\name:
	estp_word_ 0x4553545001000000 + (.Lestp_code_\name - .Lestp_descriptors_\name) / 8
.Lestp_descriptors_\name:
	.subsection .Lestp_page_nr * 5 + 4
.Lestp_code_\name:
	estp_after_header_ \name
	.purgem	estp_descriptor_
	.macro estp_descriptor_ selector:req, start:req, end:req, response:req
	estp_describe_ \name, \selector, \start, \end, \response
	.endm
	.macro estp_after_0_ start:req, end:req, response:req
	.endm
	.macro estp_after_1_ start:req, end:req, response:req
	.endm
	.macro estp_after_2_ start:req, end:req, response:req
	.endm
	estp_needs_object_ \name
	.endif
.endm

/* estp_page_end - the page ends; it is filled up, or refused if it is overfull */
.macro estp_page_end name:req
	.ifndef	.Lestp_code_\name
	.error "estp_page_end \name: no page of this name has begun"
	.else
.Lestp_code_end_\name:
	.balign	ESTP_PAGE_ALIGN_, ESTP_PAGE_FILL_
	estp_page_size_ \name
	estp_check_ page_is_overfull, \name, (.Lestp_code_end_\name-\name)<=ESTP_PAGE_ROOM_
	estp_check_ page_has_no_descriptor, \name, (.Lestp_code_\name-.Lestp_descriptors_\name)>0
	estp_check_ page_has_more_than_255_descriptors, \name, (.Lestp_code_\name-.Lestp_descriptors_\name)<=2040
	.purgem	estp_descriptor_
	.macro estp_descriptor_ selector:req, start:req, end:req, response:req
	.error "a descriptor outside of a page: estp_page comes first"
	.endm
	.purgem	estp_after_0_
	.purgem	estp_after_1_
	.purgem	estp_after_2_
	.popsection
	.set	.Lestp_page_nr, .Lestp_page_nr + 1
	.set	.Lestp_page_open, 0
	.endif
.endm

.macro estp_describe_ page:req, selector:req, start:req, end:req, response:req
	.subsection .Lestp_page_nr * 5 + 1 + \selector
	estp_word_ ((\selector) << 61) + ((\start - \page) << 32) + ((\end - \page) << 16) + (\response - \page)
	.subsection .Lestp_page_nr * 5 + 4
	estp_check_ start_is_not_on_this_page, \start, ((\start-.Lestp_code_\page)>=0)&((.Lestp_code_end_\page-\start)>0)
	estp_check_ end_is_not_on_this_page, \end, ((\end-.Lestp_code_\page)>=0)&((.Lestp_code_end_\page-\end)>=0)
	estp_check_ response_is_not_on_this_page, \response, ((\response-.Lestp_code_\page)>=0)&((.Lestp_code_end_\page-\response)>0)
	estp_check_ span_is_empty_or_ends_before_it_starts, \start, (\end-\start)>0
#if ESTP_INSN_ALIGN_ > 1
	estp_check_ offset_is_no_multiple_of_4, \start, (((\start-\page)|(\end-\page)|(\response-\page))&3)==0
#endif
	estp_after_\selector\()_ \start, \end, \response
	.purgem	estp_after_\selector\()_
	/* The next one of this selector is compared with this one. */
	.macro estp_after_\selector\()_ next_start:req, next_end:req, next_response:req
	estp_check_ descriptors_do_not_rise, \next_start, (((\next_start-\page)<<32)+((\next_end-\page)<<16)+(\next_response-\page))>(((\start-\page)<<32)+((\end-\page)<<16)+(\response-\page))
	.endm
.endm

/* Preempted, or signalled, in [start, end): go on at response. */
.macro estp_preemption start:req, end:req, response:req
	estp_descriptor_ 0, \start, \end, \response
.endm

/*
 * Signalled in [start, end): the handler sees response, and what its prefix word says
 * as 0.  response is a label that estp_response makes.
 */
.macro estp_interrupt start:req, end:req, response:req
	estp_descriptor_ 1, \start, \end, \response
	estp_check_ response_of_interrupt_is_not_made_by_estp_response, \response, (.Lestp_prefix_end_\response-\response)==0
.endm

/* Faulted in [start, end), whatever fault: go on at response. */
.macro estp_fault start:req, end:req, response:req
	estp_descriptor_ 2, \start, \end, \response
.endm

/*
 * The response of an INTERRUPT begins here, at a hidden label; it goes up to the label
 * end.  mask: ESTP_RAX|ESTP_RDX..., without spaces; reset_pkey=1 resets protection keys.
 * Eight bytes stand before it that are no code: do not fall into it.
 */
.macro estp_response label:req, end:req, mask=0, reset_pkey=0
	.balign	ESTP_INSN_ALIGN_
	estp_word_ (\mask) + ((\end - \label) << 32) + ((\reset_pkey) << 48)
.Lestp_prefix_end_\label:
	estp_label \label
	estp_check_ response_has_no_length, \label, ((\end-\label)>0)&((\end-\label)<4096)
	estp_check_ mask_names_no_register_that_can_be_cleared, \label, ((\mask)&~ESTP_CLEAR_VALID_)==0
	estp_check_ reset_pkey_is_not_0_or_1, \label, ((\reset_pkey)&~1)==0
.endm

/* ---- Labels and functions --------------------------------------------------- */

/* A label that all units of this object, and no other object, can name. */
.macro estp_label name:req
	.globl	\name
	.hidden	\name
\name:
.endm

/* The next instruction is the commit; the label is for people and tools. */
.macro estp_commit name:req
	estp_label \name
	estp_mark_ \name, ESTP_MARK_COMMIT, 0
.endm

/* The next instruction stores to memory that nobody else reads before the commit. */
.macro estp_unpublished name:req
	estp_label \name
	estp_mark_ \name, ESTP_MARK_UNPUBLISHED, 0
.endm

/* The checker's rule number rule does not hold for the sequence here; that is meant. */
.macro estp_waive name:req, rule:req
	estp_label \name
	estp_mark_ \name, ESTP_MARK_WAIVE, \rule
.endm

.macro estp_mark_ label:req, kind:req, arg:req
	.pushsection estp_marks, "ao", %progbits, \label
	.balign	4
	.long	\label - .
	.byte	\kind, \arg
	.short	0
	.popsection
.endm

#ifdef __KERNEL__
.macro estp_function name:req
	.globl	\name
	.type	\name, %function
	SYM_F_ALIGN
\name:
	ESTP_LANDING_
.endm

.macro estp_function_end name:req
	.size	\name, . - \name
.endm
#else
/* A global function. */
.macro estp_function name:req
	.globl	\name
	.type	\name, %function
\name:
	.cfi_startproc
	ESTP_LANDING_
.endm

.macro estp_function_end name:req
	.cfi_endproc
	.size	\name, . - \name
.endm
#endif

/* ---- Inline, in the table layout: sequences in ordinary text ---------------- */

.macro estp_record_ selector:req, start:req, end:req, response:req, response_end:req, causes:req, mask:req, flags:req
	.pushsection estp_entries, "ao", %progbits, \start
	.balign	4
	.long	\start - ., \end - \start, \response - .
	.short	\response_end - \response
	.byte	\selector, \causes
	.long	\mask
	.short	\flags, 0
	.popsection
	estp_check_ span_is_empty_or_ends_before_it_starts, \start, (\end-\start)>0
	estp_needs_object_ \start
.endm

/* Preempted, or signalled, in [start, end): go on at response. */
.macro estp_inline_preemption start:req, end:req, response:req
	estp_record_ ESTP_ASM_PREEMPTION, \start, \end, \response, \response, 0, 0, 0
.endm

/* Faulted in [start, end) as one of causes (ESTP_SEGV|..., no spaces): go on at response. */
.macro estp_inline_fault start:req, end:req, response:req, causes:req
	estp_record_ ESTP_ASM_FAULT, \start, \end, \response, \response, \causes, 0, 0
	estp_check_ causes_are_none_or_unknown, \start, ((\causes)!=0)&(((\causes)&~0x1f)==0)
.endm

/* Signalled in [start, end): the handler sees response, and the registers in mask as 0. */
.macro estp_inline_interrupt start:req, end:req, response:req, response_end:req, mask=0, reset_pkey=0
	estp_record_ ESTP_ASM_INTERRUPT, \start, \end, \response, \response_end, 0, \mask, \reset_pkey
	estp_check_ response_has_no_length, \response, (\response_end-\response)>0
.endm

#endif /* ESTP_PAGE_H */
