/* SPDX-License-Identifier: MIT */
/*
 * An ESTP page in assembler, arm64: for GNU as and for clang.
 *
 *   offset 0       .quad metadata      "ESTP" | version 1 | layout 0 | count
 *   offset 8       .quad descriptor    selector | 0 | start | end | response
 *   ...                                in increasing order
 *                  code                start: ... commit  end: ...
 *                  .quad prefix        mask and length, before an INTERRUPT response
 *   offset 4096    nothing more
 *   offset 65536   the next page
 *
 * A kernel's pages are of 4, 16 or 64 KiB: each of ours begins where one of theirs
 * begins, and fits into the smallest. Nothing here is more than arithmetic on labels,
 * and the kernel checks all of it when the page is registered.
 */
#ifndef DEMO_PAGE_H
#define DEMO_PAGE_H

#define PREEMPTION	0
#define INTERRUPT	1
#define FAULT		2

#define CLEAR_X(i)	(1 << (i))
#define CLEAR_FP	(1 << 31)

/* Begin a page with @count descriptors, which must follow at once. */
.macro estp_page name:req, count:req
	.pushsection estp_text, "axR", %progbits
	.balign	65536
\name:
	.quad	0x4553545001000000 + (\count)
.endm

/* One descriptor: span [@start, @end) and @response, labels on this page. */
.macro estp_descriptor page:req, selector:req, start:req, end:req, response:req
	.quad	((\selector) << 61) + ((\start - \page) << 32) + ((\end - \page) << 16) + (\response - \page)
.endm

/* The word before an INTERRUPT response of @len bytes: what to clear. No spaces in either. */
.macro estp_prefix mask:req, len:req
	.quad	((\len) << 32) + (\mask)
.endm

/* End of the page; an overfull one is refused here. */
.macro estp_page_end name:req
	.org	\name + 4096
	.popsection
.endm

/* A global function of this page, also where branches need landing pads. */
.macro function name:req
	.globl	\name
	.type	\name, %function
\name:
	.cfi_startproc
	hint	34			/* bti c */
.endm

.macro function_end name:req
	.cfi_endproc
	.size	\name, . - \name
.endm

#endif /* DEMO_PAGE_H */
