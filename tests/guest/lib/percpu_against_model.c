// SPDX-License-Identifier: MIT
/*
 * CPU-5: each operation's result, and what it leaves in memory, are those of its
 * pseudo-C.
 *
 * Method: one thread, random operations with random arguments, few enough values for
 * comparisons to succeed and fail; beside it the pseudo-C on a copy of the memory. After
 * each, result, what was loaded, and all memory of all CPUs must be the same.
 */
#include <estp/percpu.h>

#include "harness.h"

#define WORDS	32
#define ROUNDS	100000

/* vm: --timeout 90 */
const unsigned int test_seconds = 75;

/*
 * Words 0 to 7 hold small numbers, 8 to 23 pointers to words 16 to 23, or NULL, and some
 * of 16 to 23 what is no pointer; from 25 on is what is copied.
 */
typedef intptr_t words[WORDS];

static intptr_t *real;		/* a per-CPU pointer to words */
static words *model;		/* and what should be there */
static estp_cpu_t cpu;
static u64 seed = 1;
static int cpus;

static unsigned int any(unsigned int below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (u32)(seed >> 33) % below;
}

#define real_of(number) ((intptr_t *)estp_percpu_of(real, number))

/* The model's pointers are its own: what word of which CPU is meant is what counts. */
static intptr_t to_model(intptr_t word)
{
	int number;

	for (number = 0; number < cpus; number++) {
		intptr_t off = word - (intptr_t)real_of(number);

		if (off >= 0 && off < (intptr_t)sizeof(words))
			return (intptr_t)model[number] + off;
	}
	return word;
}

static bool same(void)
{
	int number, i;

	for (number = 0; number < cpus; number++)
		for (i = 0; i < WORDS; i++)
			if (to_model(real_of(number)[i]) != model[number][i])
				return false;
	return true;
}

static void set(int number, unsigned int i, intptr_t value)
{
	real_of(number)[i] = value;
	model[number][i] = to_model(value);
}

static void reset(void)
{
	int number, i;

	for (number = 0; number < cpus; number++)
		for (i = 0; i < WORDS; i++)
			set(number, i, i < 8 || i >= 24 || (i >= 16 && !any(4)) ? (intptr_t)any(3) :
			    any(3) ? (intptr_t)&real_of(number)[16 + any(8)] : 0);
}

static bool readable(intptr_t word)
{
	return word > 4096;
}

static u64 results[12][3];

static bool one(void)
{
	int here = estp_cpu_number(cpu), number = any(4) ? here : (int)any(cpus);
	unsigned int what = any(12), i = any(8), j = any(8), len = any(40);
	intptr_t n = (intptr_t)any(5) - 2, e = any(3), e2 = any(3), got = 0, want = 0;
	intptr_t *r = real_of(number), *m = model[number], *mh = model[here];
	int result, expected = number == here ? 0 : -EAGAIN;
	struct estp_link *link;
	u8 source[40];

	for (unsigned int k = 0; k < sizeof(source); k++)
		source[k] = any(256);
	switch (what) {
	case 0:
		expected = 0;
		result = estp_add(&real[i], n, cpu);
		mh[i] += n;
		break;
	case 1:
		result = estp_add_on(&r[i], n, number, cpu);
		if (!expected)
			m[i] += n;
		break;
	case 2:
		set(here, 8 + j, (intptr_t)&real_of(here)[i]);
		expected = 0;
		result = estp_deref_add(real, (8 + j) * 8, n, cpu);
		*(intptr_t *)mh[8 + j] += n;
		break;
	case 3:
		set(number, 8 + j, (intptr_t)&r[i]);
		result = estp_deref_add_on(r, (8 + j) * 8, n, number, cpu);
		if (!expected)
			*(intptr_t *)m[8 + j] += n;
		break;
	case 4:
		link = (struct estp_link *)&real_of(here)[16 + j];
		expected = 0;
		result = estp_push((struct estp_head *)&real[8 + i], link, cpu);
		mh[16 + j] = mh[8 + i];
		mh[8 + i] = (intptr_t)&mh[16 + j];
		break;
	case 5:
		expected = !mh[8 + i] ? 1 : readable(mh[8 + i]) ? 0 : -EFAULT;
		result = estp_pop((struct estp_head *)&real[8 + i], &link, cpu);
		got = to_model((intptr_t)link);
		want = expected ? 0 : mh[8 + i];
		if (!expected)
			mh[8 + i] = *(intptr_t *)mh[8 + i];
		break;
	case 6:
		result = estp_compare_store(&r[i], e, n, number, cpu);
		expected = expected ? expected : m[i] != e;
		if (!expected)
			m[i] = n;
		break;
	case 7:
		result = estp_compare_not_load(&r[8 + i], 0, j % 2 * 8, &got, number, cpu);
		expected = expected ? expected : !m[8 + i] ? 1 : readable(m[8 + i]) ? 0 : -EFAULT;
		got = to_model(got);
		if (!expected) {
			want = m[8 + i];
			m[8 + i] = *(intptr_t *)(want + j % 2 * 8);
		}
		break;
	case 8:
		result = estp_compare_store_store(&r[i], e, &r[j], e2, n, number, cpu);
		expected = expected ? expected : m[i] != e;
		if (!expected) {
			m[j] = e2;
			m[i] = n;
		}
		break;
	case 9:
		result = estp_compare2_store(&r[i], e, &r[j], e2, n, number, cpu);
		expected = expected ? expected : m[i] != e || m[j] != e2;
		if (!expected)
			m[i] = n;
		break;
	case 10:
		result = estp_compare_copy_store(&r[i], e, (u8 *)&r[25] + e2, source, len, n, number,
						 cpu);
		expected = expected ? expected : m[i] != e;
		if (!expected) {
			memcpy((u8 *)&m[25] + e2, source, len);
			m[i] = n;
		}
		break;
	default:
		expected = result = 0;
		pin(any(cpus));
		got = estp_cpu_number(cpu);
		want = sched_getcpu();
	}
	results[what][result == 0 ? 0 : result == 1 ? 1 : 2]++;
	if (result == expected && got == want && same())
		return true;
	diag("operation %u: result %d, should be %d; loaded %#lx, should be %#lx; memory %s", what,
	     result, expected, got, want, same() ? "same" : "differs");
	return false;
}

void test(void)
{
	static const char kinds[12] = { 1, 5, 1, 5, 1, 3, 7, 7, 7, 7, 7, 1 };
	unsigned int round = 0, i, k;
	bool right = true, all = true;

	need_estp();
	need_cpus(2);
	cpus = cpus_nr();
	must(!estp_cpu(&cpu));
	real = estp_percpu_alloc(sizeof(words), 0);
	model = calloc(cpus, sizeof(words));
	must(real && model);
	pin(0);
	for (round = 0; round < ROUNDS && right; round++) {
		if (round % 16 == 0)
			reset();
		right = one();
	}
	final(ok(right, "%u operations as their pseudo-C says", round));
	for (i = 0; i < 12; i++)
		for (k = 0; k < 3; k++)
			all = all && (results[i][k] > 100 || !(kinds[i] >> k & 1));
	ok(all, "all results that there are were among them");
}
