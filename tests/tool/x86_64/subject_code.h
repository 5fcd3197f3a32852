/* SPDX-License-Identifier: MIT */
#define LOAD(to, from)	"movq	" from ", " to "\n\t"
#define AT(p)		"(" p ")"
#define RELAX		"pause\n\t"
#define SPIN		"1: " RELAX "jmp	1b\n\t"
#define SPIN_ONCE	"movl	%k[one], %[entered]\n\t" SPIN
#define COUNT		"movl	$1000, %k[n]\n\t" "1: " RELAX "decl	%k[n]\n\t" "jnz	1b\n\t" "incq	%[tally]\n\t"
#define ADD		"addq	%[n], %[old]\n\t"
#define STORE		"movq	%[old], %[counter]\n\t"
#define JUMP(to)	"jmp	" to "\n\t"
