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

/*
 * watch(last): do { t = now(); if (t - *last > 150) return t; *last = t; } forever
 * The response is preceded by the signature that an rseq section's abort has to have.
 */
	PAGE	watch_page, 0, watch, watch_end, watch_response
	FUNCTION watch
	mrs	x1, cntvct_el0
	ldr	x2, [x0]
	sub	x2, x1, x2
	cmp	x2, #150
	b.hi	1f
	str	x1, [x0]
	b	watch
	.globl	watch_end, watch_response
watch_end:
	.inst	0xd428bc00
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
	.inst	0xd428bc00
	.globl	fault_abort
fault_abort:
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

/* restart(counter, nr, stop): while (!*stop) { for (i = nr; --i;) ; (*counter)++ }: 2 * nr + 4 */
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

/* spin(count): for ever: 200 instructions, *count += 200; then another virtual CPU may run */
	PAGE	spin_page, 0, spin, spin_end, spin
	FUNCTION spin
	mov	x1, #97
1:	subs	x1, x1, #1
	b.ne	1b
	ldr	x2, [x0]
	add	x2, x2, #200
	str	x2, [x0]
	yield
	b	spin
spin_end:
	udf	#0
	.balign 4096
