/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel page with one function, and the same again that nobody registers:
 *
 *	int NAME_probe(const void *from: x0)		a byte, or -EFAULT
 */
#include <linux/estp_page.h>

.macro probe_page name:req
estp_page \name\()_page
estp_fault start=\name\()_start, end=\name\()_end, response=\name\()_response
estp_function \name\()_probe
	mov	w1, #-14
estp_label \name\()_start
	ANNOTATE_NOENDBR
	ldrb	w2, [x0]
estp_label \name\()_end
	ANNOTATE_NOENDBR
	mov	w1, w2
estp_label \name\()_response
	ANNOTATE_NOENDBR
	mov	w0, w1
	ret
estp_function_end \name\()_probe
estp_page_end \name\()_page
.endm

/* Where a kprobe is put by a breakpoint, because no function is traced there. */
	.text
	.balign	16
	.type	probed_insn, %function
	.globl	probed_insn
	.hidden	probed_insn
probed_insn:
	hint	34
	nop
	ret
	.size	probed_insn, . - probed_insn
