/* SPDX-License-Identifier: MIT */
/*
 * Sequences that the benchmarks have events meet, one ESTP page each.  Whether a page is
 * registered is the program's choice; unregistered it is ordinary code.
 */
	.section .note.GNU-stack, "", @progbits
	.text

.macro PAGE name:req, selector:req, start:req, end:req, response:req
	.balign 4096, 0xcc
	.globl \name
\name:	.quad	0x4553545001000001
	.quad	(\selector << 61) + ((\start - \name) << 32) + ((\end - \name) << 16) + (\response - \name)
.endm

.macro FUNCTION name:req
	.globl	\name
	.type	\name, @function
\name:
.endm

.macro NOW		/* rax; rdx is lost */
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
.endm

/*
 * watch(last): do { t = now(); if (t - *last > 150) return t; *last = t; } forever
 * The response is preceded by the signature that an rseq section's abort has to have.
 */
	PAGE	watch_page, 0, watch, watch_end, watch_response
	FUNCTION watch
	NOW
	mov	%rax, %rcx
	sub	(%rdi), %rcx
	cmp	$150, %rcx
	ja	1f
	mov	%rax, (%rdi)
	jmp	watch
	.globl	watch_end, watch_response
watch_end:
	.long	0x53053053
watch_response:
	NOW
1:	ret

/* fault(p): *p */
	PAGE	fault_page, 2, fault, fault_end, fault_response
	FUNCTION fault
	mov	(%rdi), %rax
fault_end:
	.globl	fault_response
fault_response:
	ret
	.long	0x53053053
	.globl	fault_abort
fault_abort:
	ret

/* gate(p): *p; an INTERRUPT clears rcx, rdx, rsi, r8 to r11 */
	PAGE	gate_page, 1, gate, gate_end, gate_response
	FUNCTION gate
	mov	(%rdi), %rax
gate_end:
	ret
	.quad	(1 << 32) + 0xf46
	.globl	gate_response
gate_response:
	ret

/*
 * restart(counter, nr, stop): while (!*stop) { for (i = nr; --i;) ; (*counter)++ }
 * The sequence is from the first move to the store: 2 * nr + 2 instructions.
 */
	PAGE	restart_page, 0, restart_start, restart_end, restart_start
	FUNCTION restart
restart_start:
	mov	%rsi, %rcx
1:	dec	%rcx
	jnz	1b
	incq	(%rdi)
restart_end:
	cmpl	$0, (%rdx)
	je	restart_start
	ret

/* spin(count): for ever: 200 instructions, *count += 200; then another virtual CPU may run */
	PAGE	spin_page, 0, spin, spin_end, spin
	FUNCTION spin
	mov	$98, %ecx
1:	dec	%ecx
	jnz	1b
	addq	$200, (%rdi)
	pause
	jmp	spin
spin_end:
	ud2
	.balign 4096, 0xcc
