/* SPDX-License-Identifier: MIT */
/* arm64's instructions for the sequences of the tests, as text of asm statements. */
#ifndef INSN_H
#define INSN_H

/* to = *from */
#define INSN_LOAD(to, from)	"ldr	" to ", [" from "]\n\t"
/* to = 1; to += *from, where from is not needed any more: an input all the same; the mark is the last instruction's */
#define INSN_ONE(to)		"mov	%x" to ", #1\n\t"
#define INSN_ADD(to, from, mark)	"ldr	x9, [%x" from "]\n\t" mark "add	%x" to ", %x" to ", x9\n\t"
#define INSN_JUMP(label)	"b	" label "\n\t"
/* memory = address of a label */
#define INSN_ADDRESS(memory, label) \
	"adrp	x9, " label "\n\t" "add	x9, x9, :lo12:" label "\n\t" "str	x9, " memory "\n\t"
#define INSN_SCRATCH		"x9"
/* A register of the clear mask. */
#define INSN_MASK		ESTP_X(9)
/* What the kernel of the architecture honours. */
#define INSN_CLEAR_VALID	ESTP_ARM64_CLEAR_VALID

#endif
