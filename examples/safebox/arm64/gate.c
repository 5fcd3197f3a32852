// SPDX-License-Identifier: MIT
/*
 * The gate.  See box.h.
 *
 *   start:
 *	POR_EL0 = OPEN
 *	if (slot >= RESERVED)
 *		goto denied
 *   checked:
 *	x5, x6, x12..x15 = keys[slot], word
 *   mix:
 *	for (n = ROUNDS; n; n--)
 *		x12..x15 = mix(x12..x15)
 *	tag, error = (x12 ^ x13 ^ x14 ^ x15) + x6 ^ x5, 0
 *	goto wipe
 *   denied:						also the response to a FAULT
 *	tag, error = 0, 1
 *   wipe:
 *	x5, x6, x10..x15 = 0
 *   close:
 *	do POR_EL0 = CLOSED while (x9 != CLOSED)
 *   end:
 *   again:						the response to an INTERRUPT
 *	goto start
 *
 *	x0, x1		slot, word			in, kept
 *	x2, x3		tag, error			out, cleared by an INTERRUPT
 *	x10, x11	offset of the key, its address	cleared by an INTERRUPT
 *	x5, x6, x12..x15 the key			cleared by an INTERRUPT
 *	x4, x9		n, operand of MSR		cleared by an INTERRUPT
 *	POR_EL0						closed by an INTERRUPT
 *
 * For a handler each signal came before the gate was entered, and returning from it
 * enters it anew.  Nothing is written to memory, slot and word are kept: harmless.
 *
 * Flags cannot be cleared, so nothing secret gets into them: additions, rotations and the loop's end leave
 * them alone (SPEC OBL-9).  Vector registers are not used: where the kernel has SME or FPMR it is one that
 * cannot clear them (SPEC QRY-3).
 *
 * Whoever jumps into the middle, which nothing here prevents, finds the box closed, and
 * so ends in `denied`.  Who jumps to the first MSR has entered by the gate: all that
 * is checked is checked after it, and the box's address is in the instructions.  Who jumps
 * to the last one with other rights in x9 meets the comparison behind it.
 */
#include <errno.h>

#include <estp/sequence.h>

#include "../box.h"

#define NAMED(name)	".globl " #name "\n\t.hidden " #name "\n" #name ":\n\t"

__attribute__((noinline, noclone, section("box_gate"), aligned(BOX_LEN)))
int box_sign(uint64_t slot, uint64_t word, uint64_t *tag)
{
	register uint64_t in_slot __asm__("x0") = slot;
	register uint64_t in_word __asm__("x1") = word;
	register uint64_t out __asm__("x2");
	register uint64_t error __asm__("x3");

	__asm__ volatile(
		ESTP_START(gate)
		ESTP_START(open)
		ESTP_WAIVE(gate, ESTP_RULE_LOOP)
		NAMED(box_start)
		"mov	x9, %[open]\n\t"
		"msr	" POR_EL0 ", x9\n\t"
		"isb\n\t"
		"cmp	x0, %[reserved]\n\t"
		"b.hs	" ESTP_LABEL(gate, denied) "\n\t"
		"lsl	x10, x0, #5\n\t"
		NAMED(box_checked)
		"adrp	x11, box\n\t"
		"add	x11, x11, :lo12:box\n\t"
		"add	x11, x11, x10\n\t"
		"ldp	x12, x13, [x11]\n\t"
		"ldp	x14, x15, [x11, #16]\n\t"
		"mov	x4, %[rounds]\n\t"
		"mov	x5, x12\n\t"
		"mov	x6, x15\n\t"
		"eor	x14, x14, x1\n\t"
		NAMED(box_mix)
		"add	x12, x12, x13\n\t"
		"ror	x13, x13, #51\n\t"
		"eor	x13, x13, x12\n\t"
		"ror	x12, x12, #32\n\t"
		"add	x14, x14, x15\n\t"
		"ror	x15, x15, #48\n\t"
		"eor	x15, x15, x14\n\t"
		"add	x12, x12, x15\n\t"
		"ror	x15, x15, #43\n\t"
		"eor	x15, x15, x12\n\t"
		"add	x14, x14, x13\n\t"
		"ror	x13, x13, #47\n\t"
		"eor	x13, x13, x14\n\t"
		"ror	x14, x14, #32\n\t"
		"sub	x4, x4, #1\n\t"
		"cbnz	x4, box_mix\n\t"
		"eor	x12, x12, x13\n\t"
		"eor	x14, x14, x15\n\t"
		"eor	x2, x12, x14\n\t"
		"add	x2, x2, x6\n\t"
		"eor	x2, x2, x5\n\t"
		"mov	x3, #0\n\t"
		"b	" ESTP_LABEL(gate, wipe) "\n\t"
		ESTP_END(open)
		ESTP_LABEL(gate, denied) ":\n\t"
		"mov	x2, #0\n\t"
		"mov	x3, #1\n\t"
		ESTP_LABEL(gate, wipe) ":\n\t"
		"mov	x5, #0\n\t"
		"mov	x6, #0\n\t"
		"mov	x10, #0\n\t"
		"mov	x11, #0\n\t"
		"mov	x12, #0\n\t"
		"mov	x13, #0\n\t"
		"mov	x14, #0\n\t"
		"mov	x15, #0\n\t"
		ESTP_LABEL(gate, close) ":\n\t"
		"mov	x9, %[closed]\n\t"
		NAMED(box_shut)
		"msr	" POR_EL0 ", x9\n\t"
		"isb\n\t"
		"cmp	x9, %[closed]\n\t"
		"b.ne	" ESTP_LABEL(gate, close) "\n\t"
		ESTP_END(gate)
		NAMED(box_end)

		ESTP_COLD_BEGIN
		NAMED(box_again)
		"b	" ESTP_LABEL(gate, start) "\n\t"
		ESTP_LABEL(gate, again_end) ":\n\t"
		ESTP_COLD_END
		ESTP_ON_INTERRUPT(gate, "box_again", ESTP_LABEL(gate, again_end),
				  ESTP_X(2) | ESTP_X(3) | ESTP_X(4) | ESTP_X(5) | ESTP_X(6) | ESTP_X(9) |
				  ESTP_X(10) | ESTP_X(11) | ESTP_X(12) | ESTP_X(13) | ESTP_X(14) | ESTP_X(15),
				  ESTP_RESET_PKEY)
		ESTP_ON_FAULT(open, ESTP_LABEL(gate, denied), ESTP_MEMORY)
		: "=&r"(out), "=&r"(error)
		: "r"(in_slot), "r"(in_word), [open] "i"(BOX_OPEN), [closed] "i"(BOX_CLOSED),
		  [reserved] "i"(BOX_RESERVED), [rounds] "i"(32)
		: "x4", "x5", "x6", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory", "cc");
	if (error)
		return slot >= BOX_RESERVED ? -EPERM : -EFAULT;
	*tag = out;
	return 0;
}
