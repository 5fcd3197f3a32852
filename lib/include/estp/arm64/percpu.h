/* SPDX-License-Identifier: MIT */
/*
 * estp/arm64/percpu.h - the sequences behind estp/percpu.h
 *
 * Each returns one of ESTP_DONE_ ... ESTP_FAULTED_.  `cpu` is where the number lies,
 * counted from the thread pointer, which is read anew each time; `i` is where the CPU's
 * memory is, CPUs' being 1 << ESTP_PERCPU_SHIFT apart.  A thread without a number has -1
 * or -2 there: what that leads to is PROT_NONE, and the response to the fault is the way
 * out.
 *
 * All are begun anew when preempted or signalled: inputs are kept, the commit is last.
 * What is added to is loaded, added and stored by three instructions, of which the last
 * is the commit; a commit that is a release is one by itself, STLR, as a comparison that
 * is an acquire is one by LDAR.
 *
 * The branches to C labels reach 1 MiB.  So far away the compiler puts a label only if
 * it is told to part hot from cold (-freorder-blocks-and-partition), and the linker refuses.
 */
#ifndef ESTP_ARM64_PERCPU_H
#define ESTP_ARM64_PERCPU_H

#ifndef ESTP_PERCPU_H
#error "include estp/percpu.h"
#endif

/*
 * No thread pointer lies this far from anything: used all the same, it is a fault.  Not in
 * the top byte, which the machine ignores.
 */
#define ESTP_NO_CPU_		((ptrdiff_t)1 << 54)

/* i = this CPU's place, that of CPU 0 being @of. */
#define ESTP_PLACE_(of)								\
	"mrs	%x[i], tpidr_el0\n\t"						\
	"ldrsw	%x[i], [%x[i], %x[cpu]]\n\t"					\
	"add	%x[i], %x[" of "], %x[i], lsl #" ESTP_TEXT(ESTP_PERCPU_SHIFT) "\n\t"

/* Go on only on CPU `number`. */
#define ESTP_STILL_ON_								\
	"mrs	%x[t], tpidr_el0\n\t"						\
	"ldr	%w[t], [%x[t], %x[cpu]]\n\t"					\
	"cmp	%w[t], %w[number]\n\t"						\
	"b.ne	%l[moved]\n\t"

/* And only if @v holds @expected. */
#define ESTP_STILL_HOLDS_(v, expected)						\
	"ldar	%x[t], [%x[" v "]]\n\t"						\
	"cmp	%x[t], %x[" expected "]\n\t"					\
	"b.ne	%l[mismatch]\n\t"

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
	intptr_t n;

	__asm__ volatile goto (
		ESTP_START(number)
		"mrs	%x[n], tpidr_el0\n\t"
		"ldrsw	%x[n], [%x[n], %x[cpu]]\n\t"
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
	intptr_t here;

	if (number < 0)
		return number;
	__asm__ volatile ("mrs	%x[here], tpidr_el0\n\t"
			  "ldrsw	%x[here], [%x[here], %x[cpu]]"
			  : [here] "=&r"(here) : [cpu] "r"(cpu));
	return here < 0 ? ESTP_FAULTED_ : ESTP_MOVED_;
}

