/* SPDX-License-Identifier: MIT */
/*
 * Many bytes at once, in memory that may end: copy, string length.
 */
#include "access.h"

	.hidden	estp_slow_copy, estp_slow_strnlen

/*
 * size_t estp_copy(void *to: x0, const void *from: x1, size_t len: x2)
 *
 *	done = 0;						x3
 *   start:
 *	copy the first byte;
 *   blocks:
 *	for (; 64 bytes are left; done += 64)
 *		copy 64 bytes at done;
 *	for (; 16 bytes are left; done += 16)
 *		copy 16 bytes at done;
 *	copy the last 16 bytes, some of them a second time;
 *   end:
 *	return len;
 *   response:
 *	if (none are left)		the last 16 bytes had all been copied before
 *		return len;
 *	for (up to 64 bytes, while some are left; done++)	up to x8
 *		copy a byte at done, or return done;
 *	return len if none are left, else go on as before;
 *
 * Whatever instruction faults, the bytes before done have been copied, and some after it
 * perhaps, up to the page's end that stopped it.  The response finds it byte by byte.  Each
 * block is read before it is written, and written upwards: nothing is written behind the
 * byte that cannot be read.  Nor behind the one that cannot be written, although a store
 * over a page's end whose first page refuses may have changed the second: the first byte
 * goes alone, so that the page where a longer store begins has been written to before.
 *
 * Scratch: x4 to x8, x16, v0 to v3.
 */
function estp_copy
	unless_registered .Lcopy_slow
	mov	x3, #0
	cbz	x2, .Lall
.Lcopy_start:
	ldrb	w4, [x1]
	strb	w4, [x0]
	cmp	x2, #16
	b.lo	.Lsmall
.Lblocks:
	sub	x4, x2, x3
	cmp	x4, #64
	b.lo	2f
1:	add	x5, x1, x3
	add	x6, x0, x3
	ldp	q0, q1, [x5]
	ldp	q2, q3, [x5, #32]
	stp	q0, q1, [x6]
	stp	q2, q3, [x6, #32]
	add	x3, x3, #64
	sub	x4, x2, x3
	cmp	x4, #64
	b.hs	1b
2:	subs	x4, x4, #16
	b.lo	3f
	ldr	q0, [x1, x3]
	str	q0, [x0, x3]
	add	x3, x3, #16
	b	2b
3:	add	x5, x1, x2
	add	x6, x0, x2
	ldur	q0, [x5, #-16]
	stur	q0, [x6, #-16]
	b	.Lall
.Lsmall:
	add	x5, x1, x2
	add	x6, x0, x2
	tbz	x2, #3, 4f
	ldr	x4, [x1]
	ldur	x7, [x5, #-8]
	str	x4, [x0]
	stur	x7, [x6, #-8]
	b	.Lall
4:	tbz	x2, #2, 5f
	ldr	w4, [x1]
	ldur	w7, [x5, #-4]
	str	w4, [x0]
	stur	w7, [x6, #-4]
	b	.Lall
5:	tbz	x2, #1, .Lall
	ldurh	w4, [x5, #-2]
	sturh	w4, [x6, #-2]
.Lcopy_end:
.Lall:	mov	x0, x2
	ret

.Lcopy_response:
	cmp	x3, x2
	b.hs	.Lbyte_response
	add	x8, x3, #64
	cmp	x8, x2
	csel	x8, x2, x8, hi
.Lbyte_start:
6:	ldrb	w4, [x1, x3]
	strb	w4, [x0, x3]
.Lbyte_end:
	add	x3, x3, #1
	cmp	x3, x8
	b.lo	6b
	cmp	x3, x2
	b.lo	.Lblocks
.Lbyte_response:
	mov	x0, x3
	ret
.Lcopy_slow:
	b	estp_slow_copy
end_function estp_copy
on_fault .Lcopy_start, .Lcopy_end, .Lcopy_response
on_fault .Lbyte_start, .Lbyte_end, .Lbyte_response

/*
 * ssize_t estp_strnlen(const char *string: x0, size_t max: x1)
 *
 *	at = -(string % 16);				x3
 *   start:
 *	zeros = which bytes of the block are 0, four bits each, less those before the string;
 *	while (!zeros) {				x4
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
 * A block of 16 aligned bytes lies in one page, and one granule of memory tags: where it
 * cannot be read, neither can the byte of it that is the string's.  Each has one, at < max.
 * Scratch: x2, x5, x16, v0.
 */
.macro zeros
	add	x5, x0, x3
	ldr	q0, [x5]
	cmeq	v0.16b, v0.16b, #0
	shrn	v0.8b, v0.8h, #4
	fmov	x4, d0
.endm

function estp_strnlen
	unless_registered .Lstrnlen_slow
	cbz	x1, 4f
	and	x2, x0, #15
	neg	x3, x2
	lsl	x2, x2, #2
.Lstrnlen_start:
	zeros
	lsr	x4, x4, x2
	lsl	x4, x4, x2
	cbnz	x4, 2f
1:	add	x3, x3, #16
	cmp	x3, x1
	b.hs	4f
	zeros
	cbz	x4, 1b
.Lstrnlen_end:
2:	rbit	x4, x4
	clz	x4, x4
	add	x0, x3, x4, lsr #2
	cmp	x0, x1
	csel	x0, x1, x0, hi
	ret
4:	mov	x0, x1
	ret
.Lstrnlen_response:
	mov	x0, #-EFAULT
	ret
.Lstrnlen_slow:
	b	estp_slow_strnlen
end_function estp_strnlen
on_fault .Lstrnlen_start, .Lstrnlen_end, .Lstrnlen_response

	.section .note.GNU-stack,"",%progbits
