/* SPDX-License-Identifier: MIT */
/*
 * The sequences of length.c, of L instructions, L - 5 of which stand for work:
 *
 *	movslq	cpu number, i
 *	shl	$20, i
 *	movq	counter[i], x
 *	lea	1(x), y			as often as there is work
 *	...
 *	inc	x
 *	movq	x, counter[i]		the commit
 *
 * Of three, it is estp_add(): number, shift, addq. Of two it has CPUs' counters 8 bytes
 * apart, which saves the shift, and is for one thread: two would share a cache line.
 */

/* L, and how much work */
#define LENGTHS(what)								\
	what(6, 1) what(10, 5) what(20, 15) what(50, 45) what(100, 95) what(200, 195)

#define WORK(nr)								\
	".rept	" #nr "\n\t"							\
	"leaq	1(%[x]), %[y]\n\t"						\
	".endr\n\t"
#define INCREMENT		"incq	%[x]\n\t"

#define GROW(kind, length, nr)							\
ALWAYS_INLINE void kind##_grow_##length(intptr_t *o, CONTEXT)			\
{										\
	intptr_t x, y;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(grow)						\
		"movq	" AT_##kind("") ", %[x]\n\t"				\
		WORK(nr)							\
		INCREMENT							\
		COMMIT_##kind(grow)						\
		"movq	%[x], " AT_##kind("") "\n\t"				\
		AFTER_##kind(grow)						\
		: [x] "=&r"(x), [y] "=&r"(y) OUT_##kind				\
		: [o] "r"(o) IN_##kind						\
		: "memory", "cc"						\
		: unused LABELS_##kind);					\
ESTP_RESPONSE(unused);								\
}

/* Of three, and of two. */
#define ADD(kind, length, before, place)					\
ALWAYS_INLINE void kind##_add_##length(intptr_t *o, CONTEXT)			\
{										\
	intptr_t none;								\
	CONTEXT_UNUSED;								\
	__asm__ volatile goto (							\
		before								\
		COMMIT_##kind(add)						\
		"addq	$1, " place "\n\t"					\
		AFTER_##kind(add)						\
		: [x] "=&r"(none) OUT_##kind					\
		: [o] "r"(o) IN_##kind						\
		: "memory", "cc"						\
		: unused LABELS_##kind);					\
ESTP_RESPONSE(unused);								\
}

#define NUMBER	"movslq	%%fs:(%[cpu]), %[i]\n\t"

#define SHORT(length, all)							\
	ALWAYS_INLINE void rseq_add_##length(intptr_t *o, CONTEXT)		\
	{									\
		intptr_t none, distance, *base = o;				\
		int number;							\
										\
		(void)cpu;							\
	ESTP_RESPONSE(aborted);							\
		number = *(volatile int32_t *)&rseq->cpu_id_start;		\
		o = all;							\
		__asm__ volatile goto (						\
			BEFORE_rseq(add)					\
			"addq	$1, (%[o])\n\t"					\
			AFTER_rseq(add)						\
			: [x] "=&r"(none) OUT_rseq				\
			: [o] "r"(o) IN_rseq					\
			: "memory", "cc"					\
			: aborted);						\
	}									\
	void page_grow_##length(intptr_t *counter, intptr_t unused, ptrdiff_t cpu);

#define SHORT_LOOPS								\
	ADD(plain, 2, NUMBER, "(%[o],%[i],8)") \
	ADD(estp, 2, ESTP_START(add) NUMBER, "(%[o],%[i],8)") \
	ADD(plain, 3, BEFORE_plain(add), AT_plain("")) \
	ADD(estp, 3, BEFORE_estp(add), AT_estp("")) \
	ADD(bare, 3, "", AT_bare("")) \
	SHORT(2, base + number) \
	SHORT(3, estp_percpu_of(base, number)) \
	LOOP(plain_2, , dense_counter, plain_add_2(o, cpu, rseq)) \
	LOOP(estp_2, , dense_counter, estp_add_2(o, cpu, rseq)) \
	LOOP(page_2, , dense_counter, page_grow_2(o, 0, cpu.offset)) \
	LOOP(rseq_2, , dense_counter, rseq_add_2(o, cpu, rseq)) \
	LOOP(lockfree_lock_2, , dense_counter, lockfree_count(o + *(volatile int32_t *)&rseq->cpu_id, 1)) \
	LOOP(plain_3, , cpu_counter, plain_add_3(o, cpu, rseq)) \
	LOOP(estp_3, , cpu_counter, estp_add_3(o, cpu, rseq)) \
	LOOP(page_3, , cpu_counter, page_grow_3(o, 0, cpu.offset)) \
	LOOP(rseq_3, , cpu_counter, rseq_add_3(o, cpu, rseq)) \
	LOOP(lockfree_lock_3, , cpu_lockfree_counter, lockfree_count(HERE(o), 1)) \
	LOOP(shared_lock_3, , &shared_counter, lockfree_count(o, 1)) \
	LOOP(locked_3, , &locked_counter, LOCKED(bare_add_3(o, cpu, rseq))) \
	LOOP(own_3, , &own_counter, bare_add_3(o, cpu, rseq))

#define SHORT_ROWS		ROW(2, 3) ROW(3, 3)
