/* SPDX-License-Identifier: MIT */
/* What ways.h, lockfree.h and turns.c have to be told of arm64. */
#ifndef ISA_H
#define ISA_H

/* %[i] is where this CPU's object is, so there is no other base. */
#define BEFORE_plain(tag)	ESTP_PLACE_("o")
#define AT_plain(offset)	"[%x[i], #" offset "]"
#define BASE_plain		"%x[i]"
#define TO_BASE_plain		""

#define RSEQ_SIGNATURE		"0xd428bc00"
#define BEFORE_rseq(tag)							\
	".pushsection __rseq_cs, \"aw\", @progbits\n\t"				\
	".balign 32\n"								\
	".Lrseq_" #tag "_%=:\n\t"						\
	".long	0, 0\n\t"							\
	".quad	.Lrseq_start_" #tag "_%=, .Lrseq_end_" #tag "_%= - .Lrseq_start_" #tag "_%=\n\t" \
	".quad	.Lrseq_abort_" #tag "_%=\n\t"					\
	".popsection\n\t"							\
	"adrp	%x[i], .Lrseq_" #tag "_%=\n\t"					\
	"add	%x[i], %x[i], :lo12:.Lrseq_" #tag "_%=\n\t"			\
	"str	%x[i], %[rseq_cs]\n"						\
	".Lrseq_start_" #tag "_%=:\n\t"						\
	"ldr	%w[i], %[cpu_id]\n\t"						\
	"cmp	%w[i], %w[number]\n\t"						\
	"b.ne	.Lrseq_abort_" #tag "_%=\n\t"
#define AFTER_rseq(tag)								\
	".Lrseq_end_" #tag "_%=:\n\t"						\
	".pushsection .text.unlikely, \"ax\", @progbits\n\t"			\
	".inst	" RSEQ_SIGNATURE "\n"						\
	".Lrseq_abort_" #tag "_%=:\n\t"						\
	"b	%l[aborted]\n\t"						\
	".popsection\n\t"
#define AT_rseq(offset)		"[%x[o], #" offset "]"
#define BASE_rseq		"%x[o]"
#define IN_rseq			, [rseq_cs] "m"(rseq->rseq_cs), [cpu_id] "m"(rseq->cpu_id), \
				[number] "r"(number)

/* Ways of atomic instructions: what(name of functions, in words, attribute, further argument) */
#define ATOMICS(what, ...)							\
	what(llsc, "LL/SC", , ##__VA_ARGS__)					\
	what(lse, "LSE", __attribute__((target("+lse"))), ##__VA_ARGS__)
enum { ATOMIC_NR = 2 };

#define EXCHANGE_HEAD_llsc(head, old, link, done) do {				\
	void *first_;								\
	uint64_t tag_;								\
	uint32_t failed_;							\
										\
	__asm__ volatile(							\
		"ldaxp	%[f], %[t], %[h]\n\t"					\
		"cmp	%[f], %[of]\n\t"					\
		"ccmp	%[t], %[ot], #0, eq\n\t"				\
		"mov	%w[failed], #1\n\t"					\
		"b.ne	1f\n\t"						\
		"stlxp	%w[failed], %[nf], %[nt], %[h]\n"			\
		"1:"								\
		: [f] "=&r"(first_), [t] "=&r"(tag_), [failed] "=&r"(failed_), [h] "+Q"(*(head)) \
		: [of] "r"((old)->first), [ot] "r"((old)->tag), [nf] "r"(link),	\
		  [nt] "r"((old)->tag + 1)					\
		: "memory", "cc");						\
	(done) = !failed_;							\
	if (failed_) {								\
		(old)->first = first_;						\
		(old)->tag = tag_;						\
	}									\
} while (0)

/* A pair of registers is an even one and the next. */
#define EXCHANGE_HEAD_lse(head, old, link, done) do {				\
	register void *first_ __asm__("x4") = (old)->first;			\
	register uint64_t tag_ __asm__("x5") = (old)->tag;			\
	register void *new_ __asm__("x6") = (link);				\
	register uint64_t next_ __asm__("x7") = (old)->tag + 1;			\
										\
	__asm__ volatile(							\
		"caspal	%[f], %[t], %[nf], %[nt], %[h]"				\
		: [f] "+r"(first_), [t] "+r"(tag_), [h] "+Q"(*(head))		\
		: [nf] "r"(new_), [nt] "r"(next_)				\
		: "memory");							\
	(done) = first_ == (old)->first && tag_ == (old)->tag;			\
	(old)->first = first_;							\
	(old)->tag = tag_;							\
} while (0)

#define SPIN()			__asm__ volatile("yield" : : : "memory")

#endif
