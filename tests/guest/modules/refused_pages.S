/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel pages that must not be registered, and one that may. */
#include <linux/estp_page.h>

/* A page that has these words, whatever they are, and no code. */
.macro raw_page name:req, section:req, words:vararg
	.pushsection \section, "ax", %progbits
	.balign	PAGE_SIZE, ESTP_PAGE_FILL_
	.globl	\name
	.hidden	\name
	estp_page_type_ \name
\name:
	.irp	word, \words
	estp_word_ \word
	.endr
.Lestp_code_\name:
	estp_after_header_ \name
	.fill	64, 1, ESTP_PAGE_FILL_
	.balign	PAGE_SIZE, ESTP_PAGE_FILL_
	.popsection
.endm

/* A page with one instruction, described as something. */
.macro nop_page name:req
estp_page \name
estp_label \name\()_start
	nop
estp_label \name\()_end
	nop
.endm

.macro nop_page_end name:req
	nop
estp_page_end \name
.endm

	nop_page good_page
	estp_fault start=good_page_start, end=good_page_end, response=good_page_end
	nop_page_end good_page

	nop_page preemption_page
	estp_preemption start=preemption_page_start, end=preemption_page_end, response=preemption_page_start
	nop_page_end preemption_page

	nop_page both_page
	estp_fault start=both_page_start, end=both_page_end, response=both_page_end
	estp_preemption start=both_page_start, end=both_page_end, response=both_page_start
	nop_page_end both_page

	raw_page magic_page, raw_text, 0x4553545101000001, 0x4000002000240020
	raw_page empty_page, raw_text, 0x4553545001000000, 0x4000002000240020
	raw_page past_page, raw_text, 0x4553545001000001, 0x40000020fffc0020
	raw_page header_page, raw_text, 0x4553545001000001, 0x4000002000240008
	/* INTERRUPT from 0x10 to 0x14; 4 bytes of response at 0x20, its prefix word before it. */
	raw_page interrupt_page, raw_text, 0x4553545001000001, 0x2000001000140020, 0, 0x0000000400000000
	raw_page init_page, .init.text, 0x4553545001000001, 0x4000002000240020
