/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access to memory that may not be there: each access is a FAULT span of its own.
 *
 * The state of PAN is the same everywhere: user space is accessed by LDTR and STTR, which
 * have the rights of user space.  What is not in a span faults as ever: a bad pointer of
 * the caller's own is a bug.
 */
#include <linux/estp_page.h>

#define EFAULT	14

/* int name(const void *from: x0, uintN_t *value: x1); scratch: x2 */
.macro fetch name:req, load:req, store:req, r:req
estp_fault start=\name\()_start, end=\name\()_end, response=\name\()_response
estp_function \name
estp_label \name\()_start
	\load	\r\()2, [x0]
estp_label \name\()_end
	\store	\r\()2, [x1]
	mov	w0, #0
	ret
	/* What a load of more than one access has left in its register is nobody's word. */
estp_label \name\()_response
	\store	\r\()zr, [x1]
	mov	w0, #-EFAULT
	ret
estp_function_end \name
.endm

/* int name(void *to: x0, uintN_t value: x1); scratch: x3 */
.macro store name:req, store:req, r:req
estp_fault start=\name\()_start, end=\name\()_end, response=\name\()_response
estp_function \name
	mov	w3, #-EFAULT
estp_label \name\()_start
	\store	\r\()1, [x0]
estp_label \name\()_end
	mov	w3, #0
estp_label \name\()_response
	mov	w0, w3
	ret
estp_function_end \name
.endm

/*
 * size_t name(void *to: x0, const void *from: x1, size_t len: x2); scratch: x4, x5
 *
 *	done = 0;					x3
 *	bytes = the first store would end in another granule, or page;	x5
 *	while (!bytes && 8 bytes are left) {
 *		copy 8 bytes;				faulted: byte by byte
 *		done += 8;
 *	}
 *	while (a byte is left) {
 *		copy a byte;				faulted: done
 *		done++;
 *		if (!--bytes)
 *			8 bytes again;
 *	}
 *
 * Either the load or the store is in the spans.  A store over the end of a page, or of a granule
 * of memory tags, may have been done in part when it faults; so it has to begin in one that has
 * been written to: then the part is what the bytes write again.
 */
.macro copy name:req, from:req, load:req, load1:req, store:req, store1:req
	.if	\from
estp_fault start=\name\()_load8, end=\name\()_store8, response=\name\()_bytes
estp_fault start=\name\()_load1, end=\name\()_store1, response=\name\()_done
	.else
estp_fault start=\name\()_store8, end=\name\()_stored8, response=\name\()_bytes
estp_fault start=\name\()_store1, end=\name\()_stored1, response=\name\()_done
	.endif
estp_function \name
	mov	x3, #0
	.ifeq	\from
	and	x4, x0, #15
	cmp	x4, #8
	cset	x5, hi
	cbnz	x5, 2f
	.endif
1:	cmp	x2, #8
	b.lo	2f
estp_label \name\()_load8
	\load	x4, [x1]
estp_label \name\()_store8
	\store	x4, [x0]
estp_label \name\()_stored8
	add	x1, x1, #8
	add	x0, x0, #8
	add	x3, x3, #8
	sub	x2, x2, #8
	b	1b
estp_label \name\()_bytes
2:	cbz	x2, 3f
estp_label \name\()_load1
	\load1	w4, [x1]
estp_label \name\()_store1
	\store1	w4, [x0]
estp_label \name\()_stored1
	add	x1, x1, #1
	add	x0, x0, #1
	add	x3, x3, #1
	sub	x2, x2, #1
	.ifeq	\from
	sub	x5, x5, #1
	cbz	x5, 1b
	.endif
	b	2b
estp_label \name\()_done
3:	mov	x0, x3
	ret
estp_function_end \name
.endm

/* ssize_t name(char *to: x0, const char *from: x1, size_t size: x2); scratch: x3 to x5 */
.macro strncpy name:req, load1:req
estp_fault start=\name\()_start, end=\name\()_end, response=\name\()_response
estp_function \name
	mov	x5, #-EFAULT
	mov	x3, #0
1:	cmp	x3, x2
	b.eq	2f
estp_label \name\()_start
	\load1	w4, [x1]
estp_label \name\()_end
	strb	w4, [x0, x3]
	cbz	w4, 2f
	add	x1, x1, #1
	add	x3, x3, #1
	b	1b
2:	mov	x5, x3
estp_label \name\()_response
	mov	x0, x5
	ret
estp_function_end \name
.endm

estp_page estp_access_page

	fetch	estp_raw_fetch8, ldrb, strb, w
	fetch	estp_raw_fetch16, ldrh, strh, w
	fetch	estp_raw_fetch32, ldr, str, w
	fetch	estp_raw_fetch64, ldr, str, x
	store	estp_raw_store8, strb, w
	store	estp_raw_store16, strh, w
	store	estp_raw_store32, str, w
	store	estp_raw_store64, str, x
	copy	estp_raw_copy_from, 1, ldr, ldrb, str, strb
	copy	estp_raw_copy_to, 0, ldr, ldrb, str, strb
	strncpy	estp_raw_strncpy_from, ldrb

	fetch	estp_raw_fetch8_user, ldtrb, strb, w
	fetch	estp_raw_fetch16_user, ldtrh, strh, w
	fetch	estp_raw_fetch32_user, ldtr, str, w
	fetch	estp_raw_fetch64_user, ldtr, str, x
	store	estp_raw_store8_user, sttrb, w
	store	estp_raw_store16_user, sttrh, w
	store	estp_raw_store32_user, sttr, w
	store	estp_raw_store64_user, sttr, x
	copy	estp_raw_copy_from_user, 1, ldtr, ldtrb, str, strb
	copy	estp_raw_copy_to_user, 0, ldr, ldrb, sttr, sttrb
	strncpy	estp_raw_strncpy_from_user, ldtrb

estp_page_end estp_access_page
