/* SPDX-License-Identifier: MIT */
/* x86_64's instructions for the sequences of the tests, as text of asm statements. */
#ifndef INSN_H
#define INSN_H

/* to = *from */
#define INSN_LOAD(to, from)	"movq	(" from "), " to "\n\t"
/* to = 1; to += *from */
#define INSN_ONE(to)		"xorl	%k" to ", %k" to "\n\t" "incq	%" to "\n\t"
#define INSN_ADD(to, from, mark)	mark "addq	(%" from "), %" to "\n\t"
#define INSN_JUMP(label)	"jmp	" label "\n\t"
/* memory = address of a label */
#define INSN_ADDRESS(memory, label) \
	"leaq	" label "(%%rip), %%rax\n\t" "movq	%%rax, " memory "\n\t"
#define INSN_SCRATCH		"rax"
/* A register of the clear mask. */
#define INSN_MASK		ESTP_RCX
/* What the kernel of the architecture honours. */
#define INSN_CLEAR_VALID	ESTP_X86_64_CLEAR_VALID

#endif
