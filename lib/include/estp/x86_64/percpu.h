/* SPDX-License-Identifier: MIT */
/*
 * estp/x86_64/percpu.h - the sequences behind estp/percpu.h
 *
 * Each returns one of ESTP_DONE_ ... ESTP_FAULTED_.  `cpu` is where the number lies,
 * counted from the thread pointer; `i` what it comes to in bytes, CPUs' memory being
 * 1 << ESTP_PERCPU_SHIFT apart.  A thread without a number has -1 or -2 there: what that
 * leads to is PROT_NONE, and the response to the fault is the way out.
 *
 * All are begun anew when preempted or signalled: inputs are kept, the commit is last.
 */
#ifndef ESTP_X86_64_PERCPU_H
#define ESTP_X86_64_PERCPU_H

#ifndef ESTP_PERCPU_H
#error "include estp/percpu.h"
#endif

/*
 * No thread pointer lies this far from anything: used all the same, it is a fault.  Bit 56, because of those above
 * a processor can be told to ignore all but the last (LAM).
 */
#define ESTP_NO_CPU_		((ptrdiff_t)1 << 56)

/* i = this CPU's distance from CPU 0. */
#define ESTP_DISTANCE_								\
	"movslq	%%fs:(%[cpu]), %[i]\n\t"					\
	"shlq	$" ESTP_TEXT(ESTP_PERCPU_SHIFT) ", %[i]\n\t"

/* Go on only on CPU `number`. */
#define ESTP_STILL_ON_								\
	"cmpl	%%fs:(%[cpu]), %k[number]\n\t"					\
	"jne	%l[moved]\n\t"

#define ESTP_RESPONSES_(tag)							\
	ESTP_END(tag)								\
	ESTP_RESTART(tag)							\
	ESTP_ON_FAULT(tag, "%l[fault]", ESTP_MEMORY)

/*
 * number = this thread's; negative, and it has none, is a fault, too
 * No commit, and nothing to be preempted: only a token to be wrong.
 */
