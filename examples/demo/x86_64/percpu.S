/* SPDX-License-Identifier: MIT */
/*
 * The program's own sequence: add 1 to this CPU's counter, without atomics.
 *
 * unsigned long percpu_add(struct percpu *counters, const volatile uint32_t *cpu)
 *
 *	tries = 0
 * start:
 *	tries++
 *	slot = &counters[*cpu]
 *	value = slot->value
 *	(dawdle)
 *	slot->value = value + 1			the commit
 * end:
 *	return tries
 *
 *	rdi	counters, 64 bytes each		in, kept
 *	rsi	where the kernel keeps the
 *		thread's CPU number		in, kept
 *	rax	tries				out
 *	rdx	offset of the slot		scratch
 *	r8	value				scratch
 *	rcx	dawdle				scratch
 *
 * Response = start. Harmless because everything before the commit is in scratch
 * registers, computed from inputs that are not overwritten; after the commit, the
 * pc is past the span. The sum stays right because nobody else runs on this CPU
 * between start and commit, or the thread does not get as far as the commit.
 *
 * rax survives a diversion as all registers do, which makes it a free count of
 * restarts. Dawdling stands for a longer computation: it opens the window wide.
 */
#include "page.h"

	estp_page percpu_page, 1
	estp_descriptor percpu_page, PREEMPTION, percpu_start, percpu_end, percpu_start

	.globl	percpu_start, percpu_end
	.hidden	percpu_start, percpu_end
function percpu_add
	xor	%eax, %eax
percpu_start:
	WAIVE(COUNTS_TRIES)
	WAIVE(DAWDLES)
	add	$1, %eax
	mov	(%rsi), %edx
	shl	$6, %rdx
	mov	(%rdi,%rdx), %r8
	mov	$150, %ecx
1:	dec	%ecx
	jnz	1b
	add	$1, %r8
	COMMIT
	mov	%r8, (%rdi,%rdx)
percpu_end:
	ret
function_end percpu_add

	estp_page_end percpu_page

	.section .note.GNU-stack, "", @progbits
