/* SPDX-License-Identifier: MIT */
/*
 * A gate: works with secrets in registers, and no signal handler gets to see them.
 *
 * uint64_t gate(const struct vault *vault, uint64_t rounds)
 *
 * start:
 *	x9..x13, v0..v7, v16..v23 = vault->secret[]
 *	for (sum = 0, n = rounds; n; n--)
 *		sum = mix(sum, x9..x13, n)
 *	x3, x9..x13, v0..v7, v16..v23 = 0
 * end:
 *	return sum
 * response:					only after a signal
 *	goto start
 *
 *	x0	vault				in, kept; sum: out
 *	x1	rounds				in, kept
 *	x2	sum				cleared by an INTERRUPT
 *	x9..x13, v0..v7, v16..v23		secrets, cleared by an INTERRUPT
 *	x3	n				scratch, cleared by an INTERRUPT
 *
 * The commit is the return of x2: nothing is written to memory. Leaving anywhere
 * before is harmless since x0 and x1, all that start needs, are neither changed
 * nor cleared. The response is one jump, as in the safebox entry of the proposal:
 * for the handler, the signal came before the gate was entered.
 */
#include "page.h"

	estp_page gate_page, 1
	estp_descriptor gate_page, INTERRUPT, gate_start, gate_end, gate_response

	.globl	gate_start, gate_end, gate_response
	.hidden	gate_start, gate_end, gate_response
function gate
gate_start:
	WAIVE(DAWDLES)
	ldp	x9, x10, [x0]
	ldp	x11, x12, [x0, #16]
	ldr	x13, [x0, #32]
	ldp	q0, q1, [x0, #64]
	ldp	q2, q3, [x0, #96]
	ldp	q4, q5, [x0, #128]
	ldp	q6, q7, [x0, #160]
	ldp	q16, q17, [x0, #192]
	ldp	q18, q19, [x0, #224]
	ldp	q20, q21, [x0, #256]
	ldp	q22, q23, [x0, #288]
	mov	x2, #0
	mov	x3, x1
1:	add	x2, x2, x9
	ror	x2, x2, #57
	eor	x2, x2, x10
	add	x2, x2, x11
	ror	x2, x2, #53
	eor	x2, x2, x12
	add	x2, x2, x13
	eor	x2, x2, x3
	subs	x3, x3, #1
	b.ne	1b
	.irp	i, 9, 10, 11, 12, 13
	mov	x\i, #0
	.endr
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
	movi	v\i\().2d, #0
	.endr
gate_end:
	mov	x0, x2
	ret

	.set	gate_secrets, CLEAR_X(9)|CLEAR_X(10)|CLEAR_X(11)|CLEAR_X(12)|CLEAR_X(13)|CLEAR_FP
	.set	gate_clear, gate_secrets|CLEAR_X(2)|CLEAR_X(3)
	.balign	8
	estp_prefix gate_clear, gate_response_end-gate_response
gate_response:
	b	gate_start
gate_response_end:
function_end gate

	estp_page_end gate_page

	.section .note.GNU-stack, "", %progbits
