/* SPDX-License-Identifier: MIT */
/*
 * Random sequences over a few pages of code, and the comparison of a set with the
 * model wherever something could begin or end.
 */
#ifndef ESTP_TEST_SHAPE_H
#define ESTP_TEST_SHAPE_H

#include <string.h>
#include "host.h"
#include "model.h"
#include "registrar.h"
#include "tap.h"

/* Code that sequences are made for: as pages one after the other. */
struct arena {
	u64 addr;
	u32 page_size, pages, align;
	u32 span_max;		/* bytes */
	u32 far_one_in;		/* responses on another page: one in so many */
};

static inline u64 arena_bytes(const struct arena *a)
{
	return (u64)a->page_size * a->pages;
}

static inline u64 round_to(const struct arena *a, u64 value)
{
	return value & ~(u64)(a->align - 1);
}

/* Lengths of all orders of magnitude. */
static inline u32 random_length(const struct arena *a, u64 max)
{
	u64 len = random_below(2ull << random_below(33)) % (max + 1);

	len = round_to(a, len);
	return len ? len : a->align;
}

/* The fields that go with a selector. */
static inline void random_fields(struct estp_sequence *seq)
{
	seq->clear_mask = seq->response_len = seq->flags = seq->causes = 0;
	if (seq->selector == ESTP_INTERRUPT) {
		seq->clear_mask = one_in(3) ? 0 : random_word();
		seq->flags = one_in(3);
		seq->response_len = 1 + random_below(one_in(8) ? 65535 : 64);
	}
	if (seq->selector == ESTP_FAULT)
		seq->causes = seq->layout == ESTP_LAYOUT_PAGE ? 15 : 1 + random_below(31);
}

static inline struct estp_sequence random_entry(const struct arena *a)
{
	u64 bytes = arena_bytes(a), off = round_to(a, random_below(bytes)), page, max;
	struct estp_sequence seq = {
		.selector = random_below(3),
		.layout = ESTP_LAYOUT_TABLE,
		.start = a->addr + off,
	};

	max = a->span_max < bytes - off ? a->span_max : bytes - off;
	seq.length = random_length(a, max);
	random_fields(&seq);
	page = off / a->page_size * a->page_size;
	if (one_in(a->far_one_in))
		seq.response = a->addr + round_to(a, random_below(bytes));
	else
		seq.response = a->addr + page + round_to(a, random_below(a->page_size));
	/* The response stays in the mapping, that is, the arena. */
	max = a->addr + bytes - seq.response;
	if (seq.response_len > max)
		seq.response_len = max;
	return seq;
}

/* A table of entries without the same key twice; returns how many. */
static inline u32 random_table(const struct arena *a, struct estp_sequence *seq, u32 nr)
{
	u32 i, k, n = 0;

	for (i = 0; i < nr; i++) {
		seq[n] = random_entry(a);
		for (k = 0; k < n && nr < 1000; k++)
			if (estp_same_key(&seq[k], &seq[n]))
				break;
		n += k == n || nr >= 1000;
	}
	if (nr < 1000)
		return n;

	/* Many: sorted, the same keys stand side by side. */
	struct estp_item *item = must_alloc(n * sizeof(*item));

	for (i = 0; i < n; i++)
		item[i] = (struct estp_item) { .seq = seq[i] };
	estp_sort(item, n);
	for (i = k = 0; i < n; i++)
		if (!k || !estp_same_key(&seq[k - 1], &item[i].seq))
			seq[k++] = item[i].seq;
	free(item);
	return k;
}

/* Descriptors of one page of the arena, in order, none twice; returns how many. */
static inline u32 random_page(const struct arena *a, u64 addr, struct estp_sequence *seq, u32 nr)
{
	const struct arena one = {
		.addr = addr, .page_size = a->page_size, .pages = 1, .align = a->align,
		.span_max = a->page_size, .far_one_in = 1,
	};
	struct estp_item item[ESTP_PAGE_COUNT_MAX];
	u32 i, n = 0;

	for (i = 0; i < nr; i++) {
		item[i] = (struct estp_item) { .seq = random_entry(&one) };
		item[i].seq.layout = ESTP_LAYOUT_PAGE;
		random_fields(&item[i].seq);
		if (item[i].seq.response_len > addr + a->page_size - item[i].seq.response)
			item[i].seq.response_len = 1;
	}
	estp_sort(item, nr);
	for (i = 0; i < nr; i++)
		if (!n || !estp_same_key(&seq[n - 1], &item[i].seq) ||
		    seq[n - 1].response != item[i].seq.response)
			seq[n++] = item[i].seq;
	return n;
}

/* Every kind of event at one pc. */
static inline bool compare_at(const struct registrar *r, const struct model *model, u64 pc)
{
	bool all = true;
	u32 kind;

	for (kind = 0; kind < 2 + ESTP_CAUSE_NR; kind++) {
		u8 selector = kind < 2 ? kind : 2, cause = kind < 2 ? 0 : kind - 2;
		const struct estp_sequence *want = model_match(model, pc, selector, cause);
		struct estp_match match;
		bool hit = registrar_event(r, pc, selector, cause, &match);

		all &= expect(model_agrees(want, hit, &match),
			      "pc %#llx, selector %u, cause %u: %s %#llx, not %#llx",
			      (unsigned long long)pc, selector, cause, hit ? "hit" : "miss",
			      hit ? (unsigned long long)match.response : 0,
			      want ? (unsigned long long)want->response : 0);
	}
	return all;
}

/* The nearest instructions to either side of where something begins or ends. */
static inline bool compare_near(const struct registrar *r, const struct model *model,
				const struct arena *a, u64 addr)
{
	return compare_at(r, model, addr - a->align) & compare_at(r, model, addr) &
	       compare_at(r, model, addr + a->align);
}

static inline void compare_boundaries(const struct registrar *r, const struct model *model,
				      const struct arena *a)
{
	u32 i;

	for (i = 0; i < model->nr; i++) {
		compare_near(r, model, a, model->seq[i].start);
		compare_near(r, model, a, model->seq[i].start + model->seq[i].length);
	}
	for (i = 0; i <= a->pages; i++)
		compare_near(r, model, a, a->addr + (u64)i * a->page_size);
}

static inline int by_all_fields(const void *x, const void *y)
{
	return memcmp(x, y, sizeof(struct estp_sequence));
}

/* Does the set hold exactly the model's sequences, with all their fields? */
static inline bool compare_lists(const struct registrar *r, const struct model *model)
{
	u32 nr = registrar_list(r, NULL, 0);
	struct estp_sequence *list;
	bool ok;

	if (!expect(nr == model->nr, "%u in the set, %u in the model", nr, model->nr))
		return false;
	list = must_alloc((nr + 1) * sizeof(*list));
	registrar_list(r, list, nr);
	qsort(list, nr, sizeof(*list), by_all_fields);
	if (nr)
		qsort(model->seq, nr, sizeof(*list), by_all_fields);
	ok = expect(!nr || !memcmp(list, model->seq, nr * sizeof(*list)), "a sequence differs");
	free(list);
	return ok;
}

#endif /* ESTP_TEST_SHAPE_H */
