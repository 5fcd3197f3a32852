// SPDX-License-Identifier: MIT
/*
 * percpu - what the operations of estp/percpu.h cost, beside the same unprotected
 *
 * Runs anywhere, without the module too: what is measured is the way that is not
 * interrupted, and those instructions are the same. Each round runs each loop in turn, so
 * that whatever slows the machine slows all; a ratio is taken within a round, and the
 * median of the rounds counts, beside the quartiles.
 *
 *	percpu [--json]
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/rseq.h>
#include <time.h>

#include <estp/percpu.h>

#define ROUNDS		301
#define TURNS		200000

struct node {
	struct estp_link link;
	long payload[7];
};

static intptr_t *counter;
static struct estp_head *list;
static struct node nodes[16];
static estp_cpu_t token;

/*
 * Loops -------------------------------------------------------------------------
 * One body each, all of them aligned alike; pointers and token are in registers, as in
 * a loop of anybody's.
 */
#define LOOP(name, body)							\
	static __attribute__((noinline)) void name(void)			\
	{									\
		intptr_t *v = counter;						\
		struct estp_head *l = list;					\
		struct rseq *rseq = (void *)((char *)__builtin_thread_pointer() + __rseq_offset); \
		estp_cpu_t cpu = token;						\
		long turn = TURNS;						\
										\
		(void)v, (void)l, (void)cpu, (void)rseq;			\
		__asm__ volatile(".balign 64" : "+r"(turn));			\
		do {								\
			body;							\
		} while (--turn);						\
	}

/* The same instructions as estp_add(), and nobody told the kernel. */
static inline __attribute__((always_inline)) void plain_add(intptr_t *v, intptr_t n, estp_cpu_t cpu)
{
	intptr_t i;

	__asm__ volatile(
		"movslq	%%fs:(%[cpu]), %[i]\n\t"
		"shlq	$20, %[i]\n\t"
		"addq	%[n], (%[v],%[i])\n\t"
		: [i] "=&r"(i)
		: [cpu] "r"(cpu.offset), [v] "r"(v), [n] "er"(n)
		: "memory", "cc");
}

static inline __attribute__((always_inline)) void lock_add(intptr_t *v, intptr_t n, estp_cpu_t cpu)
{
	intptr_t i;

	__asm__ volatile(
		"movslq	%%fs:(%[cpu]), %[i]\n\t"
		"shlq	$20, %[i]\n\t"
		"lock addq	%[n], (%[v],%[i])\n\t"
		: [i] "=&r"(i)
		: [cpu] "r"(cpu.offset), [v] "r"(v), [n] "er"(n)
		: "memory", "cc");
}

static inline __attribute__((always_inline))
int plain_pop(struct estp_head *l, struct estp_link **link, estp_cpu_t cpu)
{
	intptr_t i, first, next;

	__asm__ volatile goto (
		"movslq	%%fs:(%[cpu]), %[i]\n\t"
		"shlq	$20, %[i]\n\t"
		"movq	(%[list],%[i]), %[first]\n\t"
		"testq	%[first], %[first]\n\t"
		"jz	%l[empty]\n\t"
		"movq	(%[first]), %[next]\n\t"
		"movq	%[next], (%[list],%[i])\n\t"
		: [i] "=&r"(i), [first] "=&r"(first), [next] "=&r"(next)
		: [cpu] "r"(cpu.offset), [list] "r"(l)
		: "memory", "cc"
		: empty);
	*link = (struct estp_link *)first;
	return 0;
empty:
	return 1;
}

static inline __attribute__((always_inline))
void plain_push(struct estp_head *l, struct estp_link *link, estp_cpu_t cpu)
{
	intptr_t i, first;

	__asm__ volatile(
		"movslq	%%fs:(%[cpu]), %[i]\n\t"
		"shlq	$20, %[i]\n\t"
		"movq	(%[list],%[i]), %[first]\n\t"
		"movq	%[first], (%[link])\n\t"
		"movq	%[link], (%[list],%[i])\n\t"
		: [i] "=&r"(i), [first] "=&r"(first)
		: [cpu] "r"(cpu.offset), [list] "r"(l), [link] "r"(link)
		: "memory", "cc");
}

/*
 * As users of rseq write it: the number first, then a critical section, announced by one
 * store, that compares it and adds.
 */
static inline __attribute__((always_inline))
int rseq_add(intptr_t *v, intptr_t n, struct rseq *rseq)
{
	int number = *(volatile int *)&rseq->cpu_id_start;
	char *place = (char *)v + ((intptr_t)number << ESTP_PERCPU_SHIFT);

	__asm__ volatile goto (
		".pushsection __rseq_cs, \"aw\"\n\t"
		".balign 32\n"
		".Lcs%=: .long 0, 0\n\t"
		".quad .Lstart%=, .Lend%= - .Lstart%=, .Labort%=\n\t"
		".popsection\n\t"
		"leaq	.Lcs%=(%%rip), %%rax\n\t"
		"movq	%%rax, %[cs]\n"
		".Lstart%=:\n\t"
		"cmpl	%[number], %[now]\n\t"
		"jne	.Labort%=\n\t"
		"addq	%[n], (%[v])\n"
		".Lend%=:\n\t"
		".pushsection .text.unlikely, \"ax\"\n\t"
		".long	%c[signature]\n"
		".Labort%=:\n\t"
		"jmp	%l[aborted]\n\t"
		".popsection\n\t"
		: /* none */
		: [cs] "m"(rseq->rseq_cs), [now] "m"(rseq->cpu_id), [number] "r"(number),
		  [v] "r"(place), [n] "er"(n), [signature] "i"(0x53053053)
		: "memory", "cc", "rax"
		: aborted);
	return 0;
aborted:
	return -1;
}

