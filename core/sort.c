// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Match order, and the sort that brings it about: heap sort, because it needs no
 * memory, no recursion, and has no bad input.
 */
#include "core.h"

static void sift(const struct estp_heap *heap, u32 root, u32 nr)
{
	for (;;) {
		u32 child = 2 * root + 1;

		if (child >= nr)
			return;
		if (child + 1 < nr && heap->before(heap->base, child, child + 1))
			child++;
		if (!heap->before(heap->base, root, child))
			return;
		heap->exchange(heap->base, root, child);
		root = child;
	}
}

static bool in_order(const struct estp_heap *heap, u32 nr)
{
	u32 i;

	for (i = 1; i < nr; i++) {
		if (heap->before(heap->base, i, i - 1))
			return false;
		estp_relax(i);
	}
	return true;
}

void estp_heap_sort(const struct estp_heap *heap, u32 nr)
{
	u32 i;

	/* Linkers and assemblers mostly deliver tables in order. */
	if (nr < 2 || in_order(heap, nr))
		return;
	for (i = nr / 2; i-- > 0;) {
		sift(heap, i, nr);
		estp_relax(i);
	}
	for (i = nr - 1; i > 0; i--) {
		heap->exchange(heap->base, 0, i);
		sift(heap, 0, i);
		estp_relax(i);
	}
}

static bool item_before(const void *base, u32 ia, u32 ib)
{
	const struct estp_sequence *a = &((const struct estp_item *)base)[ia].seq;
	const struct estp_sequence *b = &((const struct estp_item *)base)[ib].seq;
	u32 run_a = estp_run(a->selector, a->layout);
	u32 run_b = estp_run(b->selector, b->layout);

	if (run_a != run_b)
		return run_a < run_b;
	if (a->start != b->start)
		return a->start < b->start;
	if (a->length != b->length)
		return a->length < b->length;
	return a->response < b->response;
}

static void item_swap(void *base, u32 ia, u32 ib)
{
	struct estp_item *item = base;
	struct estp_item tmp = item[ia];

	item[ia] = item[ib];
	item[ib] = tmp;
}

void estp_sort(struct estp_item *item, u32 nr)
{
	const struct estp_heap heap = {
		.base = item, .before = item_before, .exchange = item_swap,
	};

	estp_heap_sort(&heap, nr);
}
