/* SPDX-License-Identifier: MIT */
#define LOAD(to, from)	"ldr	" to ", " from "\n\t"
#define AT(p)		"[" p "]"
#define RELAX		"yield\n\t"
#define SPIN		"1: " RELAX "b	1b\n\t"
#define SPIN_ONCE	"str	%w[one], %[entered]\n\t" SPIN
#define COUNT		"mov	%[n], #1000\n\t" "1: " RELAX "subs	%[n], %[n], #1\n\t" "b.ne	1b\n\t" \
			"ldr	%[t], %[tally]\n\t" "add	%[t], %[t], #1\n\t" "str	%[t], %[tally]\n\t"
#define ADD		"add	%[old], %[old], %[n]\n\t"
#define STORE		"str	%[old], %[counter]\n\t"
#define JUMP(to)	"b	" to "\n\t"
