/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel page with one function, and the same again that nobody registers:
 *
 *	int NAME_probe(const void *from: rdi)		a byte, or -EFAULT
 */
#include <linux/estp_page.h>

.macro probe_page name:req
estp_page \name\()_page
estp_fault start=\name\()_start, end=\name\()_end, response=\name\()_response
estp_function \name\()_probe
	mov	$-14, %eax
estp_label \name\()_start
	ANNOTATE_NOENDBR
	movzbl	(%rdi), %edx
estp_label \name\()_end
	ANNOTATE_NOENDBR
	mov	%edx, %eax
estp_label \name\()_response
	ANNOTATE_NOENDBR
	RET
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
	ANNOTATE_NOENDBR
	nop
	RET
	.size	probed_insn, . - probed_insn
