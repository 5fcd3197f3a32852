// SPDX-License-Identifier: MIT
/*
 * Clauses: PAGE-4, TAB-7.
 * Claim: sorting brings sequences into match order and loses none; it costs one pass
 * when they are in order already, and has no bad input.
 * Method: against qsort() with the model's order, on inputs known to be bad for other
 * sorts; comparisons counted.
 */
#include <string.h>
#include "shape.h"

#define NR_MAX	4096u

static struct estp_item item[NR_MAX], by_libc[NR_MAX];

static int by_model(const void *x, const void *y)
{
	const struct estp_sequence *a = &((const struct estp_item *)x)->seq;
	const struct estp_sequence *b = &((const struct estp_item *)y)->seq;

	if (a->selector != b->selector)
		return a->selector < b->selector ? -1 : 1;
	return model_before(b, a) - model_before(a, b);
}

static u64 number(const char *shape, u32 i, u32 nr)
{
	switch (*shape) {
	case 'r':
		return shape[1] == 'a' ? random_word() >> random_below(60) : nr - i;
	case 's':
		return i;
	case 'e':
		return 7;
	case 'o':
		return i < nr / 2 ? i : nr - i;
	case 'f':
		return random_below(4);
	default:
		return i ^ 1;
	}
}

static void make(const char *shape, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		u64 n = number(shape, i, nr);

		/* wide stands for the item's identity */
		item[i] = (struct estp_item) { .wide = i + 1 };
		item[i].seq.start = n >> 4;
		item[i].seq.length = n >> 2 & 3;
		item[i].seq.response = n & 3;
		if (*shape == 'r' && shape[1] == 'a') {
			item[i].seq.selector = random_below(3);
			item[i].seq.layout = random_below(2);
		}
	}
}

static void sorted(const char *shape, u32 nr)
{
	static bool seen[NR_MAX + 1];
	u32 i;

	make(shape, nr);
	memcpy(by_libc, item, nr * sizeof(*item));
	qsort(by_libc, nr, sizeof(*by_libc), by_model);
	estp_sort(item, nr);
	memset(seen, 0, sizeof(seen));
	for (i = 0; i < nr; i++) {
		expect(!memcmp(&item[i].seq, &by_libc[i].seq, sizeof(item[i].seq)),
		       "%s, %u of %u", shape, i, nr);
		expect(!seen[item[i].wide], "%s: twice", shape);
		seen[item[i].wide] = true;
	}
	expect(true, "%s", shape);
}

/* ---- What it costs ---------------------------------------------------------------- */

static u64 compared, swapped;

static bool counted_before(const void *base, u32 a, u32 b)
{
	const u64 *value = base;

	compared++;
	return value[a] < value[b];
}

static void counted_swap(void *base, u32 a, u32 b)
{
	u64 *value = base, tmp = value[a];

	swapped++;
	value[a] = value[b];
	value[b] = tmp;
}

static void cost(const char *shape, u32 nr)
{
	static u64 value[NR_MAX];
	const struct estp_heap heap = {
		.base = value, .before = counted_before, .exchange = counted_swap,
	};
	u32 i, log = 1;

	while (1u << log < nr)
		log++;
	for (i = 0; i < nr; i++)
		value[i] = number(shape, i, nr);
	compared = swapped = 0;
	estp_heap_sort(&heap, nr);
	if (*shape == 's' || *shape == 'e')
		expect(compared <= nr && !swapped, "%s: %llu", shape, (unsigned long long)compared);
	expect(compared <= 2ull * nr * log + 2 * nr, "%s: %llu", shape,
	       (unsigned long long)compared);
	expect(swapped <= 1ull * nr * log + nr, "%s: %llu", shape, (unsigned long long)swapped);
}

int main(void)
{
	static const char *const shapes[] = {
		"random", "sorted", "reversed", "equal", "organ pipe", "few values", "neighbours",
	};
	u32 i, nr;

	random_start();
	for (i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		for (nr = 0; nr < 200; nr++)
			sorted(shapes[i], nr);
		sorted(shapes[i], NR_MAX);
		claim("%s: in match order, none lost", shapes[i]);
		for (nr = 1; nr <= NR_MAX; nr *= 2)
			cost(shapes[i], nr);
		claim("%s: at most n log n, n when sorted", shapes[i]);
	}
	return tap_done();
}
