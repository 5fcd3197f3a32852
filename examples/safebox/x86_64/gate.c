// SPDX-License-Identifier: MIT
/*
 * The gate.  See box.h.
 *
 *   start:
 *	PKRU = OPEN
 *	if (slot >= RESERVED)
 *		goto denied
 *   checked:
 *	r10, r11, xmm0..3 = keys[slot], word
 *   mix:
 *	for (n = ROUNDS; n; n--)
 *		xmm0..3 = mix(xmm0..3)
 *	tag, error = xmm0, 0
 *	goto wipe
 *   denied:						also the response to a FAULT
 *	tag, error = 0, 1
 *   wipe:
 *	r9, r10, r11, xmm0..4 = 0
 *   close:
 *	do PKRU = CLOSED while (eax != CLOSED)
 *   end:
 *   again:						the response to an INTERRUPT
 *	goto start
 *
 *	rdi, rsi	slot, word			in, kept
 *	r8, r9		tag, error			out, cleared by an INTERRUPT
 *	r9		offset of the key		cleared by an INTERRUPT
 *	r10, r11, xmm0..3	the key			cleared by an INTERRUPT
 *	rax, rcx, rdx	operands of WRPKRU, n		cleared by an INTERRUPT
 *	PKRU						closed by an INTERRUPT
 *
 * For a handler each signal came before the gate was entered, and returning from it
 * enters it anew.  Nothing is written to memory, slot and word are kept: harmless.
 *
 * Flags cannot be cleared, so nothing secret gets into them: the keys are mixed by
 * vector instructions, which leave them alone (SPEC OBL-9).
 *
 * Whoever jumps into the middle, which nothing here prevents, finds the box closed, and
 * so ends in `denied`.  Who jumps to the first WRPKRU has entered by the gate: all that
 * is checked is checked after it, and the box's address is in the instruction.  Who jumps
 * to the last one with other rights in eax meets the comparison behind it.
 */
#include <errno.h>

#include <estp/sequence.h>

#include "../box.h"

#define NAMED(name)	".globl " #name "\n\t.hidden " #name "\n" #name ":\n\t"

#define ROTATE(x, by)						\
	"movdqa	%%" #x ", %%xmm4\n\t"				\
	"psllq	$" #by ", %%" #x "\n\t"				\
	"psrlq	$64-" #by ", %%xmm4\n\t"			\
	"por	%%xmm4, %%" #x "\n\t"

__attribute__((noinline, noclone, section("box_gate"), aligned(BOX_LEN)))
int box_sign(uint64_t slot, uint64_t word, uint64_t *tag)
{
	register uint64_t out __asm__("r8");
	register uint64_t error __asm__("r9");

	__asm__ volatile(
		ESTP_START(gate)
		ESTP_START(open)
		ESTP_WAIVE(gate, ESTP_RULE_LOOP)
		NAMED(box_start)
		"movl	%[open], %%eax\n\t"
		"xorl	%%ecx, %%ecx\n\t"
		"xorl	%%edx, %%edx\n\t"
		"wrpkru\n\t"
		"cmpq	%[reserved], %%rdi\n\t"
		"jae	" ESTP_LABEL(gate, denied) "\n\t"
		"movq	%%rdi, %%r9\n\t"
		"shlq	$5, %%r9\n\t"
		NAMED(box_checked)
		"leaq	box(%%rip), %%r8\n\t"
		"movdqu	(%%r8, %%r9), %%xmm0\n\t"
		"movdqu	16(%%r8, %%r9), %%xmm1\n\t"
		"movq	(%%r8, %%r9), %%r10\n\t"
		"movq	24(%%r8, %%r9), %%r11\n\t"
		"movq	%%rsi, %%xmm2\n\t"
		"movq	%%r10, %%xmm3\n\t"
		"punpcklqdq %%xmm3, %%xmm2\n\t"
		"movq	%%r11, %%xmm3\n\t"
		"movl	%[rounds], %%ecx\n\t"
		NAMED(box_mix)
		"paddq	%%xmm1, %%xmm0\n\t"
		ROTATE(xmm1, 13)
		"pxor	%%xmm0, %%xmm1\n\t"
		"pshufd	$0x4e, %%xmm0, %%xmm0\n\t"
		"paddq	%%xmm3, %%xmm2\n\t"
		ROTATE(xmm3, 16)
		"pxor	%%xmm2, %%xmm3\n\t"
		"paddq	%%xmm3, %%xmm0\n\t"
		ROTATE(xmm3, 21)
		"paddq	%%xmm1, %%xmm2\n\t"
		ROTATE(xmm1, 17)
		"pxor	%%xmm2, %%xmm1\n\t"
		"pshufd	$0x4e, %%xmm2, %%xmm2\n\t"
		"decl	%%ecx\n\t"
		"jnz	box_mix\n\t"
		"pxor	%%xmm2, %%xmm0\n\t"
		"movq	%%xmm0, %%r8\n\t"
		"xorl	%%r9d, %%r9d\n\t"
		"jmp	" ESTP_LABEL(gate, wipe) "\n\t"
		ESTP_END(open)
		ESTP_LABEL(gate, denied) ":\n\t"
		"xorl	%%r8d, %%r8d\n\t"
		"movl	$1, %%r9d\n\t"
		ESTP_LABEL(gate, wipe) ":\n\t"
		"xorl	%%r10d, %%r10d\n\t"
		"xorl	%%r11d, %%r11d\n\t"
		"pxor	%%xmm0, %%xmm0\n\t"
		"pxor	%%xmm1, %%xmm1\n\t"
		"pxor	%%xmm2, %%xmm2\n\t"
		"pxor	%%xmm3, %%xmm3\n\t"
		"pxor	%%xmm4, %%xmm4\n\t"
		ESTP_LABEL(gate, close) ":\n\t"
		"movl	%[closed], %%eax\n\t"
		"xorl	%%ecx, %%ecx\n\t"
		"xorl	%%edx, %%edx\n\t"
		NAMED(box_shut)
		"wrpkru\n\t"
		"cmpl	%[closed], %%eax\n\t"
		"jne	" ESTP_LABEL(gate, close) "\n\t"
		ESTP_END(gate)
		NAMED(box_end)

		ESTP_COLD_BEGIN
		NAMED(box_again)
		"jmp	" ESTP_LABEL(gate, start) "\n\t"
		ESTP_LABEL(gate, again_end) ":\n\t"
		ESTP_COLD_END
		ESTP_ON_INTERRUPT(gate, "box_again", ESTP_LABEL(gate, again_end),
				  ESTP_RAX | ESTP_RCX | ESTP_RDX | ESTP_R8 | ESTP_R9 | ESTP_R10 |
				  ESTP_R11 | ESTP_FP, ESTP_RESET_PKEY)
		ESTP_ON_FAULT(open, ESTP_LABEL(gate, denied), ESTP_MEMORY)
		: "=r"(out), "=r"(error)
		: "D"(slot), "S"(word), [open] "i"(BOX_OPEN), [closed] "i"(BOX_CLOSED),
		  [reserved] "i"(BOX_RESERVED), [rounds] "i"(32)
		: "rax", "rcx", "rdx", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
		  "memory", "cc");
	if (error)
		return slot >= BOX_RESERVED ? -EPERM : -EFAULT;
	*tag = out;
	return 0;
}