LOOP(add_plain, plain_add(v, 1, cpu))
LOOP(add_estp, if (estp_add(v, 1, cpu)) abort())
LOOP(add_rseq, while (rseq_add(v, 1, rseq)) { })
LOOP(add_lock, lock_add(v, 1, cpu))
LOOP(list_plain, struct estp_link *link; if (plain_pop(l, &link, cpu)) abort();
	plain_push(l, link, cpu))
LOOP(list_estp, struct estp_link *link; if (estp_pop(l, &link, cpu)) abort();
	if (estp_push(l, link, cpu)) abort())

static struct row {
	const char *name, *text;
	void (*loop)(void);
	double ns[ROUNDS];
} row[] = {
	{ "add_unprotected", "add, unprotected", add_plain },
	{ "add_estp", "estp_add()", add_estp },
	{ "add_rseq", "add, rseq, one store", add_rseq },
	{ "add_lock", "add, lock prefix", add_lock },
	{ "list_unprotected", "pop and push, unprotected", list_plain },
	{ "list_estp", "estp_pop() and estp_push()", list_estp },
};
enum { ADD, ADD_ESTP, ADD_RSEQ, ADD_LOCK, LIST, LIST_ESTP, ROWS };

/* a's time by b's; at most, or at least if `least`. */
static const struct bound {
	const char *name, *text;
	int a, b;
	double bound;
	int least;
} bound[] = {
	{ "add", "estp_add() by the same unprotected", ADD_ESTP, ADD, 1.05, 0 },
	{ "rseq", "rseq's add by estp_add()", ADD_RSEQ, ADD_ESTP, 1.5, 1 },
	{ "list", "estp_pop() and estp_push() by the same unprotected", LIST_ESTP, LIST, 1.05, 0 },
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread {
	double low, median, high;
};

static struct spread spread(const double *values)
{
	double v[ROUNDS];

	memcpy(v, values, sizeof(v));
	qsort(v, ROUNDS, sizeof(*v), ascending);
	return (struct spread) { v[ROUNDS / 4], v[ROUNDS / 2], v[ROUNDS * 3 / 4] };
}

static void prepare(void)
{
	cpu_set_t set;
	unsigned int i;
	int number;

	/* As estp_cpu(), but that it does not ask whether this object is registered. */
	if (estp_cpu_find_(ESTP_BY_CPU_, &token.offset)) {
		fprintf(stderr, "percpu: no CPU number\n");
		exit(77);
	}
#ifdef ESTP_DEBUG
	token.object = &estp_object_error_;
#endif
	if (!__rseq_size) {
		fprintf(stderr, "percpu: libc has not registered rseq\n");
		exit(77);
	}
	number = estp_cpu_number(token);
	CPU_ZERO(&set);
	CPU_SET(number, &set);
	sched_setaffinity(0, sizeof(set), &set);
	counter = estp_percpu_alloc(sizeof(*counter), 0);
	list = estp_percpu_alloc(sizeof(*list), 0);
	if (!counter || !list)
		exit(1);
	for (i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		if (estp_push(list, &nodes[i].link, token))
			exit(1);
}

int main(int argc, char **argv)
{
	int json = argc > 1 && !strcmp(argv[1], "--json"), status = 0, r, n;
	unsigned int i;

	prepare();
	for (n = -20; n < ROUNDS; n++)
		for (r = 0; r < ROWS; r++) {
			double start = now();

			row[r].loop();
			if (n >= 0)
				row[r].ns[n] = (now() - start) / TURNS;
		}
	if (json)
		printf("{\"rounds\": %d, \"turns\": %d, \"ns\": {", ROUNDS, TURNS);
	else
		printf("%-56s%10s%20s\n", "ns each", "median", "quartiles");
	for (r = 0; r < ROWS; r++) {
		struct spread s = spread(row[r].ns);

		if (json)
			printf("%s\n  \"%s\": {\"median\": %.4f, \"q1\": %.4f, \"q3\": %.4f}",
			       r ? "," : "", row[r].name, s.median, s.low, s.high);
		else
			printf("%-56s%10.3f%12.3f%8.3f\n", row[r].text, s.median, s.low, s.high);
	}
	printf(json ? "},\n \"ratio\": {" : "\n");
	for (i = 0; i < sizeof(bound) / sizeof(*bound); i++) {
		double ratio[ROUNDS];
		struct spread s;
		int holds;

		for (n = 0; n < ROUNDS; n++)
			ratio[n] = row[bound[i].a].ns[n] / row[bound[i].b].ns[n];
		s = spread(ratio);
		holds = bound[i].least ? s.median >= bound[i].bound : s.median <= bound[i].bound;
		status |= !holds;
		if (json)
			printf("%s\n  \"%s\": {\"median\": %.4f, \"q1\": %.4f, \"q3\": %.4f, "
			       "\"bound\": %.2f, \"holds\": %s}", i ? "," : "", bound[i].name, s.median,
			       s.low, s.high, bound[i].bound, holds ? "true" : "false");
		else
			printf("%-56s%10.3f%12.3f%8.3f   %s %.2f %s\n", bound[i].text, s.median, s.low,
			       s.high, bound[i].least ? ">=" : "<=", bound[i].bound,
			       holds ? "holds" : "BROKEN");
	}
	if (json)
		printf("}}\n");
	return status;
}
