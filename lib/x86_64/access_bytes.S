/* SPDX-License-Identifier: MIT */
/*
 * Many bytes at once, in memory that may end: copy, string length.
 */
#include "access.h"

	.hidden	estp_slow_copy, estp_slow_strnlen

/* From here on the string instruction is quicker than a loop. */
#define REP_MIN		1024

/*
 * size_t estp_copy(void *to: rdi, const void *from: rsi, size_t len: rdx)
 *
 *	done = 0;						rax
 *   blocks:
 *	for (; 64 bytes are left; done += 64)
 *		copy 64 bytes at done;
 *	for (; 16 bytes are left; done += 16)
 *		copy 16 bytes at done;
 *	copy the last 16 bytes, some of them a second time;
 *	return len;
 *   response:
 *	if (none are left)		the last 16 bytes had all been copied before
 *		return len;
 *	for (up to 64 bytes, while some are left; done++)	up to r8
 *		copy a byte at done, or return done;
 *	return len if none are left, else go on as before;
 *
 * Whatever instruction faults, the bytes before done have been copied, and some after it
 * perhaps, up to the page's end that stopped it.  The response finds it byte by byte.  All
 * of the progress is in one register, so that there is no instruction between whose effects
 * the three of "to, from, left" could disagree.  Each block is read before it is
 * written, and written upwards: nothing is written behind the byte that cannot be read.
 *
 * Scratch: rcx, r8, xmm0 to xmm3.
 */
function estp_copy
	unless_registered estp_slow_copy
	xor	%eax, %eax
	cmp	$16, %rdx
	jb	.Lsmall
	cmp	$REP_MIN, %rdx
	jae	.Lrep
.Lblocks:
	lea	-64(%rdx), %rcx
.Lcopy_start:
	cmp	%rcx, %rax
	jg	2f
1:	movups	(%rsi,%rax), %xmm0
	movups	16(%rsi,%rax), %xmm1
	movups	32(%rsi,%rax), %xmm2
	movups	48(%rsi,%rax), %xmm3
	movups	%xmm0, (%rdi,%rax)
	movups	%xmm1, 16(%rdi,%rax)
	movups	%xmm2, 32(%rdi,%rax)
	movups	%xmm3, 48(%rdi,%rax)
	add	$64, %rax
	cmp	%rcx, %rax
	jle	1b
2:	add	$48, %rcx
3:	cmp	%rcx, %rax
	jg	4f
	movups	(%rsi,%rax), %xmm0
	movups	%xmm0, (%rdi,%rax)
	add	$16, %rax
	jmp	3b
4:	movups	-16(%rsi,%rdx), %xmm0
	movups	%xmm0, -16(%rdi,%rdx)
	jmp	.Lall
.Lsmall:
	cmp	$8, %edx
	jb	5f
	mov	(%rsi), %rcx
	mov	-8(%rsi,%rdx), %r8
	mov	%rcx, (%rdi)
	mov	%r8, -8(%rdi,%rdx)
	jmp	.Lall
5:	cmp	$4, %edx
	jb	6f
	mov	(%rsi), %ecx
	mov	-4(%rsi,%rdx), %r8d
	mov	%ecx, (%rdi)
	mov	%r8d, -4(%rdi,%rdx)
	jmp	.Lall
6:	test	%edx, %edx
	jz	.Lall
	movzbl	(%rsi), %ecx
	mov	%cl, (%rdi)
	cmp	$2, %edx
	jb	.Lall
	movzwl	-2(%rsi,%rdx), %ecx
	mov	%cx, -2(%rdi,%rdx)
.Lcopy_end:
.Lall:	mov	%rdx, %rax
	ret

.Lcopy_response:
	cmp	%rdx, %rax
	jae	.Lbyte_response
	lea	64(%rax), %r8
	cmp	%rdx, %r8
	cmova	%rdx, %r8
.Lbyte_start:
7:	movzbl	(%rsi,%rax), %ecx
	mov	%cl, (%rdi,%rax)
.Lbyte_end:
	inc	%rax
	cmp	%r8, %rax
	jb	7b
	cmp	%rdx, %rax
	jae	.Lbyte_response
	cmp	$REP_MIN, %rdx
	jb	.Lblocks
	jmp	.Lrep
.Lbyte_response:
	ret

/*
 * The string instruction keeps its progress in rdi, rsi and rcx, exact at a fault.  From
 * done (rax) on; the response puts the pointers back.
 */
.Lrep:
	mov	%rdx, %rcx
	sub	%rax, %rcx
	add	%rax, %rdi
	add	%rax, %rsi
.Lrep_start:
	rep movsb
.Lrep_end:
	mov	%rdx, %rax
	ret
.Lrep_response:
	mov	%rdx, %rax
	sub	%rcx, %rax
	sub	%rax, %rdi
	sub	%rax, %rsi
	jmp	.Lcopy_response
end_function estp_copy
on_fault .Lcopy_start, .Lcopy_end, .Lcopy_response
on_fault .Lbyte_start, .Lbyte_end, .Lbyte_response
on_fault .Lrep_start, .Lrep_end, .Lrep_response

/*
 * ssize_t estp_strnlen(const char *string: rdi, size_t max: rsi)
 *
 *	at = -(string % 16);				r8
 *   start:
 *	zeros = which bytes of the block are 0, less those before the string;	eax
 *	while (!zeros) {
 *		at += 16;
 *		if (at >= max)
 *			return max;
 *		zeros = which bytes of the next block are 0;
 *	}
 *   end:
 *	return min(at + first of zeros, max);
 *   response:
 *	return -EFAULT;
 *
 * A block of 16 aligned bytes lies in one page: where it cannot be read, neither can the
 * byte of it that is the string's.  Each has one, at < max.  Scratch: rcx, xmm0, xmm1.
 */
function estp_strnlen
	unless_registered estp_slow_strnlen
	mov	%rsi, %rax
	test	%rsi, %rsi
	jz	3f
	mov	%rdi, %rcx
	and	$15, %ecx
	mov	%rcx, %r8
	neg	%r8
	pxor	%xmm0, %xmm0
.Lstrnlen_start:
	movdqa	(%rdi,%r8), %xmm1
	pcmpeqb	%xmm0, %xmm1
	pmovmskb %xmm1, %eax
	shr	%cl, %eax
	shl	%cl, %eax
	test	%eax, %eax
	jnz	2f
1:	add	$16, %r8
	cmp	%rsi, %r8
	jae	4f
	movdqa	(%rdi,%r8), %xmm1
	pcmpeqb	%xmm0, %xmm1
	pmovmskb %xmm1, %eax
	test	%eax, %eax
	jz	1b
.Lstrnlen_end:
2:	bsf	%eax, %eax
	add	%r8, %rax
	cmp	%rsi, %rax
	cmova	%rsi, %rax
3:	ret
4:	mov	%rsi, %rax
	ret
.Lstrnlen_response:
	mov	$-EFAULT, %rax
	ret
end_function estp_strnlen
on_fault .Lstrnlen_start, .Lstrnlen_end, .Lstrnlen_response

	.section .note.GNU-stack,"",@progbits
