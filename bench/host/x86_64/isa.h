/* SPDX-License-Identifier: MIT */
/* What ways.h, lockfree.h and turns.c have to be told of x86_64. */
#ifndef ISA_H
#define ISA_H

#define BEFORE_plain(tag)	ESTP_DISTANCE_
#define AT_plain(offset)	offset "(%[o],%[i])"
#define BASE_plain		"%[i]"
#define TO_BASE_plain		"addq	%[o], %[i]\n\t"

#define RSEQ_SIGNATURE		"0x53053053"
#define BEFORE_rseq(tag)							\
	".pushsection __rseq_cs, \"aw\", @progbits\n\t"				\
	".balign 32\n"								\
	".Lrseq_" #tag "_%=:\n\t"						\
	".long	0, 0\n\t"							\
	".quad	.Lrseq_start_" #tag "_%=, .Lrseq_end_" #tag "_%= - .Lrseq_start_" #tag "_%=\n\t" \
	".quad	.Lrseq_abort_" #tag "_%=\n\t"					\
	".popsection\n\t"							\
	"leaq	.Lrseq_" #tag "_%=(%%rip), %[i]\n\t"				\
	"movq	%[i], %[rseq_cs]\n"						\
	".Lrseq_start_" #tag "_%=:\n\t"						\
	"cmpl	%[number], %[cpu_id]\n\t"					\
	"jne	.Lrseq_abort_" #tag "_%=\n\t"
#define AFTER_rseq(tag)								\
	".Lrseq_end_" #tag "_%=:\n\t"						\
	".pushsection .text.unlikely, \"ax\", @progbits\n\t"			\
	".byte	0x0f, 0xb9, 0x3d\n\t"						\
	".long	" RSEQ_SIGNATURE "\n"						\
	".Lrseq_abort_" #tag "_%=:\n\t"						\
	"jmp	%l[aborted]\n\t"						\
	".popsection\n\t"
#define AT_rseq(offset)		offset "(%[o])"
#define BASE_rseq		"%[o]"
#define IN_rseq			, [rseq_cs] "m"(rseq->rseq_cs), [cpu_id] "m"(rseq->cpu_id), \
				[number] "r"(number)

/* Ways of atomic instructions: what(name of functions, in words, attribute, further argument) */
#define ATOMICS(what, ...)	what(lock, "lock prefix", , ##__VA_ARGS__)
enum { ATOMIC_NR = 1 };

#define EXCHANGE_HEAD_lock(head, old, link, done)				\
	__asm__ volatile(							\
		"lock cmpxchg16b %[h]"						\
		: [h] "+m"(*(head)), "+a"((old)->first), "+d"((old)->tag), "=@ccz"(done) \
		: "b"(link), "c"((old)->tag + 1)				\
		: "memory")

#define SPIN()			__builtin_ia32_pause()

#endif