static inline __attribute__((always_inline))
int estp_number_(intptr_t *number, ptrdiff_t cpu)
{
	int n;

	__asm__ volatile goto (
		ESTP_START(number)
		"movl	%%fs:(%[cpu]), %[n]\n\t"
		ESTP_END(number)
		ESTP_ON_FAULT(number, "%l[fault]", ESTP_MEMORY)
		: [n] "=&r"(n)
		: [cpu] "r"(cpu)
		: "memory"
		: fault);
	ESTP_OUTPUTS;
	*number = n;
	return __builtin_expect(n >= 0, 1) ? ESTP_DONE_ : ESTP_FAULTED_;
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/*
 * Not on CPU `number`: on another one, or not known to be on any, which a fault would have told of
 * where a number is not given.  It has just been loaded from there.
 */
static inline __attribute__((always_inline))
int estp_elsewhere_(int number, ptrdiff_t cpu)
{
	int here;

	if (number < 0)
		return number;
	__asm__ volatile ("movl	%%fs:(%[cpu]), %[here]" : [here] "=r"(here) : [cpu] "r"(cpu));
	return here < 0 ? ESTP_FAULTED_ : ESTP_MOVED_;
}

/* v[this CPU] += n, which is the commit */
static inline __attribute__((always_inline))
int estp_add_(intptr_t *v, intptr_t n, ptrdiff_t cpu)
{
	intptr_t i;

	__asm__ volatile goto (
		ESTP_START(add)
		ESTP_DISTANCE_
		ESTP_COMMIT(add)
		"addq	%[n], (%[v],%[i])\n\t"
		ESTP_RESPONSES_(add)
		: [i] "=&r"(i)
		: [cpu] "r"(cpu), [v] "r"(v), [n] "er"(n)
		: "memory", "cc"
		: fault);
	return ESTP_DONE_;
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* on CPU `number`: *v += n, which is the commit */
static inline __attribute__((always_inline))
int estp_add_on_(intptr_t *v, intptr_t n, int number, ptrdiff_t cpu)
{
	__asm__ volatile goto (
		ESTP_START(add_on)
		ESTP_STILL_ON_
		ESTP_COMMIT(add_on)
		"addq	%[n], (%[v])\n\t"
		ESTP_RESPONSES_(add_on)
		: /* none */
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [n] "er"(n)
		: "memory", "cc"
		: fault, moved);
	return ESTP_DONE_;
ESTP_RESPONSE(moved);
	return estp_elsewhere_(number, cpu);
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* p = v[this CPU]; *p += n, which is the commit */
static inline __attribute__((always_inline))
int estp_deref_add_(void *v, intptr_t n, ptrdiff_t cpu)
{
	intptr_t i;

	__asm__ volatile goto (
		ESTP_START(deref_add)
		ESTP_DISTANCE_
		"movq	(%[v],%[i]), %[i]\n\t"
		ESTP_COMMIT(deref_add)
		"addq	%[n], (%[i])\n\t"
		ESTP_RESPONSES_(deref_add)
		: [i] "=&r"(i)
		: [cpu] "r"(cpu), [v] "r"(v), [n] "er"(n)
		: "memory", "cc"
		: fault);
	return ESTP_DONE_;
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* on CPU `number`: p = *v; *p += n, which is the commit */
static inline __attribute__((always_inline))
int estp_deref_add_on_(void *v, intptr_t n, int number, ptrdiff_t cpu)
{
	intptr_t p;

	__asm__ volatile goto (
		ESTP_START(deref_add_on)
		ESTP_STILL_ON_
		"movq	(%[v]), %[p]\n\t"
		ESTP_COMMIT(deref_add_on)
		"addq	%[n], (%[p])\n\t"
		ESTP_RESPONSES_(deref_add_on)
		: [p] "=&r"(p)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [n] "er"(n)
		: "memory", "cc"
		: fault, moved);
	return ESTP_DONE_;
ESTP_RESPONSE(moved);
	return estp_elsewhere_(number, cpu);
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* link->next = list[this CPU]; list[this CPU] = link, which is the commit */
static inline __attribute__((always_inline))
int estp_push_(void *list, void *link, ptrdiff_t cpu)
{
	intptr_t i, first;

	__asm__ volatile goto (
		ESTP_START(push)
		ESTP_DISTANCE_
		"movq	(%[list],%[i]), %[first]\n\t"
		ESTP_UNPUBLISHED(push, next)
		"movq	%[first], (%[link])\n\t"
		ESTP_COMMIT(push)
		"movq	%[link], (%[list],%[i])\n\t"
		ESTP_RESPONSES_(push)
		: [i] "=&r"(i), [first] "=&r"(first)
		: [cpu] "r"(cpu), [list] "r"(list), [link] "r"(link)
		: "memory", "cc"
		: fault);
	return ESTP_DONE_;
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* link = list[this CPU]; if (!link) mismatch; list[this CPU] = link->next, the commit */
static inline __attribute__((always_inline))
int estp_pop_(void *list, intptr_t *link, ptrdiff_t cpu)
{
	intptr_t i, first, next;

	__asm__ volatile goto (
		ESTP_START(pop)
		ESTP_DISTANCE_
		"movq	(%[list],%[i]), %[first]\n\t"
		"testq	%[first], %[first]\n\t"
		"jz	%l[empty]\n\t"
		"movq	(%[first]), %[next]\n\t"
		ESTP_COMMIT(pop)
		"movq	%[next], (%[list],%[i])\n\t"
		ESTP_RESPONSES_(pop)
		: [i] "=&r"(i), [first] "=&r"(first), [next] "=&r"(next)
		: [cpu] "r"(cpu), [list] "r"(list)
		: "memory", "cc"
		: fault, empty);
	ESTP_OUTPUTS;
	*link = first;
	return ESTP_DONE_;
ESTP_RESPONSE(empty);
	return ESTP_MISMATCH_;
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* on CPU `number`: if (*v != expected) mismatch; *v = value, the commit */
static inline __attribute__((always_inline))
int estp_compare_store_(intptr_t *v, intptr_t expected, intptr_t value, int number,
			ptrdiff_t cpu)
{
	__asm__ volatile goto (
		ESTP_START(compare)
		ESTP_STILL_ON_
		"cmpq	%[expected], (%[v])\n\t"
		"jne	%l[mismatch]\n\t"
		ESTP_COMMIT(compare)
		"movq	%[value], (%[v])\n\t"
		ESTP_RESPONSES_(compare)
		: /* none */
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v),
		  [expected] "er"(expected), [value] "er"(value)
		: "memory", "cc"
		: fault, moved, mismatch);
	return ESTP_DONE_;
ESTP_RESPONSE(mismatch);
	return ESTP_MISMATCH_;
ESTP_RESPONSE(moved);
	return estp_elsewhere_(number, cpu);
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* on CPU `number`: old = *v; if (old == not) mismatch; *v = *(old + offset), the commit */
static inline __attribute__((always_inline))
int estp_compare_not_load_(intptr_t *v, intptr_t unexpected, intptr_t offset, intptr_t *load,
			   int number, ptrdiff_t cpu)
{
	intptr_t old, next;

	__asm__ volatile goto (
		ESTP_START(compare_not)
		ESTP_STILL_ON_
		"movq	(%[v]), %[old]\n\t"
		"cmpq	%[unexpected], %[old]\n\t"
		"je	%l[mismatch]\n\t"
		"movq	(%[old],%[offset]), %[next]\n\t"
		ESTP_COMMIT(compare_not)
		"movq	%[next], (%[v])\n\t"
		ESTP_RESPONSES_(compare_not)
		: [old] "=&r"(old), [next] "=&r"(next)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [offset] "r"(offset),
		  [unexpected] "er"(unexpected)
		: "memory", "cc"
		: fault, moved, mismatch);
	ESTP_OUTPUTS;
	*load = old;
	return ESTP_DONE_;
ESTP_RESPONSE(mismatch);
	return ESTP_MISMATCH_;
ESTP_RESPONSE(moved);
	return estp_elsewhere_(number, cpu);
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* on CPU `number`: if (*v != expected) mismatch; *v2 = value2; *v = value, the commit */
static inline __attribute__((always_inline))
int estp_compare_store_store_(intptr_t *v, intptr_t expected, intptr_t *v2, intptr_t value2,
			      intptr_t value, int number, ptrdiff_t cpu)
{
	__asm__ volatile goto (
		ESTP_START(two_store)
		ESTP_STILL_ON_
		"cmpq	%[expected], (%[v])\n\t"
		"jne	%l[mismatch]\n\t"
		ESTP_UNPUBLISHED(two_store, v2)
		"movq	%[value2], (%[v2])\n\t"
		ESTP_COMMIT(two_store)
		"movq	%[value], (%[v])\n\t"
		ESTP_RESPONSES_(two_store)
		: /* none */
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [v2] "r"(v2),
		  [expected] "er"(expected), [value] "er"(value), [value2] "er"(value2)
		: "memory", "cc"
		: fault, moved, mismatch);
	return ESTP_DONE_;
ESTP_RESPONSE(mismatch);
	return ESTP_MISMATCH_;
ESTP_RESPONSE(moved);
	return estp_elsewhere_(number, cpu);
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* on CPU `number`: if (*v2 != expected2 || *v != expected) mismatch; *v = value, the commit */
static inline __attribute__((always_inline))
int estp_compare2_store_(intptr_t *v, intptr_t expected, const intptr_t *v2, intptr_t expected2,
			 intptr_t value, int number, ptrdiff_t cpu)
{
	__asm__ volatile goto (
		ESTP_START(compare2)
		ESTP_STILL_ON_
		"cmpq	%[expected2], (%[v2])\n\t"
		"jne	%l[mismatch]\n\t"
		"cmpq	%[expected], (%[v])\n\t"
		"jne	%l[mismatch]\n\t"
		ESTP_COMMIT(compare2)
		"movq	%[value], (%[v])\n\t"
		ESTP_RESPONSES_(compare2)
		: /* none */
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [v2] "r"(v2),
		  [expected] "er"(expected), [expected2] "er"(expected2), [value] "er"(value)
		: "memory", "cc"
		: fault, moved, mismatch);
	return ESTP_DONE_;
ESTP_RESPONSE(mismatch);
	return ESTP_MISMATCH_;
ESTP_RESPONSE(moved);
	return estp_elsewhere_(number, cpu);
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* on CPU `number`: if (*v != expected) mismatch; copy len bytes; *v = value, the commit */
static inline __attribute__((always_inline))
int estp_compare_copy_store_(intptr_t *v, intptr_t expected, void *dst, const void *src,
			     size_t len, intptr_t value, int number, ptrdiff_t cpu)
{
	intptr_t i, piece;

	__asm__ volatile goto (
		ESTP_START(copy)
		ESTP_WAIVE(copy, ESTP_RULE_LOOP)
		ESTP_STILL_ON_
		"cmpq	%[expected], (%[v])\n\t"
		"jne	%l[mismatch]\n\t"
		"xorl	%k[i], %k[i]\n"
	ESTP_LABEL(copy, words) ":\n\t"
		"movq	%[len], %[piece]\n\t"
		"subq	%[i], %[piece]\n\t"
		"cmpq	$8, %[piece]\n\t"
		"jb	" ESTP_LABEL(copy, bytes) "\n\t"
		"movq	(%[src],%[i]), %[piece]\n\t"
		ESTP_UNPUBLISHED(copy, word)
		"movq	%[piece], (%[dst],%[i])\n\t"
		"addq	$8, %[i]\n\t"
		"jmp	" ESTP_LABEL(copy, words) "\n"
	ESTP_LABEL(copy, bytes) ":\n\t"
		"cmpq	%[len], %[i]\n\t"
		"jae	" ESTP_LABEL(copy, commit) "\n\t"
		"movzbl	(%[src],%[i]), %k[piece]\n\t"
		ESTP_UNPUBLISHED(copy, byte)
		"movb	%b[piece], (%[dst],%[i])\n\t"
		"incq	%[i]\n\t"
		"jmp	" ESTP_LABEL(copy, bytes) "\n\t"
		ESTP_COMMIT(copy)
		"movq	%[value], (%[v])\n\t"
		ESTP_RESPONSES_(copy)
		: [i] "=&r"(i), [piece] "=&r"(piece)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [dst] "r"(dst),
		  [src] "r"(src), [len] "r"(len), [expected] "er"(expected), [value] "er"(value)
		: "memory", "cc"
		: fault, moved, mismatch);
	return ESTP_DONE_;
ESTP_RESPONSE(mismatch);
	return ESTP_MISMATCH_;
ESTP_RESPONSE(moved);
	return estp_elsewhere_(number, cpu);
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

#endif /* ESTP_X86_64_PERCPU_H */