/* v[this CPU] += n, whose store is the commit */
static inline __attribute__((always_inline))
int estp_add_(intptr_t *v, intptr_t n, ptrdiff_t cpu)
{
	intptr_t i, t;

	__asm__ volatile goto (
		ESTP_START(add)
		ESTP_PLACE_("v")
		"ldr	%x[t], [%x[i]]\n\t"
		"add	%x[t], %x[t], %x[n]\n\t"
		ESTP_COMMIT(add)
		"str	%x[t], [%x[i]]\n\t"
		ESTP_RESPONSES_(add)
		: [i] "=&r"(i), [t] "=&r"(t)
		: [cpu] "r"(cpu), [v] "r"(v), [n] "rI"(n)
		: "memory"
		: fault);
	return ESTP_DONE_;
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* on CPU `number`: *v += n, whose store is the commit */
static inline __attribute__((always_inline))
int estp_add_on_(intptr_t *v, intptr_t n, int number, ptrdiff_t cpu)
{
	intptr_t t;

	__asm__ volatile goto (
		ESTP_START(add_on)
		ESTP_STILL_ON_
		"ldr	%x[t], [%x[v]]\n\t"
		"add	%x[t], %x[t], %x[n]\n\t"
		ESTP_COMMIT(add_on)
		"str	%x[t], [%x[v]]\n\t"
		ESTP_RESPONSES_(add_on)
		: [t] "=&r"(t)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [n] "rI"(n)
		: "memory", "cc"
		: fault, moved);
	return ESTP_DONE_;
ESTP_RESPONSE(moved);
	return estp_elsewhere_(number, cpu);
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* p = v[this CPU]; *p += n, whose store is the commit */
static inline __attribute__((always_inline))
int estp_deref_add_(void *v, intptr_t n, ptrdiff_t cpu)
{
	intptr_t i, t;

	__asm__ volatile goto (
		ESTP_START(deref_add)
		ESTP_PLACE_("v")
		"ldr	%x[i], [%x[i]]\n\t"
		"ldr	%x[t], [%x[i]]\n\t"
		"add	%x[t], %x[t], %x[n]\n\t"
		ESTP_COMMIT(deref_add)
		"str	%x[t], [%x[i]]\n\t"
		ESTP_RESPONSES_(deref_add)
		: [i] "=&r"(i), [t] "=&r"(t)
		: [cpu] "r"(cpu), [v] "r"(v), [n] "rI"(n)
		: "memory"
		: fault);
	return ESTP_DONE_;
ESTP_RESPONSE(fault);
	return ESTP_FAULTED_;
}

/* on CPU `number`: p = *v; *p += n, whose store is the commit */
static inline __attribute__((always_inline))
int estp_deref_add_on_(void *v, intptr_t n, int number, ptrdiff_t cpu)
{
	intptr_t p, t;

	__asm__ volatile goto (
		ESTP_START(deref_add_on)
		ESTP_STILL_ON_
		"ldr	%x[p], [%x[v]]\n\t"
		"ldr	%x[t], [%x[p]]\n\t"
		"add	%x[t], %x[t], %x[n]\n\t"
		ESTP_COMMIT(deref_add_on)
		"str	%x[t], [%x[p]]\n\t"
		ESTP_RESPONSES_(deref_add_on)
		: [p] "=&r"(p), [t] "=&r"(t)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [n] "rI"(n)
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
		ESTP_PLACE_("list")
		"ldr	%x[first], [%x[i]]\n\t"
		ESTP_UNPUBLISHED(push, next)
		"str	%x[first], [%x[link]]\n\t"
		ESTP_COMMIT(push)
		"stlr	%x[link], [%x[i]]\n\t"
		ESTP_RESPONSES_(push)
		: [i] "=&r"(i), [first] "=&r"(first)
		: [cpu] "r"(cpu), [list] "r"(list), [link] "r"(link)
		: "memory"
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
		ESTP_PLACE_("list")
		"ldr	%x[first], [%x[i]]\n\t"
		"cbz	%x[first], %l[empty]\n\t"
		"ldr	%x[next], [%x[first]]\n\t"
		ESTP_COMMIT(pop)
		"str	%x[next], [%x[i]]\n\t"
		ESTP_RESPONSES_(pop)
		: [i] "=&r"(i), [first] "=&r"(first), [next] "=&r"(next)
		: [cpu] "r"(cpu), [list] "r"(list)
		: "memory"
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
	intptr_t t;

	__asm__ volatile goto (
		ESTP_START(compare)
		ESTP_STILL_ON_
		ESTP_STILL_HOLDS_("v", "expected")
		ESTP_COMMIT(compare)
		"stlr	%x[value], [%x[v]]\n\t"
		ESTP_RESPONSES_(compare)
		: [t] "=&r"(t)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v),
		  [expected] "rI"(expected), [value] "rZ"(value)
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
	intptr_t old, t;

	__asm__ volatile goto (
		ESTP_START(compare_not)
		ESTP_STILL_ON_
		"ldr	%x[old], [%x[v]]\n\t"
		"cmp	%x[old], %x[unexpected]\n\t"
		"b.eq	%l[mismatch]\n\t"
		"ldr	%x[t], [%x[old], %x[offset]]\n\t"
		ESTP_COMMIT(compare_not)
		"str	%x[t], [%x[v]]\n\t"
		ESTP_RESPONSES_(compare_not)
		: [old] "=&r"(old), [t] "=&r"(t)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [offset] "r"(offset),
		  [unexpected] "rI"(unexpected)
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
	intptr_t t;

	__asm__ volatile goto (
		ESTP_START(two_store)
		ESTP_STILL_ON_
		ESTP_STILL_HOLDS_("v", "expected")
		ESTP_UNPUBLISHED(two_store, v2)
		"str	%x[value2], [%x[v2]]\n\t"
		ESTP_COMMIT(two_store)
		"stlr	%x[value], [%x[v]]\n\t"
		ESTP_RESPONSES_(two_store)
		: [t] "=&r"(t)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [v2] "r"(v2),
		  [expected] "rI"(expected), [value] "rZ"(value), [value2] "rZ"(value2)
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
	intptr_t t;

	__asm__ volatile goto (
		ESTP_START(compare2)
		ESTP_STILL_ON_
		ESTP_STILL_HOLDS_("v2", "expected2")
		ESTP_STILL_HOLDS_("v", "expected")
		ESTP_COMMIT(compare2)
		"stlr	%x[value], [%x[v]]\n\t"
		ESTP_RESPONSES_(compare2)
		: [t] "=&r"(t)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [v2] "r"(v2),
		  [expected] "rI"(expected), [expected2] "rI"(expected2), [value] "rZ"(value)
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
	intptr_t i, t;

	__asm__ volatile goto (
		ESTP_START(copy)
		ESTP_WAIVE(copy, ESTP_RULE_LOOP)
		ESTP_STILL_ON_
		ESTP_STILL_HOLDS_("v", "expected")
		"mov	%x[i], #0\n"
	ESTP_LABEL(copy, words) ":\n\t"
		"sub	%x[t], %x[len], %x[i]\n\t"
		"cmp	%x[t], #8\n\t"
		"b.lo	" ESTP_LABEL(copy, bytes) "\n\t"
		"ldr	%x[t], [%x[src], %x[i]]\n\t"
		ESTP_UNPUBLISHED(copy, word)
		"str	%x[t], [%x[dst], %x[i]]\n\t"
		"add	%x[i], %x[i], #8\n\t"
		"b	" ESTP_LABEL(copy, words) "\n"
	ESTP_LABEL(copy, bytes) ":\n\t"
		"cmp	%x[i], %x[len]\n\t"
		"b.hs	" ESTP_LABEL(copy, commit) "\n\t"
		"ldrb	%w[t], [%x[src], %x[i]]\n\t"
		ESTP_UNPUBLISHED(copy, byte)
		"strb	%w[t], [%x[dst], %x[i]]\n\t"
		"add	%x[i], %x[i], #1\n\t"
		"b	" ESTP_LABEL(copy, bytes) "\n\t"
		ESTP_COMMIT(copy)
		"stlr	%x[value], [%x[v]]\n\t"
		ESTP_RESPONSES_(copy)
		: [i] "=&r"(i), [t] "=&r"(t)
		: [cpu] "r"(cpu), [number] "r"(number), [v] "r"(v), [dst] "r"(dst),
		  [src] "r"(src), [len] "r"(len), [expected] "rI"(expected), [value] "rZ"(value)
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

#endif /* ESTP_ARM64_PERCPU_H */
