/* SPDX-License-Identifier: MIT */
/* As x86_64/code.S: sequences that the benchmarks have events meet, one ESTP page each. */
	.section .note.GNU-stack, "", %progbits
	.text

.macro PAGE name:req, selector:req, start:req, end:req, response:req
	.balign 4096
	.globl \name
\name:	.quad	0x4553545001000001
	.quad	(\selector << 61) + ((\start - \name) << 32) + ((\end - \name) << 16) + (\response - \name)
.endm

.macro FUNCTION name:req
	.globl	\name
	.type	\name, %function
\name:
.endm

/* watch(last): do { t = now(); if (t - *last > 150) return t; *last = t; } forever */
	PAGE	watch_page, 0, watch, watch_end, watch_response
	FUNCTION watch
	mrs	x1, cntvct_el0
	ldr	x2, [x0]
	sub	x2, x1, x2
	cmp	x2, #150
	b.hi	1f
	str	x1, [x0]
	b	watch
watch_end:
watch_response:
	mrs	x1, cntvct_el0
1:	mov	x0, x1
	ret

/* fault(p): *p */
	PAGE	fault_page, 2, fault, fault_end, fault_response
	FUNCTION fault
	ldr	x1, [x0]
fault_end:
	.globl	fault_response
fault_response:
	ret

/* gate(p): *p; an INTERRUPT clears x9 to x15 */
	PAGE	gate_page, 1, gate, gate_end, gate_response
	FUNCTION gate
	ldr	x1, [x0]
gate_end:
	ret
	.balign	8
	.quad	(4 << 32) + 0xfe00
	.globl	gate_response
gate_response:
	ret

/* restart(counter, nr, stop): while (!*stop) { for (i = nr; --i;) ; (*counter)++ } */
	PAGE	restart_page, 0, restart_start, restart_end, restart_start
	FUNCTION restart
restart_start:
	mov	x3, x1
1:	subs	x3, x3, #1
	b.ne	1b
	ldr	x4, [x0]
	add	x4, x4, #1
	str	x4, [x0]
restart_end:
	ldr	w4, [x2]
	cbz	w4, restart_start
	ret
	.balign 4096
