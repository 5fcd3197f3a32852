/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores that may fail; which ranges can be accessed.
 *
 *	if (not registered)
 *		return estp_slow_...;
 *   start:
 *	one access
 *   end:
 *	return 0;
 *   response:
 *	return -EFAULT;
 *
 * The access is the span, and only that: a bad `value` pointer is the caller's mistake
 * and crashes.  Nothing has been changed when the response runs.
 */
#include "access.h"

	.hidden	estp_slow_load, estp_slow_store, estp_slow_readable, estp_slow_writable

/* int estp_loadN(const void *address: x0, uintN_t *value: x1); scratch: x2, x16 */
.macro load name:req, size:req, width, reg:req
function \name
	unless_registered .L\name\()_slow
.L\name\()_start:
	ldr\width	\reg, [x0]
.L\name\()_end:
	str\width	\reg, [x1]
	mov	w0, #0
	ret
.L\name\()_response:
	mov	w0, #-EFAULT
	ret
.L\name\()_slow:
	mov	x2, #\size
	b	estp_slow_load
end_function \name
on_fault .L\name\()_start, .L\name\()_end, .L\name\()_response
.endm

load estp_load8, 1, b, w2
load estp_load16, 2, h, w2
load estp_load32, 4, , w2
load estp_load64, 8, , x2

/*
 * int estp_storeN(void *address: x0, uintN_t value: x1); scratch: x2, x3, x4, x5, x16
 *
 * A store into two pages of which one refuses may have changed the other: the
 * architecture leaves that open.  So both are asked before, the way estp_writable()
 * does.  4096 stands for whatever the page size is: it asks too often at worst.
 *
 *	if (address + N - 1 lies in another page)
 *		add nothing to the byte there, atomically, nor to the first;
 */
.macro store name:req, size:req, width, reg:req
function \name
	unless_registered .L\name\()_slow
	.if	\size > 1
	tst	x0, #\size - 1
	b.ne	2f
	.endif
.L\name\()_start:
1:	str\width	\reg, [x0]
	.if	\size > 1
	mov	w0, #0
	ret
2:	add	x2, x0, #\size - 1
	eor	x3, x0, x2
	tbz	x3, #12, 1b
3:	ldxrb	w4, [x2]
	stxrb	w5, w4, [x2]
	cbnz	w5, 3b
4:	ldxrb	w4, [x0]
	stxrb	w5, w4, [x0]
	cbnz	w5, 4b
	b	1b
	.endif
.L\name\()_end:
	.if	\size == 1
	mov	w0, #0
	ret
	.endif
.L\name\()_response:
	mov	w0, #-EFAULT
	ret
.L\name\()_slow:
	mov	x2, #\size
	b	estp_slow_store
end_function \name
on_fault .L\name\()_start, .L\name\()_end, .L\name\()_response
.endm

store estp_store8, 1, b, w1
store estp_store16, 2, h, w1
store estp_store32, 4, , w1
store estp_store64, 8, , x1

/*
 * int estp_readable(const void *address: x0, size_t len: x1), estp_writable() likewise.
 *
 *	last = address + len - 1;			x2
 *   start:
 *	do {
 *		access one byte at address;		x0
 *		address = first byte of the next page;
 *	} while (address <= last);
 *   end:
 *	return 1;
 *   response:
 *	return 0;
 *
 * The access to the last page of the address space is refused, so that address never wraps.
 * Scratch: x3, x4, x16.
 */
.macro range name:req, slow:req
function \name
	unless_registered .L\name\()_slow
	subs	x2, x1, #1
	b.lo	3f
	adds	x2, x0, x2
	b.hs	.L\name\()_response
.L\name\()_start:
1:	access_\name
	orr	x0, x0, #4095
	add	x0, x0, #1
	cmp	x0, x2
	b.ls	1b
.L\name\()_end:
3:	mov	w0, #1
	ret
.L\name\()_response:
	mov	w0, #0
	ret
.L\name\()_slow:
	b	\slow
end_function \name
on_fault .L\name\()_start, .L\name\()_end, .L\name\()_response
.endm

.macro access_estp_readable
	ldrb	w3, [x0]
.endm

/* A store for the page's rights, and for nobody's data: it is atomic, and adds nothing. */
.macro access_estp_writable
2:	ldxrb	w3, [x0]
	stxrb	w4, w3, [x0]
	cbnz	w4, 2b
.endm

range estp_readable, estp_slow_readable
range estp_writable, estp_slow_writable

	.section .note.GNU-stack,"",%progbits
