/* SPDX-License-Identifier: MIT */
/*
 * A page with one of everything, and, one macro each, everything that can be wrong with
 * it: tests/lib/wrong_pages knows what the assemblers have to say to each.
 *
 * The code is not meant to be executed.
 */
#include <estp/page.h>

#if defined(__aarch64__)
#define NOP	nop
#define RET	ret
#define JUMP	b
#else
#define NOP	nop
#define RET	ret
#define JUMP	jmp
#endif

#ifdef descriptor_before_page
	estp_preemption start=one_start, end=one_end, response=one_start
#endif

	.text
elsewhere:
	NOP

	estp_page first

#ifdef page_in_page
	estp_page second
#endif

	/* Selectors in any order, among the code or before it: no matter. */
	estp_fault start=two_start, end=two_end, response=landing
#ifdef unsorted
	estp_preemption start=two_start, end=two_end, response=two_start
	estp_preemption start=one_start, end=one_end, response=one_start
#else
	estp_preemption start=one_start, end=one_end, response=one_start
#ifdef twice
	estp_preemption start=one_start, end=one_end, response=one_start
#endif
#ifdef empty_span
	estp_preemption start=one_end, end=one_end, response=two_start
#endif
#ifdef turned_span
	estp_preemption start=one_end, end=one_start, response=two_start
#endif
#ifdef end_elsewhere
	estp_preemption start=two_start, end=elsewhere, response=two_start
#elif defined(start_elsewhere)
	estp_preemption start=elsewhere, end=two_end, response=two_start
#elif defined(response_elsewhere)
	estp_preemption start=two_start, end=two_end, response=elsewhere
#elif defined(misaligned)
	estp_preemption start=two_start, end=two_end-2, response=two_start
#elif defined(response_in_header)
	estp_preemption start=two_start, end=two_end, response=first
#elif defined(response_on_next_page)
	estp_preemption start=two_start, end=two_end, response=next_start
#elif defined(no_such_label)
	estp_preemption start=two_start, end=two_end, response=nowhere
#elif defined(argument_missing)
	estp_preemption start=two_start, end=two_end
#else
	estp_preemption start=two_start, end=two_end, response=two_start
#endif
#endif
#ifdef interrupt_without_prefix
	estp_interrupt start=one_start, end=two_end, response=landing
#else
	estp_interrupt start=one_start, end=two_end, response=hidden
#endif

	estp_function function
estp_label one_start
	NOP
	/* Of a length that is not known before all is laid out. */
	JUMP	landing
	estp_commit one_commit
	NOP
estp_label one_end
	NOP
estp_label two_start
	estp_unpublished two_copy
	NOP
	estp_waive two_waived, rule=3
	NOP
estp_label two_end
	RET
	estp_function_end function

#if defined(mask_without_register)
#define MASK	0x10000
#elif defined(mask_of_stack_pointer)
#define MASK	0x10
#elif defined(__aarch64__)
#define MASK	ESTP_X(0)|ESTP_X(30)|ESTP_FP
#else
#define MASK	ESTP_RAX|ESTP_R15|ESTP_FP
#endif
#ifdef response_without_length
	estp_response hidden, end=hidden, mask=MASK
#elif defined(reset_pkey_2)
	estp_response hidden, end=hidden_end, mask=MASK, reset_pkey=2
#else
	estp_response hidden, end=hidden_end, mask=MASK, reset_pkey=1
#endif
	NOP
	NOP
estp_label hidden_end
	RET
estp_label landing
	RET
#ifdef overfull
	.space	4096
#endif
#ifdef overfull_by_one
	.space	4096 - (. - first) + 4
#endif
#ifdef exactly_full
	.space	4096 - (. - first)
#endif
#if defined(count_256) || defined(count_255)
	/* There are 4 already. */
	.macro one_more
.Lmore\@:
	NOP
.Lmore_end\@:
	estp_fault start=.Lmore\@, end=.Lmore_end\@, response=landing
	.endm
	.rept	251
	one_more
	.endr
#ifdef count_256
	one_more
#endif
#endif
	estp_page_end first

	estp_page next
#ifndef no_descriptor
	estp_preemption start=next_start, end=next_end, response=next_start
#endif
estp_label next_start
	NOP
estp_label next_end
	RET
#ifdef end_of_another
	estp_page_end last
#endif
	estp_page_end next

	.text
	estp_function inline_one
inline_start:
	NOP
	estp_commit inline_commit
	NOP
inline_end:
	RET
inline_response:
	RET
inline_response_end:
	RET
	estp_function_end inline_one
#ifdef inline_turned_span
	estp_inline_preemption start=inline_end, end=inline_start, response=inline_start
#endif
#ifdef inline_no_cause
	estp_inline_fault start=inline_start, end=inline_end, response=inline_response, causes=0
#endif
#ifdef inline_unknown_cause
	estp_inline_fault start=inline_start, end=inline_end, response=inline_response, causes=0x20
#endif
#ifdef inline_response_without_length
	estp_inline_interrupt start=inline_start, end=inline_end, response=inline_response, response_end=inline_response
#endif
	estp_inline_preemption start=inline_start, end=inline_end, response=inline_start
	estp_inline_fault start=inline_start, end=inline_end, response=inline_response, causes=ESTP_SEGV|ESTP_BUS
	estp_inline_interrupt start=inline_start, end=inline_end, response=inline_response, response_end=inline_response_end, mask=ESTP_FP
