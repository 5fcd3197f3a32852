// SPDX-License-Identifier: MIT
/*
 * What stands behind ESTP_RESPONSE(label) is done as written, and behind ESTP_OUTPUTS the outputs
 * are there, whatever the compiler makes of a statement with outputs and labels.
 *
 * Method: sequences whose response is taken by a jump, after their output register has been
 * spoiled, in many shapes of code around; and libestp's own that return what they load. GCC 12.2, for one, gets several of them wrong at
 * every level of optimisation if the labels are plain ones (-DPLAIN).
 */
#include <stdio.h>

#include <estp/percpu.h>
#include <estp/sequence.h>

#ifdef PLAIN
#undef ESTP_RESPONSE
#define ESTP_RESPONSE(label) label:
#undef ESTP_OUTPUTS
#define ESTP_OUTPUTS
#endif

/* Does what a FAULT would do, if p is NULL. */
#define LOAD(p, value, fault)							\
	asm volatile goto(							\
		"movq	$777, %[v]\n\t"						\
		"testq	%[q], %[q]\n\t"						\
		"jz	%l[" #fault "]\n\t"					\
		ESTP_START(load)						\
		"movq	(%[q]), %[v]\n\t"					\
		ESTP_END(load)							\
		ESTP_ON_FAULT(load, "%l[" #fault "]", ESTP_MEMORY)		\
		: [v] "=&r"(value) : [q] "r"(p) : "memory", "cc" : fault);	\
	ESTP_OUTPUTS

#define APART __attribute__((noinline))

APART static long constant(const long *p)
{
	long v;

	LOAD(p, v, fault);
	return v;
	ESTP_RESPONSE(fault);
	return -1;
}

APART static long given(const long *p, long other)
{
	long v;

	LOAD(p, v, fault);
	return v;
	ESTP_RESPONSE(fault);
	return other;
}

static inline __attribute__((always_inline)) int load(const long *p, long *out)
{
	long v;

	LOAD(p, v, fault);
	*out = v;
	return 0;
	ESTP_RESPONSE(fault);
	return -14;
}

APART static int stored(const long *p, long *out)
{
	return load(p, out);
}

APART static long chosen(const long *p)
{
	long v;

	return load(p, &v) ? -1 : v;
}

APART static long kept(const long *p, const long *q)
{
	long a = 5, b = 6;

	load(p, &a);
	load(q, &b);
	return a * 1000 + b;
}

APART static long summed(const long *const *p, int n)
{
	long sum = 0, v;
	int i;

	for (i = 0; i < n; i++) {
		if (load(p[i], &v)) {
			sum += 100;
			continue;
		}
		sum += v;
	}
	return sum;
}

APART static long branched(const long *p, int k)
{
	long v;

	LOAD(p, v, fault);
	if (k)
		return 3;
	return v;
	ESTP_RESPONSE(fault);
	if (k)
		return 3;
	return 4;
}

APART static long tried(const long *p)
{
	int tries = 0;
	long v;

again:
	tries++;
	LOAD(p, v, fault);
	return v + tries;
	ESTP_RESPONSE(fault);
	if (tries < 3)
		goto again;
	return tries * 10;
}

struct four {
	long a, b, c, d;
};

/* One output for two variables. */
APART static struct four doubled(const long *p, const long *q, struct four f)
{
	long v;

	load(p, &f.d);
	if (!load(q, &v)) {
		f.a = v;
		f.c = v;
	}
	return f;
}

APART static struct four doubled_before(const long *p, struct four f)
{
	long v;

	LOAD(p, v, fault);
	f.a = v;
	f.b = v;
	return f;
	ESTP_RESPONSE(fault);
	return f;
}

/* The operations of libestp that return what they load, by a number of our own. */
int estp_cpu_faulted_(ptrdiff_t offset)
{
	(void)offset;
	return -1;
}

static __thread int number;

static ptrdiff_t number_offset(void)
{
	char *thread;

	asm("movq	%%fs:0, %[thread]" : [thread] "=r"(thread));
	return (char *)&number - thread;
}

APART static struct four taken(intptr_t *v, ptrdiff_t cpu, struct four f)
{
	intptr_t link;

	estp_compare_not_load_(v, 0, 0, &f.d, 0, cpu);
	if (estp_compare_not_load_(v, 0, 0, &link, 0, cpu) == ESTP_DONE_) {
		f.a = link;
		f.c = link;
	}
	return f;
}

APART static struct four popped(void *list, ptrdiff_t cpu, struct four f)
{
	intptr_t link;

	estp_pop_(list, &f.d, cpu);
	if (estp_pop_(list, &link, cpu) == ESTP_DONE_) {
		f.a = link;
		f.c = link;
	}
	return f;
}

static int wrong;

static void is(const char *what, long got, long want)
{
	if (got == want)
		return;
	printf("%s: %ld, not %ld\n", what, got, want);
	wrong = 1;
}

int main(void)
{
	static const long one = 1, two = 2;
	const long *const some[] = { &one, NULL, &two, NULL };
	intptr_t node[3] = { (intptr_t)&node[1], (intptr_t)&node[2], 0 }, list;
	struct four four;
	long out = 55;

	is("constant", constant(NULL), -1);
	is("constant, good", constant(&one), 1);
	is("given", given(NULL, 8), 8);
	is("given, good", given(&one, 8), 1);
	is("stored", stored(NULL, &out), -14);
	is("stored", out, 55);
	is("stored, good", stored(&one, &out), 0);
	is("stored, good", out, 1);
	is("chosen", chosen(NULL), -1);
	is("chosen, good", chosen(&two), 2);
	is("kept, first", kept(NULL, &two), 5002);
	is("kept, second", kept(&one, NULL), 1006);
	is("kept, both", kept(NULL, NULL), 5006);
	is("kept, good", kept(&one, &two), 1002);
	is("summed", summed(some, 4), 203);
	is("branched", branched(NULL, 0), 4);
	is("branched", branched(NULL, 1), 3);
	is("branched, good", branched(&two, 0), 2);
	four = doubled(&one, &two, (struct four) { 3, 4, 5, 6 });
	is("doubled, good", four.a * 1000 + four.b * 100 + four.c * 10 + four.d, 2421);
	four = doubled(NULL, NULL, (struct four) { 3, 4, 5, 6 });
	is("doubled", four.a * 1000 + four.b * 100 + four.c * 10 + four.d, 3456);
	four = doubled_before(&two, (struct four) { 3, 4, 5, 6 });
	is("doubled before, good", four.a * 1000 + four.b * 100 + four.c * 10 + four.d, 2256);
	list = (intptr_t)&node[0];
	four = taken(&list, number_offset(), (struct four) { 3, 4, 5, 6 });
	is("taken", four.a == node[0] && four.b == 4 && four.c == node[0] && four.d == (intptr_t)node, 1);
	list = (intptr_t)&node[0];
	four = popped(&list, number_offset(), (struct four) { 3, 4, 5, 6 });
	is("popped", four.a == node[0] && four.b == 4 && four.c == node[0] && four.d == (intptr_t)node, 1);
	is("popped, the rest", list, node[1]);
	is("tried", tried(NULL), 30);
	is("tried, good", tried(&one), 2);
	return wrong;
}
